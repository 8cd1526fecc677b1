"""What TensorFlow Serving's REST API carries: JSON to arrays, arrays to JSON.

The format is that of https://www.tensorflow.org/tfx/serving/api_rest: `instances`, a list with an entry for each row,
or `inputs`, whole tensors by name. Binary strings stand as `{"b64": ...}`, and tensors whose name ends in `_bytes` come
back so.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from keras_embed._errors import message

_BINARY = "_bytes"


class RequestError(ValueError):
    """A request that cannot be answered.

    Args:
        text: what is wrong, for the client.
        status: HTTP status.

    Example:
    >>> RequestError("no such model", 404).status
    404
    """

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


class Spec(NamedTuple):
    """Shape, `None` where any size will do, and dtype of an input."""

    shape: tuple[int | None, ...]
    dtype: Any


def arrays_of(body: Any, specs: Mapping[str, Spec]) -> tuple[dict[str, Any], bool]:
    """The tensors of a request for `predict`.

    Args:
        body: the JSON object.
        specs: of the inputs by name, as the signature reads them.

    Returns:
        Arrays by name, and whether the answer has to be in rows.

    Raises:
        RequestError: for what is not in the format, or does not fit the signature.
    """
    if not isinstance(body, dict) or ("instances" in body) == ("inputs" in body):
        raise RequestError(message("a JSON object with `instances` or `inputs`, one of them", _shape_of(body)))
    rows = "instances" in body
    columns = _columns(body["instances"], specs) if rows else _named(body["inputs"], specs)
    if unknown := sorted(columns.keys() - specs.keys()):
        raise RequestError(message(f"inputs {sorted(specs)}", f"{unknown[0]!r}"))
    if missing := sorted(specs.keys() - columns.keys()):
        raise RequestError(message(f"inputs {sorted(specs)}", f"none named {missing[0]!r}"))
    return {name: _array(name, value, specs[name]) for name, value in columns.items()}, rows


def _named(inputs: Any, specs: Mapping[str, Any]) -> dict[str, Any]:
    """Columns by name; the only input need not be named."""
    if isinstance(inputs, dict) and not _is_binary(inputs):
        return inputs
    if len(specs) != 1:
        raise RequestError(message(f"`inputs` as an object with {sorted(specs)}", _shape_of(inputs)))
    return {next(iter(specs)): inputs}


def _columns(instances: Any, specs: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Rows to columns."""
    if not isinstance(instances, list) or not instances:
        raise RequestError(message("`instances` as a list with at least one entry", _shape_of(instances)))
    named = [isinstance(row, dict) and not _is_binary(row) for row in instances]
    if not any(named) and len(specs) == 1:
        return {next(iter(specs)): instances}
    if not all(named):
        row = named.index(False)
        expected = f"every instance as an object with {sorted(specs)}"
        raise RequestError(message(expected, f"{_shape_of(instances[row])} as number {row}"))
    names = instances[0].keys()
    for number, row in enumerate(instances):
        if row.keys() != names:
            raise RequestError(message(f"all instances with {sorted(names)}", f"{sorted(row)} as number {number}"))
    return {name: [row[name] for row in instances] for name in names}


def _array(name: str, value: Any, spec: Any) -> Any:
    """A value in nested lists as an array of the spec's kind and number of axes."""
    rank = len(spec.shape)
    depth, first = 0, value
    while isinstance(first, list):
        depth, first = depth + 1, first[0] if first else None
    if depth != rank and not (first is None and depth <= rank):
        raise RequestError(message(f"input {name!r} with {rank} axes", f"one with {depth}"))
    kind = np.dtype(spec.dtype)
    flat: list[Any] = []
    shape = _flatten(name, value, rank, flat)
    if any(size not in (None, found) for size, found in zip(spec.shape, shape, strict=True)):
        raise RequestError(message(f"input {name!r} of shape {tuple(spec.shape)}", f"{shape}"))
    parts = [_scalar(name, part, kind) for part in flat]
    try:
        array = np.empty(len(parts), object if kind.kind in "OSU" else kind)
        array[:] = parts
    except OverflowError as error:
        raise RequestError(message(f"input {name!r} within the range of {kind}", f"{error}")) from error
    return array.reshape(shape)


def _flatten(name: str, value: Any, rank: int, flat: list[Any]) -> tuple[int, ...]:
    """Appends what is in nested lists, and gives their shape."""
    if rank == 0:
        flat.append(value)
        return ()
    if not isinstance(value, list):
        raise RequestError(message(f"input {name!r} as lists of equal depth", _shape_of(value)))
    shapes = {_flatten(name, part, rank - 1, flat) for part in value} or {(0,) * (rank - 1)}
    if len(shapes) != 1:
        raise RequestError(message(f"input {name!r} as lists of equal length", f"lengths {sorted(shapes)}"))
    return (len(value), *shapes.pop())


def _scalar(name: str, value: Any, kind: Any) -> Any:
    """One value, as the spec's kind has it."""
    if kind.kind in "OSU":
        if isinstance(value, str):
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


def _bytes(name: str, text: Any) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (TypeError, ValueError, binascii.Error) as error:
        raise RequestError(message(f"input {name!r} in base64", f"{text!r}: {error}")) from error


def _is_binary(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"b64"}


def _shape_of(value: Any) -> str:
    """What a value is, in few words: bodies may be long."""
    if isinstance(value, dict):
        return f"an object with {sorted(map(str, value))[:5]}"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return repr(value)


def check_rows(rows: int, most: int | None) -> None:
    """Raises `RequestError` for more rows than a request may have; `None`: any number."""
    if most is not None and rows > most:
        raise RequestError(message(f"at most {most} rows", f"{rows}", "several requests"))


def answer_of(outputs: Mapping[str, Any], rows: bool, num_rows: int = 0) -> dict[str, Any]:
    """The JSON object that answers a request.

    Args:
        outputs: arrays by name.
        rows: whether the request was in rows: a list with an entry for each comes back, else whole tensors.
        num_rows: how many there were.

    Raises:
        RequestError: for an output without such rows.

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


def status_of(version: int) -> dict[str, Any]:
    """The JSON object that says that a model is ready."""
    state = {"version": str(version), "state": "AVAILABLE"}
    return {"model_version_status": [{**state, "status": {"error_code": "OK", "error_message": ""}}]}


def metadata_of(name: str, version: int, signatures: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON object that lists a model's signatures.

    Args:
        name: of the model.
        version: of it.
        signatures: name -> `SignatureDef` as JSON has it.
    """
    specification = {"name": name, "signature_name": "", "version": str(version)}
    return {"model_spec": specification, "metadata": {"signature_def": {"signature_def": dict(signatures)}}}


def _plain(array: Any, binary: bool) -> Any:
    array = np.asarray(array)
    if array.dtype.kind == "f":
        array = array.astype(str).astype(np.float64)  # 0.1 as 0.1, not as what float64 makes of float32
    return _strings(array.tolist(), binary)


def _strings(value: Any, binary: bool) -> Any:
    if isinstance(value, list):
        return [_strings(part, binary) for part in value]
    if not isinstance(value, bytes):
        return value
    return {"b64": base64.b64encode(value).decode("ascii")} if binary else value.decode("utf-8", "replace")
