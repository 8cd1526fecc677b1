"""The commands say what the tasks say, from every form of a model and every source of texts."""

import io
import json
import sys

import command_world
import keras
import numpy as np
import pytest
from command_world import pieces_preset

import keras_embed as ke
from keras_embed.cli import main

TEXTS = ["Ada Byron lives in Rome .", "", "nobody came"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("answers")


@pytest.fixture(scope="module")
def tasks(folder):
    """Exports only on TensorFlow: those from other backends are the subject of tests/serving."""
    keras.utils.set_random_seed(5)
    return command_world.fill(folder, exports=keras.config.backend() == "tensorflow")


@pytest.fixture
def run(tasks, folder, monkeypatch, capsys):
    """Runs a command line in the folder, with standard input; gives its lines."""
    monkeypatch.chdir(folder)

    def lines(*words, stdin=""):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        status = main(list(words))
        out, err = capsys.readouterr()
        assert status == 0, err
        return out.splitlines()

    return lines


def models(name):
    return [f"{name}.keras", f"exported/{name}/1"] if keras.config.backend() == "tensorflow" else [f"{name}.keras"]


def test_tag(run, tasks):
    expected = tasks["ner"].tag(TEXTS)
    for model in models("ner"):
        found = [json.loads(line) for line in run("tag", model, "--json", stdin="\n".join(TEXTS))]
        assert [record["text"] for record in found] == TEXTS
        assert [record["tags"] for record in found] == [list(tagged.tags) for tagged in expected]
        scores = [score for record in found for score in record["scores"]]
        np.testing.assert_allclose(scores, [s for tagged in expected for s in tagged.scores], atol=2e-5)
        assert [len(record["spans"]) for record in found] == [len(tagged.spans) for tagged in expected]
    assert run("tag", "ner.keras", "--input", "sentences.txt", "--json") == run("tag", "ner.keras", *TEXTS, "--json")
    columns = [f"{token}\t{tag}" for token, tag in zip(expected[2].tokens, expected[2].tags, strict=True)]
    assert run("tag", "ner.keras", "--conll", TEXTS[2]) == [*columns, ""]
    assert len(run("tag", "ner.keras", *TEXTS)) == 3


def test_classify(run, tasks):
    texts = ["a fine film", "so dull a film"]
    expected = tasks["reviews"].classify(texts)
    for model in models("reviews"):
        found = [json.loads(line) for line in run("classify", model, "--json", "--input", "texts.txt")]
        assert [record["label"] for record in found] == [answer.label for answer in expected]
        for record, answer in zip(found, expected, strict=True):
            np.testing.assert_allclose(record["probabilities"]["bad"], answer.probabilities["bad"], atol=2e-5)
    [line] = run("classify", "reviews.keras", texts[0])
    assert line == f"{expected[0].label} {expected[0].probability:.2f}\t{texts[0]}"


def test_translate(run, tasks):
    texts = ["der hund schläft", "ein mann"]
    expected = tasks["de-en"].translate(texts, max_length=3, n_best=2)
    record = json.loads(run("translate", "de-en.keras", "--n-best", "2", "--max-length", "3", texts[0], "--json")[0])
    assert record["source"] == texts[0] and record["translation"] == expected[0].text
    assert [one["text"] for one in record["hypotheses"]] == [one.text for one in expected[0].hypotheses]
    lines = run("translate", "de-en.keras", "--max-length", "3", "--n-best", "2", "-i", "german.txt")
    assert len(lines) == 4 and lines[2].endswith(f"\t{expected[1].text}")
    if keras.config.backend() == "tensorflow":
        own = [found.text for found in tasks["de-en"].translate(texts)]
        assert run("translate", "exported/de-en", "-i", "german.txt") == own


def test_a_model_of_another_kind_is_named(tasks, folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    assert main(["tag", "reviews.keras", "a"]) == 1
    assert "saved Tagger. Received: TextClassifier. Try keras-embed classify." in capsys.readouterr().err


def test_export_goes_into_no_folder_with_other_things(tasks, folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    assert main(["export", "ner.keras", "."]) == 1
    assert "which has other content" in capsys.readouterr().err
    assert (folder / "ner.keras").is_file()


def test_embed_with_static_vectors(run, folder):
    assert run("embed", "-", "v.npy", "--vectors", "vectors.txt", stdin="king queen\nnobody\n") == []
    np.testing.assert_allclose(np.load(folder / "v.npy"), [[0.55, 0.9, 0.6], [0, 0, 0]], rtol=1e-6)
    index = [json.loads(line) for line in (folder / "v.jsonl").read_text().splitlines()]
    assert index == [{"text": "king queen", "row": 0, "num_words": 2}, {"text": "nobody", "row": 1, "num_words": 0}]


def test_embed_with_a_tagger(run, tasks, folder):
    run("embed", "sentences.txt", "w.npy", "--encoder", "ner.keras", "--words")
    run("embed", "sentences.txt", "t.npy", "--encoder", "ner.keras", "--batch-size", "1")
    words, texts = np.load(folder / "w.npy"), np.load(folder / "t.npy")
    index = [json.loads(line) for line in (folder / "w.jsonl").read_text().splitlines()]
    assert [record["words"] for record in index] == [text.split() for text in TEXTS]
    assert words.shape == (8, 16) and texts.shape == (3, 16)
    for row, record in enumerate(index):
        rows = words[record["first_row"] : record["first_row"] + record["num_rows"]]
        np.testing.assert_allclose(texts[row], rows.mean(0) if len(rows) else np.zeros(16), atol=1e-5)


@pytest.mark.skipif(keras.config.backend() != "tensorflow", reason="tests/backbones runs ELMo on every backend")
def test_embed_with_elmo(run, folder):
    run("embed", "sentences.txt", "e.npy", "--elmo", "elmo_tiny_en", "--words", "--layer", "top", "--split", "blanks")
    elmo = ke.backbones.ElmoBackbone.from_preset("elmo_tiny_en")
    outputs = elmo.predict_on_batch(ke.text.elmo_features([TEXTS[0].split()]))["sequence_output"]
    np.testing.assert_allclose(np.load(folder / "e.npy")[:6], np.asarray(outputs)[0], atol=2e-4)


def test_embed_with_an_encoder_of_keras_hub(run, folder, tmp_path):
    backbone, tokenizer = pieces_preset(tmp_path)
    run("embed", "texts.txt", "b.npy", "--encoder", str(tmp_path), "--words")
    features = tokenizer.encode(tokenizer.tokenize(["a fine film"]))
    inputs = {name: np.asarray(features[name]) for name in backbone.input}
    sequence = np.asarray(backbone.predict_on_batch(inputs)["sequence_output"])[0]
    positions = np.asarray(features["word_positions"])[0, :3]
    np.testing.assert_allclose(np.load(folder / "b.npy")[:3], sequence[positions], atol=1e-5)


def test_a_failed_embed_leaves_what_was_there(run, folder, tmp_path, monkeypatch):
    run("embed", "texts.txt", "kept.npy", "--vectors", "vectors.txt")
    before = (folder / "kept.npy").read_bytes()
    (folder / "broken.txt").write_bytes(b"king\n\xff\n")
    assert main(["embed", "broken.txt", "kept.npy", "--vectors", "vectors.txt", "--batch-size", "1"]) == 1
    assert (folder / "kept.npy").read_bytes() == before and not list(folder.glob(".*.part"))


def test_vectors(run, folder):
    expected = ke.vectors.load(folder / "vectors.txt").most_similar(["king"], top=2)
    record = json.loads(run("vectors", "similar", "vectors.txt", "--top", "2", "king", "--json")[0])
    assert [(one["word"], one["score"]) for one in record["answers"]] == [(w, round(float(s), 6)) for w, s in expected]
    lines = run("vectors", "similar", "vectors.txt", "--json", stdin="king\n\nqueen\n")
    assert [json.loads(line)["words"] for line in lines] == [["king"], ["queen"]]
    assert run("vectors", "analogy", "vectors.txt", "man", "king", "woman")[0].endswith("\tqueen")
    for name in ("small.bin", "small.vec.gz", "small"):
        run("vectors", "convert", "vectors.txt", f"out/{name}")
        again = ke.vectors.load(folder / "out" / name)
        np.testing.assert_array_equal(again.matrix[:], ke.vectors.load(folder / "vectors.txt").matrix)
    run("vectors", "convert", "vectors.txt", "glove.txt", "--to", "glove", "--limit", "2")
    assert (folder / "glove.txt").read_text().split("\n", 1)[0] == "king 1 0.9 0.1"


def test_registries(run):
    names = [json.loads(line)["name"] for line in run("corpora", "list", "--json")]
    assert names == ke.corpora.names()
    [path] = run("corpora", "download", "tiny_ner", "--split", "dev")
    assert path.endswith("tiny_ner.dev.conll")
    presets = [json.loads(line)["name"] for line in run("presets", "list", "--json")]
    assert {"elmo_tiny_en", "elmo_original_en"} <= set(presets)
    assert run("presets", "download", "elmo_tiny_ru")[0].endswith("elmo_tiny_ru")
