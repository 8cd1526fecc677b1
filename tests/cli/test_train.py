"""`keras-embed train`: from files to a saved model that has learnt them."""

import json

import command_world
import keras
import pytest
import small_translator

import keras_embed as ke
from keras_embed.cli import main

ONE_BACKEND = pytest.mark.skipif(keras.config.backend() != "tensorflow", reason="tests/tasks trains on every backend")


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Trains in a folder with the files; gives what it answers."""
    command_world.texts(tmp_path)
    monkeypatch.chdir(tmp_path)

    def answer(*words):
        assert main(["train", *words, "--quiet", "--json"]) == 0, capsys.readouterr().err
        return json.loads(capsys.readouterr().out)

    return answer


def test_classifier(run):
    record = run("classifier", "--train", "reviews.tsv", "--dev", "reviews-dev.tsv", "-o", "new/reviews.keras")
    assert record["model"] == "new/reviews.keras" and record["scores"]["dev accuracy"] == 1.0
    classifier = keras.saving.load_model("new/reviews.keras", compile=False)
    assert classifier.predict(["fine acting and a fine script", "the cat sat"]) == ["good", "pets"]


@pytest.mark.parametrize("output", ["reviews.tsv/a.keras", "a.keras"])
def test_what_cannot_be_saved_is_not_trained(output, tmp_path, monkeypatch, capsys):
    command_world.texts(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(ke.TextClassifier, "fit", lambda *arguments, **more: pytest.fail("it trains"))
    (tmp_path / "a.keras").mkdir()
    assert main(["train", "classifier", "--train", "reviews.tsv", "-o", output]) == 1
    assert "error: Expected" in capsys.readouterr().err


def test_classifier_of_a_table_with_a_header_and_of_several_labels(run):
    columns = ("--text", "review", "--label", "stars")
    run("classifier", "--train", "reviews.csv", *columns, "-o", "a.keras", "--epochs", "1", "--model", "average")
    assert keras.saving.load_model("a.keras", compile=False).preprocessor.classes == ("bad", "good", "pets")
    run("classifier", "--train", "topics.tsv", "--label-separator", ",", "-o", "b.keras", "--epochs", "1")
    assert keras.saving.load_model("b.keras", compile=False).multi_label


@pytest.mark.slow
@ONE_BACKEND
def test_tagger(run):
    files = ("--train", "train.conll", "--dev", "dev.conll", "--vectors", "vectors.txt")
    size = ("--hidden-dim", "8", "--epochs", "8", "--learning-rate", "0.05", "--batch-size", "16")
    record = run("tagger", *files, *size, "-o", "ner.keras")
    assert record["scores"]["dev entity_f1"] > 0.9
    assert keras.saving.load_model("ner.keras", compile=False).tag(["Ada Byron lives in Rome ."])[0].spans


@pytest.mark.slow
@ONE_BACKEND
def test_translator(run):
    size = ("--dim", "16", "--layers", "1", "--pieces", "words", "--epochs", "25", "--learning-rate", "0.01")
    record = run("translator", "--train", "pairs.tsv", "--dev", "pairs.tsv", *size, "-o", "de-en.keras")
    pairs = small_translator.PAIRS
    words = sum(len(target.split()) + 1 for _, target in pairs)  # and where it ends
    by_heart = len(pairs) ** (len(pairs) / words)  # of what knows all translations, but does not read the source
    assert 1 <= record["scores"]["dev perplexity"] < by_heart
    assert isinstance(keras.saving.load_model("de-en.keras", compile=False), ke.Translator)
