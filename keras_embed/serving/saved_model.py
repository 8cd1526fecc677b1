"""Strings in, answers out, in one SavedModel that needs nothing but TensorFlow."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import keras

from keras_embed._backend import graph_function, tf
from keras_embed._checks import message

#: Symbols of the dynamic axes of each feature, for JAX.
_AXES = {"char_ids": ("batch", "words", "characters"), "subword_ids": ("batch", "time", "subwords")}


def export_tagger(tagger: Any, path: Any) -> None:
    """Writes a tagger as a SavedModel: words split, features made, tags decoded and spans scored in the graph.

    Loading it takes TensorFlow alone (and TensorFlow Text, where the tagger's own tokenizer needs it). It has two
    signatures, with equal outputs; see `preprocessors.TaggerPreprocessor.postprocess` for these.

        serving_default: `text` (B,) string.
        tokens: `tokens` (N,) string, the words of all sentences in a row; `row_lengths` (B,) int64.

    Batch and length are dynamic. From TensorFlow and JAX it is written directly; from PyTorch, by another process that
    loads the saved tagger under TensorFlow.

    Args:
        tagger: `tasks.Tagger` with a preprocessor.
        path: folder to make. It appears when it is complete, and then replaces what stood there; where writing fails,
            what stood there is untouched.

    Raises:
        ValueError: for a tagger without preprocessor.
        OSError: where the folder cannot be written, with the reason.
    """
    if tagger.preprocessor is None:
        raise ValueError(message("a tagger with a preprocessor", "preprocessor=None", "Tagger(..., preprocessor=...)"))
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
            written = Path(folder) / "saved_model"
            if keras.config.backend() == "torch":
                _export_elsewhere(tagger, written)
            else:
                _write(tagger, written)
            _replace(written, path)
    except (OSError, tf.errors.OpError) as error:
        reason = getattr(error, "message", None) or getattr(error, "strerror", None) or error
        expected = f"to write a SavedModel to {path}"
        raise OSError(
            message(expected, f"{reason}", "a folder with enough free space") + " What stood there before is untouched."
        ) from error


def _replace(new: Path, path: Path) -> None:
    if path.exists():
        old = new.parent / "replaced"
        os.replace(path, old)
    os.replace(new, path)


def _write(tagger: Any, path: Path) -> None:
    preprocessor = tagger.preprocessor
    decoder = tagger.decoder()
    axes = {
        name: "(" + ", ".join(_AXES.get(name, ("batch", "time"))[: len(tensor.shape)]) + ")"
        for name, tensor in tagger.input.items()
    }
    for name, tensor in tagger.input.items():
        if len(tensor.shape) == 3:  # the width of a character table is fixed by its tokenizer
            axes[name] = axes[name].replace("characters", str(preprocessor.tokenizer.max_characters))
    decode, held = graph_function(decoder, axes)

    module = tf.Module()
    module.model = held
    module.table = preprocessor.tokenizer.vocabulary.table
    subwords = preprocessor.tokenizer.subwords
    module.subword_table = None if subwords is None else subwords.table

    def tag_tokens(tokens: Any) -> dict[str, Any]:
        features = preprocessor.tokenizer.encode(tokens)
        features = {name: features[name] for name in axes}
        return preprocessor.postprocess(tokens, decode(features))

    @tf.function(autograph=False, input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def serving_default(text: Any) -> dict[str, Any]:
        return tag_tokens(preprocessor.tokenizer.tokenize(text))

    @tf.function(
        autograph=False,
        input_signature=[
            tf.TensorSpec([None], tf.string, name="tokens"),
            tf.TensorSpec([None], tf.int64, name="row_lengths"),
        ],
    )
    def tokens(tokens: Any, row_lengths: Any) -> dict[str, Any]:
        return tag_tokens(tf.RaggedTensor.from_row_lengths(tokens, row_lengths))

    module.splitter = getattr(preprocessor.tokenizer, "splitter", None)
    tf.saved_model.save(module, str(path), signatures={"serving_default": serving_default, "tokens": tokens})


_ELSEWHERE = """
import sys, keras, keras_embed.tasks
from keras_embed.serving import export_tagger
export_tagger(keras.saving.load_model(sys.argv[1], compile=False), sys.argv[2])
"""


def _export_elsewhere(tagger: Any, path: Path) -> None:
    """By a process that has the TensorFlow backend."""
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder) / "tagger.keras"
        tagger.save(saved)
        environment = {**os.environ, "KERAS_BACKEND": "tensorflow", "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(
            [sys.executable, "-c", _ELSEWHERE, str(saved), str(path)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode != 0:
        shutil.rmtree(path, ignore_errors=True)
        raise OSError(None, f"the export under TensorFlow failed: {done.stderr.strip()[-2000:]}")
