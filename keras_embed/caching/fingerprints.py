"""Digests of encoders, so that what they said is never taken for what others say."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

import keras
import numpy as np

#: Written into every fingerprint: another way to compute or keep the same features is another number.
_VERSION = 1


def fingerprint(encoder: Any, settings: Any, parts: Iterable[bytes] = ()) -> str:
    """A digest of all that features depend on.

    Args:
        encoder: a model; its weights and its config but for name and freedom to be trained.
        settings: that JSON can hold, such as a dtype policy.
        parts: whatever else, as bytes.
    """
    config = {name: value for name, value in encoder.get_config().items() if name not in ("name", "trainable")}
    digest = hashlib.sha256(json.dumps([_VERSION, settings, config], sort_keys=True, default=str).encode())
    for part in parts:
        digest.update(part)
    for weight in encoder.weights:
        array = np.ascontiguousarray(keras.ops.convert_to_numpy(weight))
        digest.update(f"{array.dtype} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()[:32]
