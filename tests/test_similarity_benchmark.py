"""Smallest setting of the similarity benchmark; the measured values are not meaningful."""

import csv
import gzip
import io
import lzma
import tarfile

import pytest

from benchmarks import similarity

ROWS = [
    ("A plane is taking off.", "An air plane is taking off.", 5.0),
    ("A man, in red, plays.", "A man plays.", 3.8),
    ("The dog runs home.", "A plane is taking off.", 0.2),
    ("The dog runs.", "The dogs run home.", 4.0),
    ("It's late.", "The man plays.", 0.0),
    ("A dog plays.", "The dog is playing.", 4.2),
] * 3
RECIPE = {"fixed": False, "hidden_dim": 2, "dropout": 0.1, "rate": 1e-3, "epochs": 1}


@pytest.fixture
def folder(monkeypatch, tmp_path):
    """Data in the shape of the real ones."""
    for name in ("english_classics", "fairytaleqa", "stsb_multi_mt"):
        (tmp_path / name).mkdir()
    (tmp_path / "english_classics" / "a.txt.xz").write_bytes(lzma.compress(b"The dog runs home. The man plays. " * 9))
    with tarfile.open(tmp_path / "fairytaleqa" / "fairytaleqa_by_split.tar.xz", "w:xz"):
        pass
    for part in ("train", "dev"):
        lines = io.StringIO()
        csv.writer(lines).writerows(ROWS)
        path = tmp_path / "stsb_multi_mt" / f"stsb-en-{part}.csv.gz"
        path.write_bytes(gzip.compress(lines.getvalue().encode()))
    monkeypatch.setenv("KERAS_EMBED_DATA", str(tmp_path))


def test_pairs_are_read_with_their_commas_and_cut_into_words(folder):
    pairs, scores = similarity.read("train")
    assert pairs[1] == ("A man, in red, plays.", "A man plays.") and scores[:3] == [5.0, 3.8, 0.2]
    assert similarity.words("It's late, 7-up!") == ["it's", "late", "7-up"]
    assert similarity.corpus(pairs[:1])[-2:] == [
        ["a", "plane", "is", "taking", "off"],
        ["an", "air", "plane", "is", "taking", "off"],
    ]


def test_the_part_that_chooses_shares_no_sentence_with_the_rest(folder):
    pairs = [(f"a{number}", f"b{number // 2}") for number in range(40)]
    kept, chosen = similarity.held_out(pairs)
    assert len(chosen) == 4 and len(kept) >= 40 - 8
    assert not {text for row in kept for text in pairs[row]} & {text for row in chosen for text in pairs[row]}


def test_correlations_of_equal_scores_are_one():
    assert similarity.correlations([1.0, 2.0, 4.0], [1, 2, 4]) == pytest.approx({"pearson": 1, "spearman": 1})


@pytest.mark.matrix
@pytest.mark.slow
def test_every_way_scores_the_dev_part(folder):
    settings = {"dim": 4, "epochs": 1, "min_count": 1}
    rows = similarity.measure(list(similarity.KINDS), recipes={"small": RECIPE}, vectors=settings)
    assert [row["kind"] for row in rows] == list(similarity.KINDS)
    assert rows[0]["pearson"] > 0.5
    assert rows[-1]["recipe"]["name"] == "small" and set(rows[-1]["chosen_by"]) == {"small"}
    assert "ESIMBackbone" in similarity.table(rows)
