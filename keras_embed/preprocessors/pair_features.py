"""Pairs of texts to features in two steps: split once, then encoded batch by batch."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras_embed._backend import tf
from keras_embed._errors import message
from keras_embed.preprocessors._pair_texts import SIDES, pair_columns

#: Pairs that are split at a time.
_CHUNK = 4096


class PairFeatures:
    """What a pair of texts is for a model: both in a row, or each with features of its own.

    Which of the two is said by the names of the features that are asked for: `token_ids` is in a row, what an encoder
    like BERT reads at once; `first_token_ids` and `second_token_ids` stand side by side, for models that read each text
    on its own. Splitting does not depend on that, and is done once for texts in memory. All of it is TensorFlow graph
    code.

    Args:
        tokenizer: `WordFeaturizer`, for texts side by side; or `EncoderTokenizer`, for both ways; or `None`.
        encoder: a preprocessor of Keras Hub, two texts to a dict; or `None`.
        max_length: words that each text is cut to; `None` for all.
    """

    def __init__(self, tokenizer: Any, encoder: Any, max_length: int | None) -> None:
        self.tokenizer, self.encoder, self.max_length = tokenizer, encoder, max_length

    def split(self, first: Any, second: Any) -> dict[str, Any]:
        """Texts, string (B,) each, as ragged words (B, None), `first_tokens` and `second_tokens`.

        For an encoder they stay as they are, `first_texts` and `second_texts`.
        """
        if self.tokenizer is None:
            return {"first_texts": first, "second_texts": second}
        words = [self.tokenizer.tokenize(side) for side in (first, second)]
        if self.max_length is not None:
            words = [side[:, : self.max_length] for side in words]
        return {f"{name}_tokens": side for name, side in zip(SIDES, words, strict=True)}

    def parts(self, x: Any) -> dict[str, Any]:
        """Pairs in any form, see `PairPreprocessor`, or split before, as `split` gives them."""
        if isinstance(x, dict) and not any(name in x for name in SIDES):
            return x
        return self.split(*pair_columns(x))

    def split_all(self, first: Sequence[bytes], second: Sequence[bytes]) -> dict[str, Any]:
        """As `split`, for any number of pairs in memory."""
        chunks = [
            self.split(*(tf.constant(side[start : start + _CHUNK], tf.string) for side in (first, second)))
            for start in range(0, max(1, len(first)), _CHUNK)
        ]
        return {name: tf.concat([chunk[name] for chunk in chunks], axis=0) for name in chunks[0]}

    def encode(self, parts: dict[str, Any], names: Iterable[str] | None = None) -> dict[str, Any]:
        """What `split` gave as dense features, padded to few lengths.

        Args:
            parts: of `split`.
            names: the features to make; `None`: all of both texts in a row, where that can be done, else side by side.
        """
        if self.tokenizer is None:
            first, second = (parts[f"{name}_texts"] for name in SIDES)
            return self.encoder((first, second), y=None)  # of a pair alone, Keras Hub would take the second for labels
        first, second = (parts[f"{name}_tokens"] for name in SIDES)
        names = None if names is None else tuple(names)
        joins = hasattr(self.tokenizer, "encode_pair")
        apart = not joins if names is None else any(name.startswith(f"{side}_") for side in SIDES for name in names)
        if apart:
            return self._side_by_side(first, second, names)
        if not joins:
            raise ValueError(
                message(
                    f"a tokenizer that puts two texts in a row, for the features {sorted(names or ())}",
                    type(self.tokenizer).__name__,
                    "EncoderTokenizer, or PairClassifier(..., comparison='siamese')",
                )
            )
        return self.tokenizer.encode_pair(first, second, names)

    def _side_by_side(self, first: Any, second: Any, names: tuple[str, ...] | None) -> dict[str, Any]:
        """Both equally long, so that a compiler meets few shapes."""
        features: dict[str, Any] = {}
        if hasattr(self.tokenizer, "pieces"):
            both = self.tokenizer.encode(tf.concat([first, second], axis=0), names=_of_side(names, "first_"))
            halves = {name: tf.split(value, 2, axis=0) for name, value in both.items()}
            for number, side in enumerate(SIDES):
                features |= {f"{side}_{name}": half[number] for name, half in halves.items()}
            return features
        longest = tf.maximum(first.bounding_shape(axis=1), second.bounding_shape(axis=1))
        for side, tokens in zip(SIDES, (first, second), strict=True):
            made = self.tokenizer.encode(tokens, min_length=longest, names=_of_side(names, f"{side}_"))
            features |= {f"{side}_{name}": value for name, value in made.items()}
        return features

    def lengths(self, parts: dict[str, Any]) -> NDArray[np.int64]:
        """How long each pair is, both texts together: in words or in bytes."""
        sides = [
            part.row_lengths() if isinstance(part, tf.RaggedTensor) else tf.strings.length(part)
            for part in parts.values()
        ]
        return (sides[0] + sides[1]).numpy()

    def resources(self) -> list[Any]:
        """What an exporter must hold: lookup tables, and layers that have some."""
        return [self.encoder] if self.tokenizer is None else self.tokenizer.resources()


def _of_side(names: tuple[str, ...] | None, prefix: str) -> list[str] | None:
    return None if names is None else [name.removeprefix(prefix) for name in names if name.startswith(prefix)]
