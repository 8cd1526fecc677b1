"""Outputs of a frozen encoder, computed once and stored on disk: one cache for ELMo, one for every other encoder."""

import hashlib
import itertools
import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import keras
import keras_hub
import numpy as np
from numpy.typing import NDArray

from keras_embed._backend import predict_batch, tf
from keras_embed._backend.ragged import ragged_strings
from keras_embed._errors import message
from keras_embed._types import Features, Json, PathLike, Samples, Tensor, TFTensor
from keras_embed.backbones.outputs import named_outputs
from keras_embed.caching.row_store import HALF, KEY_BYTES, RowStore
from keras_embed.layers.elmo_embedding import ELMO_LAYERS
from keras_embed.preprocessors.batching import padded_batch, similar_length_batches
from keras_embed.text.serialization import serialize
from keras_embed.tokenizers import WordFeaturizer

#: Features that replace those of the encoder: its outputs (..., T, D) and (..., D).
VECTORS, POOLED = "encoded_vectors", "encoded_pooled"
_MASK = "padding_mask"
#: Features that only an ELMo reads.
_ELMO_FEATURES = ("elmo_ids", "elmo_word_ids", "elmo_cache_ids")
#: Part of every fingerprint: a change of how features are computed or stored changes the number.
_VERSION = 1


class FeatureCache:
    """Outputs of a frozen encoder in half precision. Base of `ElmoCache` and `EncoderCache`.

    `fill` computes what is missing before training. `cached_features` then looks the outputs up in `tf.data`.

    Attributes:
        rows: The `RowStore` on disk.
        replaced: Names of the features that the task does not need while it reads from the cache.
    """

    rows: RowStore
    replaced: tuple[str, ...] = ()

    def read(self, preprocessor: keras_hub.models.Preprocessor, x: Samples) -> Any:
        """Returns one batch of texts `x` in the form that `fill` takes."""
        raise NotImplementedError

    def fill(self, batches: Iterable[Any], batch_size: int, verbose: int | str) -> None:
        """Encodes and stores whatever is missing.

        Args:
            batches: Of `read`.
            batch_size: Number of texts encoded at a time, where the cache forms batches of its own.
            verbose: 0 for no progress bar.
        """
        raise NotImplementedError

    def cached_features(self, preprocessor: keras_hub.models.Preprocessor, x: Samples, features: Features) -> Features:
        """Returns the cached outputs of a batch as features; TensorFlow graph code.

        Args:
            preprocessor: Of the task.
            x: The texts of the batch.
            features: The other features of the batch.
        """
        raise NotImplementedError


