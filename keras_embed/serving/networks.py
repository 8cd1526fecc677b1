"""Networks of tasks, from features to scores, for runtimes without TensorFlow: ONNX and LiteRT."""

import importlib
import json
import re
from pathlib import Path

import keras

from keras_embed._errors import check_one_of, message
from keras_embed._types import PathLike, Tensor
from keras_embed.serving.saved_model import Exportable, new_file, under_tensorflow

_SUFFIXES = {"onnx": ".onnx", "litert": ".tflite"}
#: Names of TensorFlow's own operations in a LiteRT file.
_FLEX = re.compile(rb"Flex[A-Z]\w+")
_CODE = """
import json
from keras_embed.serving.networks import export_network
export_network(task, path, **json.loads(argument))
"""


def export_network(
    task: Exportable,
    path: PathLike,
    format: str = "onnx",
    batch_size: int | None = None,
    length: int | None = None,
) -> None:
    """Writes the network of a task, from features to scores, as one file for ONNX Runtime or LiteRT.

    The file contains no strings: the client makes the features, as `task.preprocessor` does, and names the answers.
    Inputs have the names of the features. Outputs are `task.network_outputs()`:

        TextClassifier: `logits` (B, K).
        PairClassifier: `logits` (B, K); `scores` (B, 1) if pairs have scores.
        SpanQA: `logits` (B, 2, T), of starts and of ends.
        Tagger: `emissions` (B, T, K), `transitions` (K, K), `start` (K,) and `end` (K,); the tags are the path with
            the greatest sum of these, for independent tags the greatest emission.

    and those of the Keras model for other tasks. The file is written under TensorFlow; for JAX and PyTorch, another
    process loads the saved task there.

    Args:
        task: Any task of `keras_embed.tasks`, with or without a preprocessor.
        path: The file, ending in ".onnx" or ".tflite". An existing one is replaced when the new one is complete.
        format: "onnx", or "litert", formerly TensorFlow Lite.
        batch_size: Rows in every batch; `None`: any number.
        length: Size of all other open axes, such as steps and distinct words; `None`: any number. Recurrent layers run
            in LiteRT only if `batch_size` and `length` are given.

    Raises:
        ValueError: If the ending or format is unknown, or a LiteRT file would need TensorFlow's own operations.
        ImportError: If tf2onnx is not installed, for ONNX.
        OSError: If the file cannot be written, or the other process fails, with the reason.

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
    with new_file(path, "a network") as written:
        if keras.config.backend() == "tensorflow":
            _write(task, written, format, batch_size, length)
        else:
            arguments = {"format": format, "batch_size": batch_size, "length": length}
            under_tensorflow(task, written, _CODE, json.dumps(arguments))


def _write(task: Exportable, path: Path, format: str, batch_size: int | None, length: int | None) -> None:
    model = keras.Model(task.input, task.network_outputs())
    signature = {name: _spec(name, tensor, batch_size, length) for name, tensor in task.input.items()}
    model.export(str(path), format=format, verbose=False, input_signature=[signature])
    if format == "onnx":
        _name_axes(path)
    elif missing := sorted({name.decode() for name in _FLEX.findall(path.read_bytes())}):
        raise ValueError(message("a network of LiteRT's own operations", missing, "batch_size=1 and length=128"))


def _spec(name: str, tensor: Tensor, batch_size: int | None, length: int | None) -> keras.InputSpec:
    batch, *others = tensor.shape
    shape = (batch_size, *(length if size is None else size for size in others))
    return keras.InputSpec(shape=shape, dtype=tensor.dtype, name=name)


def _find_converter() -> None:
    try:
        for name in ("onnx", "tf2onnx"):
            importlib.import_module(name)
    except ImportError as error:
        expected = "tf2onnx to be installed, for ONNX"
        raise ImportError(message(expected, str(error), "pip install 'keras-embed[onnx]'")) from error


def _name_axes(path: Path) -> None:
    """Names the open axes of the inputs after the inputs; tf2onnx numbers them."""
    onnx = importlib.import_module("onnx")
    proto = onnx.load(str(path))
    for value in proto.graph.input:
        for axis, dim in enumerate(value.type.tensor_type.shape.dim):
            if dim.dim_param:
                dim.dim_param = "batch" if axis == 0 else f"{value.name}_axis_{axis}"
    onnx.checker.check_model(proto)
    onnx.save(proto, str(path))
