"""Exported SavedModels that answer requests."""

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras_embed._backend import tf, tf_text
from keras_embed._errors import message
from keras_embed._types import Json, PathLike, TFFunction
from keras_embed.serving.request_values import (
    RequestError,
    Spec,
    answer_of,
    arrays_of,
    check_rows,
    metadata_of,
    status_of,
)

_FILE = "saved_model.pb"
_DEFAULT = "serving_default"


def is_saved_model(path: PathLike) -> bool:
    """Returns True for a folder with a SavedModel, or with versions of one: folders with numbers as names.

    Example:
    >>> is_saved_model("nothing/here")
    False
    """
    path = Path(path)
    return (path / _FILE).is_file() or bool(_versions(path))


def _versions(path: Path) -> list[Path]:
    """Returns the folders of the versions, newest first."""
    found = [part.parent for part in path.glob(f"*/{_FILE}") if part.parent.name.isdecimal()]
    return sorted(found, key=lambda part: int(part.name), reverse=True)


class ServedModel:
    """A SavedModel that answers requests in the format of TensorFlow Serving.

    Args:
        path: Folder of a SavedModel, or a folder of versions, of which the one with the greatest number is loaded.
        name: `None`: the name of the folder, or of its parent folder if the folder is a version.

    Raises:
        FileNotFoundError: If there is no SavedModel.

    Example:
    >>> import tempfile
    >>> import tensorflow as tf
    >>> module, folder = tf.Module(), tempfile.mkdtemp() + "/twice/1"
    >>> twice = tf.function(lambda x: {"y": 2 * x}, input_signature=[tf.TensorSpec([None], tf.float32, "x")])
    >>> tf.saved_model.save(module, folder, {"serving_default": twice})
    >>> model = ServedModel(folder)
    >>> model.name, model.version, model.predict({"instances": [1.5, 2.0]})
    ('twice', 1, {'predictions': [3.0, 4.0]})
    """

    def __init__(self, path: PathLike, name: str | None = None) -> None:
        path = Path(path)
        if not is_saved_model(path):
            expected = f"a folder with {_FILE}, or with such a folder for each version"
            raise FileNotFoundError(message(expected, f"{path}", "keras-embed export"))
        self.path = path if (path / _FILE).is_file() else _versions(path)[0]
        folder = self.path.resolve()
        numbered = folder.name.isdecimal()
        self.version = int(folder.name) if numbered else 1
        self.name = name or (folder.parent.name if numbered else folder.name)
        tf_text.__version__  # noqa: B018, importing it registers its operations
        self._loaded = tf.saved_model.load(str(self.path))
        self.signatures: dict[str, TFFunction] = dict(self._loaded.signatures)
        self._definitions = _definitions(self.path / _FILE)  # read now, because the folder may be replaced later

    def outputs(
        self, inputs: Mapping[str, NDArray[Any] | list[str]], signature: str = _DEFAULT
    ) -> dict[str, NDArray[Any]]:
        """Returns the outputs of a signature, by name.

        Args:
            inputs: Arrays, or lists of strings, by name.
            signature: Its name.

        Raises:
            ValueError: If the signature is unknown, or has other inputs.
        """
        function = self._signature(signature)
        specs = function.structured_input_signature[1]
        if inputs.keys() != specs.keys():
            expected = f"the inputs {sorted(specs)} of {self.name}'s signature {signature!r}"
            raise RequestError(message(expected, f"{sorted(inputs)}"))
        tensors = {name: tf.constant(value, specs[name].dtype) for name, value in inputs.items()}
        return {name: value.numpy() for name, value in function(**tensors).items()}

    def predict(self, body: Json, max_rows: int | None = None) -> dict[str, Json]:
        """Answers a request for `predict`.

        Args:
            body: The JSON object, with `instances` or `inputs`, and optionally a `signature_name`.
            max_rows: Maximum number of rows of an input.

        Raises:
            RequestError: If the request is malformed, does not match the signature, or fails in the graph.
        """
        name = body.get("signature_name", _DEFAULT) if isinstance(body, dict) else _DEFAULT
        specs = self.inputs_of(name)
        arrays, rows = arrays_of(body, specs)
        # The inputs may have different numbers of rows, such as words and sentences; the limit is for the largest.
        most = max((len(array) for array in arrays.values() if array.ndim), default=0)
        check_rows(most, max_rows)
        try:
            outputs = self.outputs(arrays, name)
        except tf.errors.OpError as error:
            raise RequestError(" ".join(error.message.split())) from error
        return answer_of(outputs, rows, most)

    def inputs_of(self, signature: str = _DEFAULT) -> dict[str, Spec]:
        """Returns the shapes and NumPy dtypes of the inputs of a signature, by name."""
        specs = self._signature(signature).structured_input_signature[1]
        return {name: Spec(tuple(spec.shape), np.dtype(spec.dtype.as_numpy_dtype)) for name, spec in specs.items()}

    def status(self) -> dict[str, Json]:
        """Returns the answer to a request for the status of the model."""
        return status_of(self.version)

    def metadata(self) -> dict[str, Json]:
        """Returns the answer to a request for the metadata of the model: its signatures."""
        return metadata_of(self.name, self.version, self._definitions)

    def _signature(self, name: Json) -> TFFunction:
        if not isinstance(name, str) or name not in self.signatures:
            raise RequestError(message(f"a signature of {self.name} among {sorted(self.signatures)}", repr(name)))
        return self.signatures[name]


def _definitions(file: Path) -> dict[str, Json]:
    """Returns the signatures that the file of a SavedModel defines, by name."""
    to_dict = importlib.import_module("google.protobuf.json_format").MessageToDict
    saved_model = importlib.import_module("tensorflow.core.protobuf.saved_model_pb2").SavedModel()
    saved_model.ParseFromString(file.read_bytes())
    options = {"preserving_proto_field_name": True, "always_print_fields_with_no_presence": True}
    return {name: to_dict(signature, **options) for name, signature in saved_model.meta_graphs[0].signature_def.items()}