class ElmoCache(FeatureCache):
    """All layers of a frozen ELMo for each sentence.

    Args:
        folder: Of the cache; may be shared by any number of encoders, each of which has files of its own.
        elmo: `backbones.ElmoBackbone`.
        tokenizer: `WordFeaturizer` that makes the features of `elmo`.
    """

    def __init__(self, folder: PathLike, elmo: keras.Model, tokenizer: WordFeaturizer) -> None:
        self.elmo, self.tokenizer = elmo, tokenizer
        self.shape = tuple(elmo.output["layer_outputs"].shape[2:])  # (N + 1, 2 D)
        self.replaced = tuple(name for name in elmo.input if name in _ELMO_FEATURES)
        parts = [tokenizer.elmo_characters, *([tokenizer.elmo_vocabulary] if elmo.cache_size else [])]
        digest = fingerprint(elmo, elmo.stack.dtype_policy.name, map(_asset, parts))
        self.rows = RowStore(folder, digest, self.shape)

    def read(self, preprocessor: keras_hub.models.Preprocessor, x: Samples) -> TFTensor:
        """Returns the words of a batch, ragged strings (B, None)."""
        return preprocessor.tokens_of(x)

    def fill(self, batches: Iterable[TFTensor], batch_size: int, verbose: int | str) -> None:
        sentences = {key: words for batch in batches for key, words in _keyed_sentences(batch) if words}
        missing = self.rows.missing(sentences)
        if not missing:
            return
        words = ragged_strings([sentences[key] for key in missing])
        self._check_free_space(words)
        bar = _progress_bar(len(missing), verbose, "sentence")
        try:
            for rows in similar_length_batches(words.row_lengths().numpy(), batch_size):
                batch = padded_batch(words, rows)
                lengths, layers = batch.row_lengths().numpy(), self._encode(batch)
                self.rows.write([missing[row] for row in rows], [layers[i, : lengths[i]] for i in range(len(rows))])
                bar.add(len(rows))
        finally:
            self.rows.close()

    def _encode(self, tokens: TFTensor) -> NDArray[np.float16]:
        features = self.tokenizer.encode(tokens, names=tuple(self.elmo.input))
        outputs = predict_batch(self.elmo, {name: tensor.numpy() for name, tensor in features.items()})
        return _half(outputs["layer_outputs"])  # (B, T, N + 1, 2 D)

    def _check_free_space(self, words: TFTensor) -> None:
        folder = next(path for path in (self.rows.folder, *self.rows.folder.absolute().parents) if path.exists())
        needed, free = int(tf.size(words.flat_values)) * self.rows.row_bytes, shutil.disk_usage(folder).free
        if needed > free:
            expected = f"{needed / 1e9:.1f} GB of room for features in {self.rows.folder}"
            raise OSError(message(expected, f"{free / 1e9:.1f} GB", "a folder on another disk"))

    def cached_features(self, preprocessor: keras_hub.models.Preprocessor, x: Samples, features: Features) -> Features:
        """Returns the layers (B, T, N + 1, 2 D), float16, and empty tensors (B, 0, ...) for the replaced features."""
        tokens = preprocessor.tokens_of(x)
        # The words and not their ids: two unknown words have equal ids, but different outputs of an ELMo.
        arguments = [tokens.flat_values, tokens.row_lengths(), tf.shape(features[_MASK])[1]]
        layers = tf.numpy_function(self._look_up, arguments, tf.float16, stateful=False)
        layers.set_shape([None, None, *self.shape])
        empty = {
            name: tf.zeros([tokens.nrows(), 0, *([1] * (len(self.elmo.input[name].shape) - 2))], tf.int32)
            for name in self.replaced
        }
        return {ELMO_LAYERS: layers, **empty}

    def _look_up(self, words: NDArray[Any], lengths: NDArray[np.int64], steps: int) -> NDArray[np.float16]:
        found = np.zeros((len(lengths), int(steps), *self.shape), np.float16)
        for row, (start, length) in enumerate(zip(np.cumsum(lengths) - lengths, lengths, strict=True)):
            sentence = list(words[start : start + length])
            try:
                found[row, :length] = self.rows.rows(_sentence_key(sentence)) if sentence else 0
            except KeyError:
                shown = b" ".join(sentence[:8]).decode("utf-8", "replace")
                raise _not_cached("sentences", shown) from None
        return found


