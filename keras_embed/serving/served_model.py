"""Exported SavedModels, loaded and asked."""

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from keras_embed._backend import tf, tf_text
from keras_embed._errors import message
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


def is_saved_model(path: Any) -> bool:
    """Whether a path is a folder with a SavedModel, or with versions of one: folders with numbers as names.

    Example:
    >>> is_saved_model("nothing/here")
    False
    """
    path = Path(path)
    return (path / _FILE).is_file() or bool(_versions(path))


def _versions(path: Path) -> list[Path]:
    """Folders of versions, the newest first."""
    found = [part.parent for part in path.glob(f"*/{_FILE}") if part.parent.name.isdecimal()]
    return sorted(found, key=lambda part: int(part.name), reverse=True)


class ServedModel:
    """A SavedModel that answers as TensorFlow Serving does.

    Args:
        path: folder of a SavedModel, or a folder of versions, of which the one with the greatest number is loaded.
        name: by default that of the folder; where this is a number, a version, that of the folder around it.

    Raises:
        FileNotFoundError: where there is no SavedModel.

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

    def __init__(self, path: Any, name: str | None = None) -> None:
        path = Path(path)
        if not is_saved_model(path):
            expected = f"a folder with {_FILE}, or with such a folder for each version"
            raise FileNotFoundError(message(expected, f"{path}", "keras-embed export"))
        self.path = path if (path / _FILE).is_file() else _versions(path)[0]
        folder = self.path.resolve()
        numbered = folder.name.isdecimal()
        self.version = int(folder.name) if numbered else 1
        self.name = name or (folder.parent.name if numbered else folder.name)
        tf_text.__version__  # noqa: B018, its operations are known once it is imported
        self._loaded = tf.saved_model.load(str(self.path))
        self.signatures: dict[str, Any] = dict(self._loaded.signatures)
        self._definitions = _definitions(self.path / _FILE)  # now: the folder may be replaced later

    def outputs(self, inputs: Mapping[str, Any], signature: str = _DEFAULT) -> dict[str, Any]:
        """What a signature says.

        Args:
            inputs: arrays, or lists of strings, by name.
            signature: its name.

        Returns:
            Arrays by name.

        Raises:
            ValueError: for an unknown signature, or other inputs than it has.
        """
        function = self._signature(signature)
        specs = function.structured_input_signature[1]
        if inputs.keys() != specs.keys():
            expected = f"the inputs {sorted(specs)} of {self.name}'s signature {signature!r}"
            raise RequestError(message(expected, f"{sorted(inputs)}"))
        tensors = {name: tf.constant(value, specs[name].dtype) for name, value in inputs.items()}
        return {name: value.numpy() for name, value in function(**tensors).items()}

    def predict(self, body: Any, max_rows: int | None = None) -> dict[str, Any]:
        """Answers the JSON object of a request for `predict`.

        Args:
            body: the object, with `instances` or `inputs`, and maybe a `signature_name`.
            max_rows: rows that an input may have at most.

        Raises:
            RequestError: for what is not in the format, does not fit the signature, or fails in the graph.
        """
        name = body.get("signature_name", _DEFAULT) if isinstance(body, dict) else _DEFAULT
        specs = self.inputs_of(name)
        arrays, rows = arrays_of(body, specs)
        most = max((len(array) for array in arrays.values() if array.ndim), default=0)
        check_rows(most, max_rows)
        try:
            outputs = self.outputs(arrays, name)
        except tf.errors.OpError as error:
            raise RequestError(" ".join(error.message.split())) from error
        return answer_of(outputs, rows, most)

    def inputs_of(self, signature: str = _DEFAULT) -> dict[str, Any]:
        """Input -> its `tf.TensorSpec` with a dtype of NumPy."""
        specs = self._signature(signature).structured_input_signature[1]
        return {name: Spec(tuple(spec.shape), np.dtype(spec.dtype.as_numpy_dtype)) for name, spec in specs.items()}

    def status(self) -> dict[str, Any]:
        """The answer to a request for the model's status."""
        return status_of(self.version)

    def metadata(self) -> dict[str, Any]:
        """The answer to a request for the model's metadata: its signatures, as the SavedModel defines them."""
        return metadata_of(self.name, self.version, self._definitions)

    def _signature(self, name: Any) -> Any:
        if not isinstance(name, str) or name not in self.signatures:
            raise RequestError(message(f"a signature of {self.name} among {sorted(self.signatures)}", repr(name)))
        return self.signatures[name]


def _definitions(file: Path) -> dict[str, Any]:
    """Signatures by name, as the file of a SavedModel defines them."""
    to_dict = importlib.import_module("google.protobuf.json_format").MessageToDict
    held = importlib.import_module("tensorflow.core.protobuf.saved_model_pb2").SavedModel()
    held.ParseFromString(file.read_bytes())
    options = {"preserving_proto_field_name": True, "always_print_fields_with_no_presence": True}
    return {name: to_dict(signature, **options) for name, signature in held.meta_graphs[0].signature_def.items()}
