"""Requests and answers of TensorFlow Serving's REST API: JSON to arrays, arrays to JSON.

The format is that of https://www.tensorflow.org/tfx/serving/api_rest: `instances`, a list with an entry for each row,
or `inputs`, whole tensors by name. Binary strings are written as `{"b64": ...}`, also in outputs whose name ends in
`_bytes`.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeGuard

import numpy as np
from numpy.typing import DTypeLike, NDArray

from keras_embed._errors import message
from keras_embed._types import Json

_BINARY = "_bytes"


class RequestError(ValueError):
    """A request that cannot be answered.

    Args:
        text: Error message for the client.
        status: HTTP status code.

    Example:
    >>> RequestError("no such model", 404).status
    404
    """

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


class Spec(NamedTuple):
    """Shape, with `None` for any size, and dtype of an input."""

    shape: tuple[int | None, ...]
    dtype: DTypeLike


def arrays_of(body: Json, specs: Mapping[str, Spec]) -> tuple[dict[str, NDArray[Any]], bool]:
    """Returns the inputs of a request for `predict`.

    Args:
        body: The JSON object.
        specs: Of the inputs of the signature, by name.

    Returns:
        Arrays by name, and True if the answer has to be in rows.

    Raises:
        RequestError: If the request is malformed, or does not match the signature.
    """
    # Exactly one of the two formats: by row, or by column.
    if not isinstance(body, dict) or ("instances" in body) == ("inputs" in body):
        raise RequestError(message("a JSON object with `instances` or `inputs`, one of them", _shape_of(body)))
    rows = "instances" in body
    columns = _columns(body["instances"], specs) if rows else _named(body["inputs"], specs)
    if unknown := sorted(columns.keys() - specs.keys()):
        raise RequestError(message(f"inputs {sorted(specs)}", f"{unknown[0]!r}"))
    if missing := sorted(specs.keys() - columns.keys()):
        raise RequestError(message(f"inputs {sorted(specs)}", f"none named {missing[0]!r}"))
    return {name: _array(name, value, specs[name]) for name, value in columns.items()}, rows


def _named(inputs: Json, specs: Mapping[str, Spec]) -> dict[str, Json]:
    """Returns columns by name; a single input may be unnamed."""
    if isinstance(inputs, dict) and not _is_binary(inputs):
        return inputs
    if len(specs) != 1:
        raise RequestError(message(f"`inputs` as an object with {sorted(specs)}", _shape_of(inputs)))
    return {next(iter(specs)): inputs}


def _columns(instances: Json, specs: Mapping[str, Spec]) -> dict[str, list[Json]]:
    """Converts rows to columns."""
    if not isinstance(instances, list) or not instances:
        raise RequestError(message("`instances` as a list with at least one entry", _shape_of(instances)))
    named = [isinstance(row, dict) and not _is_binary(row) for row in instances]
    if not any(named) and len(specs) == 1:
        return {next(iter(specs)): instances}  # a single unnamed input
    if not all(named):
        row = named.index(False)
        expected = f"every instance as an object with {sorted(specs)}"
        raise RequestError(message(expected, f"{_shape_of(instances[row])} at index {row}"))
    names = instances[0].keys()
    for index, row in enumerate(instances):
        if row.keys() != names:
            raise RequestError(message(f"all instances with {sorted(names)}", f"{sorted(row)} at index {index}"))
    return {name: [row[name] for row in instances] for name in names}


def _array(name: str, value: Json, spec: Spec) -> NDArray[Any]:
    """Converts nested lists to an array of the dtype and rank of the spec."""
    rank = len(spec.shape)
    depth, first = 0, value  # the depth along the first entries
    while isinstance(first, list):
        depth, first = depth + 1, first[0] if first else None
    # An empty list ends the descent early, so that its depth may be less than the rank.
    if depth != rank and not (first is None and depth <= rank):
        raise RequestError(message(f"input {name!r} with {rank} axes", f"one with {depth}"))
    kind = np.dtype(spec.dtype)
    flat: list[Json] = []
    shape = _flatten(name, value, rank, flat)
    if any(size not in (None, found) for size, found in zip(spec.shape, shape, strict=True)):
        raise RequestError(message(f"input {name!r} of shape {tuple(spec.shape)}", f"{shape}"))
    parts = [_scalar(name, part, kind) for part in flat]
    try:
        # Strings of any length need an object array; NumPy checks the range of integers.
        array: NDArray[Any] = np.empty(len(parts), object if kind.kind in "OSU" else kind)
        array[:] = parts
    except OverflowError as error:
        raise RequestError(message(f"input {name!r} within the range of {kind}", f"{error}")) from error
    return array.reshape(shape)


def _flatten(name: str, value: Json, rank: int, flat: list[Json]) -> tuple[int, ...]:
    """Appends the values in nested lists to `flat`, and returns the shape of the lists."""
    if rank == 0:
        flat.append(value)
        return ()
    if not isinstance(value, list):
        raise RequestError(message(f"input {name!r} as lists of equal depth", _shape_of(value)))
    # Lists of equal depth and length have one shape; an empty list has size 0 on all further axes.
    shapes = {_flatten(name, part, rank - 1, flat) for part in value} or {(0,) * (rank - 1)}
    if len(shapes) != 1:
        raise RequestError(message(f"input {name!r} as lists of equal length", f"lengths {sorted(shapes)}"))
    return (len(value), *shapes.pop())


def _scalar(name: str, value: Json, kind: np.dtype[Any]) -> bytes | bool | int | float:
    """Converts one value to the kind of the spec."""
    if kind.kind in "OSU":
        if isinstance(value, str):
            # JSON can contain lone surrogates, which strict UTF-8 refuses.
            return value.encode("utf-8", "surrogatepass")
        if _is_binary(value):
            return _bytes(name, value["b64"])
    elif kind.kind == "b":
        if isinstance(value, bool):
            return value
    elif isinstance(value, int) and not isinstance(value, bool):
        return value
    elif kind.kind == "f" and isinstance(value, float):
        return value
    kinds = {"b": "booleans", "i": "whole numbers", "u": "whole numbers", "f": "numbers"}
    raise RequestError(message(f"input {name!r} to hold {kinds.get(kind.kind, 'strings')}", _shape_of(value)))


def _bytes(name: str, text: Json) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (TypeError, ValueError, binascii.Error) as error:
        raise RequestError(message(f"input {name!r} in base64", f"{text!r}: {error}")) from error


def _is_binary(value: Json) -> TypeGuard[dict[str, Json]]:
    return isinstance(value, dict) and value.keys() == {"b64"}


def _shape_of(value: Json) -> str:
    """Describes a value in few words, as bodies may be long."""
    if isinstance(value, dict):
        return f"an object with {sorted(map(str, value))[:5]}"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return repr(value)


def check_rows(rows: int, most: int | None) -> None:
    """Raises `RequestError` if a request has more than `most` rows; `None`: any number."""
    if most is not None and rows > most:
        raise RequestError(message(f"at most {most} rows", f"{rows}", "several requests"))


def answer_of(outputs: Mapping[str, NDArray[Any]], rows: bool, num_rows: int = 0) -> dict[str, Json]:
    """Returns the JSON object that answers a request.

    Args:
        outputs: Arrays by name.
        rows: Whether the request was in rows: the answer is a list with an entry for each, else whole tensors.
        num_rows: Number of rows.

    Raises:
        RequestError: If an output does not have as many rows.

    Example:
    >>> answer_of({"label": np.array([b"good", b"bad"], object)}, True, 2)
    {'predictions': ['good', 'bad']}
    """
    if rows:
        for name, array in outputs.items():
            if np.ndim(array) == 0 or len(array) != num_rows:
                expected = f"output {name!r} with {num_rows} rows"
                raise RequestError(message(expected, f"shape {np.shape(array)}", "`inputs` instead of `instances`"))
    values = {name: _plain(array, name.endswith(_BINARY)) for name, array in outputs.items()}
    if not rows:
        return {"outputs": next(iter(values.values())) if len(values) == 1 else values}
    if len(values) == 1:
        return {"predictions": next(iter(values.values()))}
    return {"predictions": [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]}


def status_of(version: int) -> dict[str, Json]:
    """Returns the JSON object for a model that is ready."""
    state = {"version": str(version), "state": "AVAILABLE"}
    return {"model_version_status": [{**state, "status": {"error_code": "OK", "error_message": ""}}]}


def metadata_of(name: str, version: int, signatures: Mapping[str, Json]) -> dict[str, Json]:
    """Returns the JSON object with the signatures of a model.

    Args:
        name: Of the model.
        version: Of the model.
        signatures: `SignatureDef`s as JSON, by name.
    """
    specification = {"name": name, "signature_name": "", "version": str(version)}
    return {"model_spec": specification, "metadata": {"signature_def": {"signature_def": dict(signatures)}}}


def _plain(array: NDArray[Any], binary: bool) -> Json:
    array = np.asarray(array)
    if array.dtype.kind == "f":
        array = array.astype(str).astype(np.float64)  # shortest decimal form of the float32: 0.1, not 0.10000000149
    return _strings(array.tolist(), binary)


def _strings(value: Json, binary: bool) -> Json:
    if isinstance(value, list):
        return [_strings(part, binary) for part in value]
    if not isinstance(value, bytes):
        return value
    return {"b64": base64.b64encode(value).decode("ascii")} if binary else value.decode("utf-8", "replace")