class EncoderCache(FeatureCache):
    """The outputs of a frozen encoder for each row of features.

    Args:
        folder: Of the cache; may be shared by any number of encoders, each of which has files of its own.
        backbone: Returns `sequence_output` (B, T, D), and optionally `pooled_output` (B, D), alone or in a dict.
        prefix: Prefix of the names of its features, if a row of the batch consists of several windows.

    Raises:
        ValueError: If the backbone has other outputs or no `padding_mask`.
    """

    def __init__(self, folder: PathLike, backbone: keras.Model, prefix: str = "") -> None:
        self.backbone, self.prefix = backbone, prefix
        shapes = {name: tuple(x.shape) for name, x in named_outputs(backbone.output).items()}
        self.width = shapes.get("sequence_output", (None,))[-1]
        self.pooled = "pooled_output" in shapes
        known = {"sequence_output", "pooled_output"}
        if self.width is None or set(shapes) - known or (self.pooled and shapes["pooled_output"][-1] != self.width):
            expected = "a backbone that returns `sequence_output`, and `pooled_output` of the same width at most"
            raise ValueError(message(f"{expected}, to cache its features", shapes, "fit without `feature_cache`"))
        if _MASK not in backbone.input:
            expected = "a backbone that reads `padding_mask`, to cache its features"
            raise ValueError(message(expected, list(backbone.input)))
        self.rows = RowStore(folder, fingerprint(backbone, {"kind": "encoder"}), (self.width,))

    def read(self, preprocessor: keras_hub.models.Preprocessor, x: Samples) -> dict[str, NDArray[Any]]:
        """Returns the encoder's features of a batch."""
        names = tuple(self.prefix + name for name in self.backbone.input)
        features, _, _ = keras.utils.unpack_x_y_sample_weight(preprocessor(x, names=names))
        return {name: np.asarray(features[self.prefix + name]) for name in self.backbone.input}

    def fill(self, batches: Iterable[dict[str, NDArray[Any]]], batch_size: int, verbose: int | str) -> None:
        """Encodes and stores whatever is missing.

        A batch of which anything is missing is encoded as a whole, so that a compiler meets no new shapes; `batch_size`
        is not used.
        """
        # The total is unknown: batches are read one by one, and most of them may be cached.
        bar = _progress_bar(None, verbose, "row")
        try:
            for features in batches:
                rows = flat_rows(features)
                keys = list(row_keys(rows))
                missing = set(self.rows.missing(keys))
                new = [row for row, key in enumerate(keys) if key in missing and key not in keys[:row]]
                if new:
                    arrays = self._encode(rows)
                    self.rows.write([keys[row] for row in new], [arrays[row] for row in new])
                    bar.add(len(new))
        finally:
            self.rows.close()

    def _encode(self, rows: dict[str, NDArray[Any]]) -> list[NDArray[np.float16]]:
        """Returns for each row its pooled vector, if there is one, followed by the vectors of its positions."""
        outputs = named_outputs(predict_batch(self.backbone, rows))
        vectors = np.asarray(outputs["sequence_output"], np.float32)
        if self.pooled:  # (B, T, D) to (B, 1 + T, D)
            vectors = np.concatenate([np.asarray(outputs["pooled_output"], np.float32)[:, None], vectors], axis=1)
        half, lengths = _half(vectors), _lengths(rows) + int(self.pooled)
        return [half[row, :length] for row, length in enumerate(lengths)]

    def cached_features(self, preprocessor: keras_hub.models.Preprocessor, x: Samples, features: Features) -> Features:
        """Returns `VECTORS` (..., T, D), and `POOLED` (..., D) if the encoder has it, float16."""
        names = tuple(self.backbone.input)
        mask = features[self.prefix + _MASK]
        found = tf.numpy_function(
            lambda *values: self._look_up(dict(zip(names, values, strict=True))),
            [features[self.prefix + name] for name in names],
            tf.float16,
            stateful=False,
        )
        found.set_shape([*mask.shape[:-1], None, self.width])
        if not self.pooled:
            return {VECTORS: found}
        return {POOLED: found[..., 0, :], VECTORS: found[..., 1:, :]}

    def _look_up(self, features: dict[str, NDArray[Any]]) -> NDArray[np.float16]:
        shape = features[_MASK].shape  # (B, T), or (B, N, T) of windows
        rows = flat_rows(features)
        found = np.zeros((len(rows[_MASK]), shape[-1] + int(self.pooled), self.width), np.float16)
        for row, key in enumerate(row_keys(rows)):
            try:
                vectors = self.rows.rows(key)
            except KeyError:
                raise _not_cached("texts", "others, or the same texts cut elsewhere") from None
            found[row, : len(vectors)] = vectors
        return found.reshape(*shape[:-1], *found.shape[1:])


