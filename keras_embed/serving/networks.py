"""The network of a task alone, from features to scores, for runtimes without TensorFlow: ONNX and LiteRT."""

import functools
import importlib
import json
import re
from pathlib import Path
from typing import Any

import keras

from keras_embed._errors import check_one_of, message
from keras_embed.functional import linear_chain
from keras_embed.serving.saved_model import in_place, under_tensorflow
from keras_embed.tasks import PairClassifier, SpanQA, Tagger, TextClassifier

_SUFFIXES = {"onnx": ".onnx", "litert": ".tflite"}
_FLEX = re.compile(rb"Flex[A-Z]\w+")
_CODE = """
import json
from keras_embed.serving.networks import export_network
export_network(task, path, **json.loads(argument))
"""


def export_network(
    task: Any, path: Any, format: str = "onnx", batch_size: int | None = None, length: int | None = None
) -> None:
    """Writes what a task computes between features and answers as one file for ONNX Runtime or LiteRT.

    Strings stay outside: the client makes the features, `task.preprocessor` shows how, and names the answers. Inputs
    are called as the features are. Outputs are called

        TextClassifier: `logits` (B, K).
        PairClassifier: `logits` (B, K); `scores` (B, 1) where pairs have scores.
        SpanQA: `logits` (B, 2, T), of starts and of ends.
        Tagger: `emissions` (B, T, K), `transitions` (K, K), `start` (K,) and `end` (K,); the tags are the path with
            the greatest sum of these, for independent tags the greatest emission.

    and as in the Keras model for other tasks. It is written under TensorFlow; from JAX and PyTorch, by another process
    that loads the saved task there.

    Args:
        task: any of `keras_embed.tasks`, with or without a preprocessor.
        path: the file, which ends in ".onnx" or ".tflite". What stood there is replaced once the new one is complete.
        format: "onnx", or "litert", which was called TensorFlow Lite.
        batch_size: rows in every batch; `None`: any number.
        length: steps of every row, and of all else that is open, as distinct words; `None`: any number. Recurrent
            layers run in LiteRT only where `batch_size` and `length` are given.

    Raises:
        ValueError: for another ending or format; for LiteRT, where the file would need TensorFlow's own operations.
        ImportError: for ONNX, where tf2onnx is not installed.
        OSError: where the file cannot be written, or the other process fails, with the reason.

    Example:
    >>> import keras_embed as ke
    >>> backbone = ke.backbones.TransformerBackbone([ke.layers.WordEmbedding(9, 4)], 1, num_heads=2, hidden_dim=4)
    >>> classifier = ke.tasks.TextClassifier(backbone, num_classes=2)
    >>> export_network(classifier, "classifier.tflite", format="litert")
    """
    check_one_of("format", format, list(_SUFFIXES))
    path = Path(path)
    if path.suffix != _SUFFIXES[format]:
        raise ValueError(message(f"a file that ends in {_SUFFIXES[format]}", str(path)))
    if format == "onnx":
        _find_converter()
    with in_place(path, "a network") as written:
        if keras.config.backend() == "tensorflow":
            _write(task, written, format, batch_size, length)
        else:
            arguments = {"format": format, "batch_size": batch_size, "length": length}
            under_tensorflow(task, written, _CODE, json.dumps(arguments))


def _write(task: Any, path: Path, format: str, batch_size: int | None, length: int | None) -> None:
    model = keras.Model(task.input, network_outputs(task))
    signature = {name: _spec(name, tensor, batch_size, length) for name, tensor in task.input.items()}
    model.export(str(path), format=format, verbose=False, input_signature=[signature])
    if format == "onnx":
        _name_axes(path)
    elif missing := sorted({name.decode() for name in _FLEX.findall(path.read_bytes())}):
        raise ValueError(message("a network of LiteRT's own operations", missing, "batch_size=1 and length=128"))


def _spec(name: str, tensor: Any, batch_size: int | None, length: int | None) -> Any:
    batch, *others = tensor.shape
    shape = (batch_size, *(length if size is None else size for size in others))
    return keras.InputSpec(shape=shape, dtype=tensor.dtype, name=name)


@functools.singledispatch
def network_outputs(task: Any) -> dict[str, Any]:
    """Name -> symbolic output of what is exported of a task."""
    return task.output if isinstance(task.output, dict) else {"outputs": task.output}


@network_outputs.register(TextClassifier)
@network_outputs.register(SpanQA)
def _logits(task: Any) -> dict[str, Any]:
    return {"logits": task.output}


@network_outputs.register(PairClassifier)
def _pairs(task: PairClassifier) -> dict[str, Any]:
    return {"scores" if task.graded else "logits": task.output}


@network_outputs.register(Tagger)
def _chain(task: Tagger) -> dict[str, Any]:
    outputs: dict[str, Any] = _Unpacked(dtype="float32")(task.output)
    return outputs


class _Unpacked(keras.layers.Layer):
    """The parts of a linear chain by name."""

    def call(self, potentials: Any) -> dict[str, Any]:
        chain = linear_chain.unpack(potentials)
        return {name: getattr(chain, name) for name in ("emissions", "transitions", "start", "end")}


def _find_converter() -> None:
    try:
        for name in ("onnx", "tf2onnx"):
            importlib.import_module(name)
    except ImportError as error:
        expected = "tf2onnx to be installed, for ONNX"
        raise ImportError(message(expected, str(error), "pip install 'keras-embed[onnx]'")) from error


def _name_axes(path: Path) -> None:
    """Gives open axes of inputs names that say what they are; tf2onnx numbers them."""
    onnx = importlib.import_module("onnx")
    proto = onnx.load(str(path))
    for value in proto.graph.input:
        for axis, dim in enumerate(value.type.tensor_type.shape.dim):
            if dim.dim_param:
                dim.dim_param = "batch" if axis == 0 else f"{value.name}_axis_{axis}"
    onnx.checker.check_model(proto)
    onnx.save(proto, str(path))
