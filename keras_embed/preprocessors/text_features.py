"""Texts to features in two steps: split once, then encoded batch by batch."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras_embed._backend import tf
from keras_embed._backend.ragged import bucket_length, dense, encoded_texts
from keras_embed._errors import message
from keras_embed.tokenizers.word_featurizer import BUCKET_LENGTHS

#: Texts that are split at a time.
_CHUNK = 4096


class TextFeatures:
    """What a text is for a model: words with their features, weighted terms, or what an encoder of Keras Hub reads.

    Splitting texts is slow and does not depend on the batch, so it is done once for texts in memory; padding is done
    for each batch. Both are TensorFlow graph code.

    Args:
        tokenizer: `WordFeaturizer`, for `token_ids`, `padding_mask` ...; or `None`.
        tfidf: `layers.TfidfVectorization` that has learnt its terms, for `term_ids` and `term_weights`; or `None`.
        encoder: a preprocessor of Keras Hub, texts (B,) to a dict; or `None`.
        max_length: words that a text is cut to; `None` for all. Terms are not cut.
    """

    def __init__(self, tokenizer: Any, tfidf: Any, encoder: Any, max_length: int | None) -> None:
        self.tokenizer, self.tfidf, self.encoder, self.max_length = tokenizer, tfidf, encoder, max_length

    def split(self, texts: Any) -> dict[str, Any]:
        """Texts, string (B,), as a dict of ragged tensors (B, None), and of strings (B,) for an encoder."""
        parts: dict[str, Any] = {}
        if self.tokenizer is not None:
            tokens = self.tokenizer.tokenize(texts)
            parts["tokens"] = tokens if self.max_length is None else tokens[:, : self.max_length]
        if self.tfidf is not None:
            parts["term_ids"], parts["term_weights"] = self.tfidf.terms(texts)
        if self.encoder is not None:
            parts["texts"] = texts
        return parts

    def parts(self, x: Any) -> dict[str, Any]:
        """Texts in any form, string (B,), a list, or split before, as `split` gives them."""
        if isinstance(x, dict):
            return x
        x = encoded_texts(x) if isinstance(x, (list, tuple)) else x
        return self.split(tf.reshape(tf.convert_to_tensor(x, tf.string), [-1]))

    def split_all(self, texts: Sequence[bytes]) -> dict[str, Any]:
        """As `split`, for any number of texts in memory."""
        chunks = [
            self.split(tf.constant(texts[start : start + _CHUNK], tf.string))
            for start in range(0, max(1, len(texts)), _CHUNK)
        ]
        return {name: tf.concat([chunk[name] for chunk in chunks], axis=0) for name in chunks[0]}

    def encode(self, parts: dict[str, Any], names: Iterable[str] | None = None) -> dict[str, Any]:
        """What `split` gave as dense features, padded to few lengths.

        Args:
            parts: of `split`.
            names: the features of words to make; see `WordFeaturizer.encode`.
        """
        features: dict[str, Any] = {}
        if "tokens" in parts:
            features.update(self.tokenizer.encode(parts["tokens"], names=names))
        if "term_ids" in parts:
            ids, weights = parts["term_ids"], parts["term_weights"]
            length = bucket_length(ids.bounding_shape(axis=1), BUCKET_LENGTHS)
            features.update(term_ids=dense(ids, length), term_weights=dense(weights, length, 0.0))
        if "texts" in parts:
            features.update(self.encoder(parts["texts"]))
        return features

    def lengths(self, parts: dict[str, Any]) -> NDArray[np.int64]:
        """How long each text is: in words, in terms, or in bytes."""
        part = next(iter(parts.values()))
        return (part.row_lengths() if isinstance(part, tf.RaggedTensor) else tf.strings.length(part)).numpy()

    def check_exportable(self) -> None:
        """Raises `ValueError`, naming the step, where a step runs in Python."""
        if self.tfidf is not None:
            self.tfidf.pipeline.check_exportable()

    def resources(self) -> list[Any]:
        """What an exporter must hold: lookup tables, and layers that have some."""
        held: list[Any] = []
        if self.tokenizer is not None:
            held += self.tokenizer.resources()
        held += [] if self.tfidf is None else self.tfidf.resources()
        return [*held, *([] if self.encoder is None else [self.encoder])]


def pick(features: dict[str, Any], names: Any) -> dict[str, Any]:
    """The features that a model reads, and no others.

    A Functional model that gets one feature too many pairs them by position, without an error.

    Args:
        features: of a preprocessor.
        names: of the model's inputs; or these inputs by name, and then their widths must agree too.

    Raises:
        ValueError: where one is missing, or is of another width.
    """
    missing = [name for name in names if name not in features]
    if missing:
        raise ValueError(
            message(
                f"a preprocessor that makes the features {sorted(names)}, which the backbone reads",
                f"one that makes {sorted(features)}",
                "a WordFeaturizer for `token_ids`, a TfidfVectorization for `term_ids`, `elmo_characters` and "
                "`elmo_vocabulary` in the WordFeaturizer for `elmo_word_ids` and `elmo_cache_ids`",
            )
        )
    found = {name: features[name] for name in names}
    if isinstance(names, dict):
        for name, tensor in names.items():
            _check_width(name, found[name].shape, tensor.shape)
    return found


def _check_width(name: str, made: Any, read: Any) -> None:
    """Characters of ELMo in rows of another length are other words."""
    if len(made) == len(read) and None not in (made[-1], read[-1]) and made[-1] != read[-1]:
        raise ValueError(
            message(
                f"a preprocessor that makes the feature `{name}` {read[-1]} wide, as the backbone reads it",
                f"one that makes it {made[-1]} wide",
                f"from_corpus(..., elmo_characters=ElmoCharacters(max_characters={read[-1]}))",
            )
        )
