"""Smallest setting of the benchmarks that train word vectors; the measured values are not meaningful."""

import gzip
import io
import lzma
import tarfile

import pytest

from benchmarks import literature, skipgram, vector_scores


@pytest.fixture
def tales(monkeypatch, tmp_path):
    """A folder of data in the shape of the real one, with 40 sentences, two pairs of words and two analogies."""
    for folder in ("english_classics", "fairytaleqa", "word_similarity_en", "google_analogies"):
        (tmp_path / folder).mkdir()
    text = "The king met his daughter. The queen met her son; the king had gold.\n\nThe son ran home. " * 10
    (tmp_path / "english_classics" / "a.txt.xz").write_bytes(lzma.compress(text.encode()))
    with tarfile.open(tmp_path / "fairytaleqa" / "fairytaleqa_by_split.tar.xz", "w:xz") as archive:
        for name, content in {
            "a-story.csv": "section,text\n1,Once a king ran.\n",
            "a-questions.csv": "no,thing\n",
        }.items():
            member = tarfile.TarInfo(f"split/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content.encode()))
    for file in vector_scores.SIMILARITY.values():
        (tmp_path / "word_similarity_en" / file).write_text("king queen 9.0\nking gold 2.0\nson daughter 8.0\n")
    questions = ": family\nking queen son daughter\nson daughter king queen\n"
    (tmp_path / "google_analogies" / vector_scores.ANALOGIES).write_bytes(gzip.compress(questions.encode()))
    monkeypatch.setenv("KERAS_EMBED_DATA", str(tmp_path))


def test_literature_is_read_as_sentences(tales):
    corpus = literature.english()
    assert corpus[0] == ["the", "king", "met", "his", "daughter"]
    assert corpus[-1] == ["once", "a", "king", "ran"]
    assert len(corpus) == 41
    assert literature.english(3) == corpus[:3]


def test_skipgram_times_both_engines(tales):
    rows = [{"backend": "jax", **row} for row in skipgram.measure(runs=1, epochs=1, workers=1)]
    assert [row["algorithm"] for row in rows] == ["skipgram", "cbow"]
    assert all(row["ratio"] == row["words_per_s"]["gensim"] / row["words_per_s"]["keras"] for row in rows)
    assert all(-1 <= score <= 1 for row in rows for score in row["ws353"].values())
    assert [line.split(" | ")[5] for line in skipgram.table(rows).splitlines()[2:]] == ["1.5x", ""]


def test_vectors_are_scored_beside_gensims(tales):
    rows = vector_scores.measure(seeds=(1, 2), epochs=1, dim=8, num_buckets=50)
    assert [(row["way"], row["side"]) for row in rows] == [
        (way, side)
        for way in vector_scores.WAYS
        for side in ("keras_embed", "gensim")
        if (way, side) != ("glove", "gensim")
    ]
    assert all(len(scores) == 2 for row in rows for scores in row["scores"].values())
    assert set(rows[0]["scores"]) == {"WS-353", "MEN", "SimLex", "analogies"}
    assert "fasttext" in vector_scores.table(rows)
