"""Startup messages of TensorFlow and Keras are suppressed; relevant warnings are not."""

import os
import subprocess
import sys
import warnings

import keras
import keras_hub
import numpy as np
import pytest

import keras_embed as ke
from keras_embed import _backend

TEXTS = ["a calm sea", "a dull film", "the sea was calm"]


@pytest.mark.slow
def test_imports_write_nothing():
    code = "from keras_embed._backend import import_quietly; import_quietly('keras', 'tensorflow'); import keras_hub"
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert "I0000" not in done.stderr and done.stdout == ""


def test_an_import_that_fails_shows_what_it_wrote(tmp_path, monkeypatch, capfd):
    (tmp_path / "noisy_module.py").write_text("import os\nos.write(2, b'the reason')\nraise ImportError('no')\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ImportError, match="no"):
        _backend.import_quietly("noisy_module")
    assert "the reason" in capfd.readouterr().err
    os.write(2, b"and on")
    assert capfd.readouterr().err == "and on"


def test_shapes_may_differ_from_call_to_call(caplog):
    for length in range(1, 9):
        model = keras.Sequential([keras.layers.Dense(1)])
        assert _backend.predict_batch(model, np.ones((length, 2))).shape == (length, 1)
    assert "retracing" not in caplog.text


def test_variables_that_no_score_depends_on_are_no_cause_for_a_warning():
    tokenizer = ke.tokenizers.EncoderTokenizer.train(TEXTS, min_count=1, max_length=8)
    sizes = {"num_layers": 1, "num_heads": 1, "hidden_dim": 4, "intermediate_dim": 8, "max_sequence_length": 8}
    bert = keras_hub.models.BertBackbone(tokenizer.vocabulary_size(), **sizes)
    tags = [["A"] * len(text.split()) for text in TEXTS]
    tokens = [text.split() for text in TEXTS]
    preprocessor = ke.preprocessors.TaggerPreprocessor.from_corpus(tokens, tags, scheme=None, tokenizer=tokenizer)
    tagger = ke.Tagger(bert, preprocessor)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="Gradients do not exist")
        tagger.fit(tokens, tags, verbose=0)
    with (
        pytest.warns(UserWarning, match="Gradients do not exist for variables \\['a', 'b'\\]"),
        _backend.without_warning_of(["a"]),
    ):
        warnings.warn("Gradients do not exist for variables ['a', 'b'] when", stacklevel=1)