def fingerprint(encoder: keras.Model, settings: Json, parts: Iterable[bytes] = ()) -> str:
    """Returns a digest of all that an encoder's outputs depend on.

    Args:
        encoder: Its weights count, and its config except for `name` and `trainable`.
        settings: Anything that JSON can hold, such as the name of a dtype policy.
        parts: Further contents.
    """
    # A name, or whether weights are trainable, does not change the outputs.
    config = {name: value for name, value in encoder.get_config().items() if name not in ("name", "trainable")}
    digest = hashlib.sha256(json.dumps([_VERSION, settings, config], sort_keys=True, default=str).encode())
    for part in parts:
        digest.update(part)
    for weight in encoder.weights:
        array = np.ascontiguousarray(keras.ops.convert_to_numpy(weight))
        digest.update(f"{array.dtype} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()[:32]


def _asset(part: Any) -> bytes:
    """Returns the whole content of a vocabulary or a set of characters."""
    if not hasattr(part, "save"):
        return json.dumps(serialize(part), sort_keys=True).encode()
    with tempfile.TemporaryDirectory() as folder:
        part.save(Path(folder) / "content")
        return (Path(folder) / "content").read_bytes()


def _progress_bar(total: int | None, verbose: int | str, unit: str) -> keras.utils.Progbar:
    return keras.utils.Progbar(total, verbose=1 if verbose == "auto" else verbose, unit_name=unit)


def _half(outputs: Tensor) -> NDArray[np.float16]:
    outputs = np.asarray(outputs, np.float32)
    largest = np.abs(outputs).max(initial=0.0)
    if not np.isfinite(outputs).all() or largest > np.finfo(HALF).max:
        expected = "features that half precision can hold"
        raise ValueError(message(expected, f"one of {largest:.3g}", "fit without `feature_cache`"))
    return outputs.astype(HALF)


def _not_cached(what: str, received: str) -> ValueError:
    expected = f"the same {what} as before the first epoch"
    return ValueError(message(expected, received, f"a dataset that yields the same {what} each time"))


def _keyed_sentences(tokens: TFTensor) -> Iterator[tuple[bytes, list[bytes]]]:
    words, ends = tokens.flat_values.numpy().tolist(), tokens.row_splits.numpy().tolist()
    for start, end in itertools.pairwise(ends):
        yield _sentence_key(words[start:end]), words[start:end]


def _sentence_key(words: list[bytes]) -> bytes:
    # The lengths separate the words: ["ab", "c"] and ["a", "bc"] have different keys.
    parts = b"".join(len(word).to_bytes(4, "little") + word for word in words)
    return hashlib.blake2b(parts, digest_size=KEY_BYTES).digest()


def flat_rows(features: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Reshapes (..., T) to (rows, T), and (..., T, C), such as characters, to (rows, T, C)."""
    axis = features[_MASK].ndim - 1
    return {name: value.reshape(-1, *value.shape[axis:]) for name, value in features.items()}


def _lengths(rows: dict[str, NDArray[Any]]) -> NDArray[np.int64]:
    """Returns the number of positions of each row up to the last real one."""
    mask = rows[_MASK].astype(bool)
    lengths: NDArray[np.int64] = np.where(mask.any(axis=1), mask.shape[1] - mask[:, ::-1].argmax(axis=1), 0)
    return lengths


def row_keys(rows: dict[str, NDArray[Any]]) -> Iterator[bytes]:
    """Yields a key for each row: a digest of its features up to the last real position, independent of padding."""
    rows = dict(rows)
    if "char_ids" in rows:  # a table of the distinct words of the batch: replace the indices by the words' characters
        table = rows.pop("char_ids")
        rows["char_index"] = table.reshape(-1, table.shape[-1])[rows["char_index"]]
    names = sorted(rows)
    for row, length in enumerate(_lengths(rows)):
        parts = b"".join(_content(rows[name][row, :length]) for name in names)
        yield hashlib.blake2b(parts, digest_size=KEY_BYTES).digest()


def _content(values: NDArray[Any]) -> bytes:
    """Returns ids (T,) as bytes; of (T, C) also its width, without columns of padding."""
    if values.ndim == 1:
        return np.asarray(values, "<i4").tobytes()
    width = int(np.flatnonzero(values.any(axis=0)).max(initial=-1)) + 1
    return width.to_bytes(4, "little") + np.asarray(values[:, :width], "<i4").tobytes()
