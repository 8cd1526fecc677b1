"""What a frozen ELMo says of sentences, computed once and kept on disk."""

import hashlib
import itertools
import json
import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from keras_embed import text
from keras_embed._backend import predict_batch, tf
from keras_embed._backend.ragged import ragged_strings
from keras_embed._errors import message
from keras_embed.caching.fingerprints import fingerprint
from keras_embed.caching.row_store import HALF, KEY_BYTES, KeptRows
from keras_embed.layers.elmo_embedding import ELMO_LAYERS
from keras_embed.preprocessors.batching import padded_batch, similar_length_batches

#: Features that nothing but an ELMo reads.
_OF_ENCODER = ("elmo_ids", "elmo_word_ids", "elmo_cache_ids")


class FeatureCache:
    """The layers of a frozen ELMo for each sentence that was ever asked for, in half precision.

    Args:
        folder: where they are kept, of any number of encoders: each has files of its own.
        elmo: `backbones.ElmoBackbone`.
        tokenizer: `WordFeaturizer`, which makes what `elmo` reads.
    """

    def __init__(self, folder: str | os.PathLike[str], elmo: Any, tokenizer: Any) -> None:
        self.elmo, self.tokenizer = elmo, tokenizer
        self.shape = tuple(elmo.output["layer_outputs"].shape[2:])  # (N + 1, 2 D)
        parts = [tokenizer.elmo_characters, *([tokenizer.elmo_vocabulary] if elmo.cache_size else [])]
        digest = fingerprint(elmo, elmo.stack.dtype_policy.name, map(_content, parts))
        self.kept = KeptRows(folder, digest, self.shape)

    def read(self, preprocessor: Any, x: Any) -> Any:
        """The words of a batch, as `fill` takes them."""
        return preprocessor.tokens_of(x)

    def fill(self, tokens: Iterable[Any], batch_size: int, verbose: Any) -> None:
        """Computes what is missing of some sentences.

        Args:
            tokens: batches of sentences, ragged strings (B, None).
            batch_size: sentences encoded at a time.
            verbose: 0: without a progress bar.
        """
        sentences = {key: words for batch in tokens for key, words in _keyed(batch) if words}
        missing = self.kept.missing(sentences)
        if not missing:
            return
        words = ragged_strings([sentences[key] for key in missing])
        self._check_room(words)
        bar = keras.utils.Progbar(len(missing), verbose=1 if verbose == "auto" else verbose, unit_name="sentence")
        try:
            for rows in similar_length_batches(words.row_lengths().numpy(), batch_size):
                batch = padded_batch(words, rows)
                lengths, layers = batch.row_lengths().numpy(), self._encoded(batch)
                parts = [layers[place, : lengths[place]] for place in range(len(rows))]
                self.kept.write([missing[row] for row in rows], parts)
                bar.add(len(rows))
        finally:
            self.kept.close()

    def _encoded(self, tokens: Any) -> NDArray[np.float16]:
        features = self.tokenizer.encode(tokens, names=tuple(self.elmo.input))
        answer = predict_batch(self.elmo, {name: tensor.numpy() for name, tensor in features.items()})
        layers = np.asarray(answer["layer_outputs"], np.float32)
        if not np.isfinite(layers).all() or np.abs(layers).max(initial=0.0) > np.finfo(HALF).max:
            largest = f"one of {np.abs(layers).max():.3g}"
            raise ValueError(message("features that half precision can hold", largest, "fit without `feature_cache`"))
        return layers.astype(HALF)

    def _check_room(self, words: Any) -> None:
        folder = next(place for place in (self.kept.folder, *self.kept.folder.absolute().parents) if place.exists())
        needed, free = int(tf.size(words.flat_values)) * self.kept.row_bytes, shutil.disk_usage(folder).free
        if needed > free:
            expected = f"{needed / 1e9:.1f} GB of room for features in {self.kept.folder}"
            raise OSError(message(expected, f"{free / 1e9:.1f} GB", "a folder on another disk"))

    def added(self, preprocessor: Any, x: Any, features: dict[str, Any]) -> dict[str, Any]:
        """What stands for the encoder's own features in a batch, in TensorFlow graph code.

        Args:
            preprocessor: of the task.
            x: its argument, sentences.
            features: of the batch.

        Returns:
            dict with the layers (B, T, N + 1, 2 D), float16, and nothing, (B, 0) or (B, 0, L), for what is not read.
        """
        tokens = preprocessor.tokens_of(x)
        arguments = [tokens.flat_values, tokens.row_lengths(), tf.shape(features["padding_mask"])[1]]
        layers = tf.numpy_function(self._read, arguments, tf.float16, stateful=False)
        layers.set_shape([None, None, *self.shape])
        empty = {
            name: tf.zeros([tokens.nrows(), 0, *([1] * (len(self.elmo.input[name].shape) - 2))], tf.int32)
            for name in self.replaced
        }
        return {ELMO_LAYERS: layers, **empty}

    @property
    def replaced(self) -> tuple[str, ...]:
        """The features that need not be made."""
        return tuple(name for name in self.elmo.input if name in _OF_ENCODER)

    def _read(self, words: NDArray[Any], lengths: NDArray[np.int64], steps: Any) -> NDArray[np.float16]:
        answer = np.zeros((len(lengths), int(steps), *self.shape), np.float16)
        for row, (start, length) in enumerate(zip(np.cumsum(lengths) - lengths, lengths, strict=True)):
            sentence = list(words[start : start + length])
            try:
                answer[row, :length] = self.kept.rows(_key(sentence)) if sentence else 0
            except KeyError:
                shown = b" ".join(sentence[:8]).decode("utf-8", "replace")
                try_ = "a dataset that gives the same sentences each time"
                raise ValueError(message("sentences that were there before the first epoch", shown, try_)) from None
        return answer


def _content(part: Any) -> bytes:
    """All that a vocabulary or a set of characters is, as bytes."""
    if not hasattr(part, "save"):
        return json.dumps(text.serialization.serialize(part), sort_keys=True).encode()
    with tempfile.TemporaryDirectory() as folder:
        part.save(Path(folder) / "content")
        return (Path(folder) / "content").read_bytes()


def _keyed(tokens: Any) -> Iterable[tuple[bytes, list[bytes]]]:
    words, ends = tokens.flat_values.numpy().tolist(), tokens.row_splits.numpy().tolist()
    for start, end in itertools.pairwise(ends):
        yield _key(words[start:end]), words[start:end]


def _key(words: list[bytes]) -> bytes:
    """Of a sentence; lengths keep the words apart."""
    parts = b"".join(len(word).to_bytes(4, "little") + word for word in words)
    return hashlib.blake2b(parts, digest_size=KEY_BYTES).digest()
