"""What a frozen encoder says of the rows that it reads, computed once and kept on disk."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from keras_embed._backend import predict_batch, tf
from keras_embed._errors import message
from keras_embed.caching.fingerprints import fingerprint
from keras_embed.caching.row_store import HALF, KEY_BYTES, KeptRows

#: Features that stand for the encoder's own: vectors of positions, and of the whole.
VECTORS, POOLED = "encoded_vectors", "encoded_pooled"
_MASK = "padding_mask"


class EncoderCache:
    """The output of a frozen encoder for each row of features that it was ever given, in half precision.

    Args:
        folder: where they are kept, of any number of encoders: each has files of its own.
        backbone: gives `sequence_output` (B, T, D), and maybe `pooled_output` (B, D), alone or in a dict.
        prefix: what stands before the names of its features in a batch, where a row of the batch has several rows of
            the encoder's.

    Raises:
        ValueError: for a backbone whose output is of another kind.
    """

    replaced: tuple[str, ...] = ()

    def __init__(self, folder: str | os.PathLike[str], backbone: Any, prefix: str = "") -> None:
        self.backbone, self.prefix = backbone, prefix
        shapes = {name: tuple(x.shape) for name, x in named_outputs(backbone.output).items()}
        self.width = shapes.get("sequence_output", (None,))[-1]
        self.pooled = "pooled_output" in shapes
        known = {"sequence_output", "pooled_output"}
        if self.width is None or set(shapes) - known or (self.pooled and shapes["pooled_output"][-1] != self.width):
            expected = "a backbone that gives `sequence_output`, and `pooled_output` of the same width at most"
            raise ValueError(message(f"{expected}, to keep its features", shapes, "fit without `feature_cache`"))
        if _MASK not in backbone.input:
            raise ValueError(
                message("a backbone that reads `padding_mask`, to keep its features", list(backbone.input))
            )
        self.kept = KeptRows(folder, fingerprint(backbone, {"kind": "encoder"}), (self.width,))

    def read(self, preprocessor: Any, x: Any) -> dict[str, NDArray[Any]]:
        """The features of a batch, as `fill` takes them."""
        names = tuple(self.prefix + name for name in self.backbone.input)
        features, _, _ = keras.utils.unpack_x_y_sample_weight(preprocessor(x, names=names))
        return {name: np.asarray(features[self.prefix + name]) for name in self.backbone.input}

    def fill(self, batches: Iterable[dict[str, NDArray[Any]]], batch_size: int, verbose: Any) -> None:
        """Computes what is missing of some batches.

        Args:
            batches: of `read`. A batch of which anything is missing is encoded as a whole, so that compilers meet no
                shapes but its own.
            batch_size: not used: batches have theirs.
            verbose: 0: without a progress bar.
        """
        bar = keras.utils.Progbar(None, verbose=1 if verbose == "auto" else verbose, unit_name="row")
        try:
            for features in batches:
                rows = _flat(features)
                keys = list(_keys(rows))
                missing = set(self.kept.missing(keys))
                places = [place for place, key in enumerate(keys) if key in missing and key not in keys[:place]]
                if places:
                    arrays = self._encoded(rows)
                    self.kept.write([keys[place] for place in places], [arrays[place] for place in places])
                    bar.add(len(places))
        finally:
            self.kept.close()

    def _encoded(self, rows: dict[str, NDArray[Any]]) -> list[NDArray[np.float16]]:
        """Of each row: the vector of the whole, if there is one, then those of its positions."""
        outputs = named_outputs(predict_batch(self.backbone, rows))
        vectors = np.asarray(outputs["sequence_output"], np.float32)
        if self.pooled:
            vectors = np.concatenate([np.asarray(outputs["pooled_output"], np.float32)[:, None], vectors], axis=1)
        if not np.isfinite(vectors).all() or np.abs(vectors).max(initial=0.0) > np.finfo(HALF).max:
            largest = f"one of {np.abs(vectors).max():.3g}"
            raise ValueError(message("features that half precision can hold", largest, "fit without `feature_cache`"))
        lengths = _lengths(rows) + int(self.pooled)
        return [vectors[row, :length].astype(HALF) for row, length in enumerate(lengths)]

    def added(self, preprocessor: Any, x: Any, features: dict[str, Any]) -> dict[str, Any]:
        """What stands for the encoder's features in a batch, in TensorFlow graph code.

        Args:
            preprocessor: not used.
            x: not used.
            features: of the batch.

        Returns:
            dict with `VECTORS` (..., T, D), and `POOLED` (..., D) if there is one, float16.
        """
        names = tuple(self.backbone.input)
        mask = features[self.prefix + _MASK]
        found = tf.numpy_function(
            lambda *values: self._read(dict(zip(names, values, strict=True))),
            [features[self.prefix + name] for name in names],
            tf.float16,
            stateful=False,
        )
        found.set_shape([*mask.shape[:-1], None, self.width])
        if not self.pooled:
            return {VECTORS: found}
        return {POOLED: found[..., 0, :], VECTORS: found[..., 1:, :]}

    def _read(self, features: dict[str, NDArray[Any]]) -> NDArray[np.float16]:
        shape = features[_MASK].shape
        rows = _flat(features)
        answer = np.zeros((len(rows[_MASK]), shape[-1] + int(self.pooled), self.width), np.float16)
        for row, key in enumerate(_keys(rows)):
            try:
                found = self.kept.rows(key)
            except KeyError:
                try_ = "a dataset that gives the same texts each time"
                received = "others, or the same cut elsewhere"
                raise ValueError(message("texts that were there before the first epoch", received, try_)) from None
            answer[row, : len(found)] = found
        return answer.reshape(*shape[:-1], *answer.shape[1:])


def named_outputs(outputs: Any) -> dict[str, Any]:
    """What a backbone gives, by name; a tensor alone is a sequence or, of two axes, a vector of the whole."""
    if isinstance(outputs, dict):
        return outputs
    return {"sequence_output" if len(outputs.shape) == 3 else "pooled_output": outputs}


def _flat(features: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """(..., T) as (rows, T); what has one more axis, such as characters, keeps it."""
    axis = features[_MASK].ndim - 1
    return {name: value.reshape(-1, *value.shape[axis:]) for name, value in features.items()}


def _lengths(rows: dict[str, NDArray[Any]]) -> NDArray[np.int64]:
    """Positions up to the last real one."""
    mask = rows[_MASK].astype(bool)
    lengths: NDArray[np.int64] = np.where(mask.any(axis=1), mask.shape[1] - mask[:, ::-1].argmax(axis=1), 0)
    return lengths


def _keys(rows: dict[str, NDArray[Any]]) -> Iterator[bytes]:
    """Of each row: all that the encoder reads up to the last real position, so padding makes no difference."""
    rows = dict(rows)
    if "char_ids" in rows:  # of the distinct words of the whole batch: each word's own tell, and not where they stand
        table = rows.pop("char_ids")
        rows["char_index"] = table.reshape(-1, table.shape[-1])[rows["char_index"]]
    names = sorted(rows)
    for row, length in enumerate(_lengths(rows)):
        parts = b"".join(_content(rows[name][row, :length]) for name in names)
        yield hashlib.blake2b(parts, digest_size=KEY_BYTES).digest()


def _content(values: NDArray[Any]) -> bytes:
    """Of (T,); or of (T, N) with its width, columns of padding left out."""
    if values.ndim == 1:
        return np.asarray(values, "<i4").tobytes()
    width = int(np.flatnonzero(values.any(axis=0)).max(initial=-1)) + 1
    return width.to_bytes(4, "little") + np.asarray(values[:, :width], "<i4").tobytes()
