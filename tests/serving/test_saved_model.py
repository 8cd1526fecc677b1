"""The exported SavedModel, loaded by a process that imports only TensorFlow."""

import json
import os
import subprocess
import sys

import keras
import pytest
from small_tagger import WORDS, make_tagger, trained_tagger

import keras_embed as ke
from keras_embed._backend import tf
from keras_embed.serving import saved_model

TEXTS = ["Ada Byron lives in Rome.", "", "Nobody met Bob or " + "x" * 10_000, "Ада\0 Rome"]

CLIENT = """
import json, sys
import tensorflow as tf
loaded = tf.saved_model.load(sys.argv[1])
texts, words = json.loads(sys.stdin.read())
def plain(answer):
    return {k: [[x.decode() if isinstance(x, bytes) else x for x in row] if isinstance(row, list) else row
                for row in v.numpy().tolist()] for k, v in answer.items()}
by_text = loaded.signatures["serving_default"](text=tf.constant(texts))
by_words = loaded.signatures["tokens"](
    tokens=tf.constant([w for row in words for w in row]), row_lengths=tf.constant([len(r) for r in words], tf.int64))
print(json.dumps([plain(by_text), plain(by_words), sorted(m for m in sys.modules if m.startswith("keras_")),
                  sorted(loaded.signatures)]))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("served") / "ner" / "1"
    trained_tagger().export(path)
    return path


def run(*command, text=None):
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1"}
    done = subprocess.run(command, input=text, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def assert_same(answer, tagged):
    for b, sentence in enumerate(tagged):
        count = answer["lengths"][b]
        assert tuple(answer["tokens"][b][:count]) == sentence.tokens
        assert tuple(answer["tags"][b][:count]) == sentence.tags
        assert answer["token_scores"][b][:count] == pytest.approx(sentence.scores, abs=1e-5)
        spans = zip(
            *(answer[f"span_{name}"][b] for name in ("starts", "ends", "types")), answer["span_scores"][b], strict=True
        )
        spans = [span for span in spans if span[0] >= 0]
        assert [span[:3] for span in spans] == [(s.start, s.end, s.type) for s in sentence.spans]
        assert [span[3] for span in spans] == pytest.approx([s.score for s in sentence.spans], abs=1e-5)


def test_another_process_gives_equal_answers_from_strings_and_from_words(folder):
    by_text, by_words, ours, signatures = json.loads(
        run(sys.executable, "-c", CLIENT, str(folder), text=json.dumps([TEXTS, [*WORDS[:4], []]]))
    )
    assert signatures == ["serving_default", "tokens"]
    assert not ours, f"the client imported {ours}"
    assert_same(by_text, trained_tagger().tag(TEXTS))
    assert_same(by_words, trained_tagger().tag([*WORDS[:4], []]))


@pytest.mark.slow
def test_the_command_line_client_shows_and_runs_it(folder):
    cli = os.path.join(os.path.dirname(sys.executable), "saved_model_cli")
    shown = run(cli, "show", "--dir", str(folder), "--tag_set", "serve", "--signature_def", "serving_default")
    assert "inputs['text']" in shown and "outputs['span_types']" in shown
    expression = "text=['Ada lives in Rome.']"
    answer = run(
        cli, "run", "--dir", str(folder), "--tag_set", "serve", "--signature_def", "serving_default",
        "--input_exprs", expression,
    )  # fmt: skip
    assert "B-LOC" in answer


def test_a_failed_export_leaves_what_stood_there(folder, tmp_path, monkeypatch):
    path = tmp_path / "1"
    path.mkdir()
    (path / "precious").write_text("kept")

    def full_disk(tagger, written, *code):
        written.mkdir()
        (written / "half").write_text("x")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(saved_model, "_write", full_disk)
    monkeypatch.setattr(saved_model, "under_tensorflow", full_disk)
    with pytest.raises(OSError, match="Expected to write a SavedModel to .*No space left on device.*left unchanged"):
        trained_tagger().export(path)
    assert [p.name for p in tmp_path.iterdir()] == ["1"]
    assert (path / "precious").read_text() == "kept"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_a_really_full_disk_is_reported(tmp_path, monkeypatch):
    def to_full_disk(tagger, written, *code):
        with open("/dev/full", "w") as file:
            file.write("x" * 100_000)

    monkeypatch.setattr(saved_model, "_write", to_full_disk)
    monkeypatch.setattr(saved_model, "under_tensorflow", to_full_disk)
    with pytest.raises(OSError, match="No space left"):
        trained_tagger().export(tmp_path / "1")
    assert not list(tmp_path.iterdir())


def test_an_export_replaces_the_one_before(folder, tmp_path):
    if keras.config.backend() == "torch":
        pytest.skip("the way through another process is slow, and the replacing is the same")
    path = tmp_path / "1"
    path.mkdir()
    (path / "stale").write_text("old")
    trained_tagger().export(path)
    assert (path / "saved_model.pb").exists() and not (path / "stale").exists()


@pytest.mark.slow
def test_a_tokenizer_of_tensorflow_text_goes_along(tmp_path):
    tensorflow_text = pytest.importorskip("tensorflow_text", reason="needs the optional tensorflow_text")
    tagger = make_tagger(splitter=tensorflow_text.UnicodeScriptTokenizer())
    tagger.export(tmp_path / "1")
    served = tf.saved_model.load(str(tmp_path / "1")).signatures["serving_default"]
    answer = {name: value.numpy() for name, value in served(text=tf.constant(["Ada, Rome."])).items()}
    [expected] = tagger.tag(["Ada, Rome."])
    assert expected.tokens == ("Ada", ",", "Rome", ".")
    assert [tag.decode() for tag in answer["tags"][0]] == list(expected.tags)
    assert answer["token_scores"][0] == pytest.approx(expected.scores, abs=1e-5)


def test_only_a_tagger_with_a_preprocessor_can_be_served(tmp_path):
    bare = ke.Tagger(trained_tagger().backbone, num_tags=5)
    with pytest.raises(ValueError, match="Expected a tagger with a preprocessor"):
        bare.export(tmp_path / "1")
