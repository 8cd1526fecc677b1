"""Texts' log-probabilities under a language model."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from keras_embed._backend import predict_batch
from keras_embed._errors import check_one_of
from keras_embed.functional.crossentropy import crossentropy

UNITS = ("piece", "word", "character")
_SHORTEST = 8


class Scorer(keras.Model):
    """From features and `labels` (B, T) to the labels' log-probability in each row, (B,), sharing all weights.

    Args:
        backbone: gives `logits` (B, T, V).
    """

    def __init__(self, backbone: Any) -> None:
        super().__init__(name="scorer")
        self.backbone = backbone
        self.built = True

    def call(self, features: dict[str, Any]) -> Any:
        features = dict(features)
        labels = features.pop("labels")
        logits = self.backbone(features, training=False)["logits"]
        return -ops.sum(crossentropy(labels, logits), axis=-1)


def log_probabilities(scorer: Scorer, batches: Any, count: int, max_length: int) -> NDArray[np.float64]:
    """That of each of some texts, (count,).

    Args:
        scorer: of the model.
        batches: `preprocessors.LanguageModelBatches` of the texts.
        count: texts.
        max_length: of the batches' windows.
    """
    totals = np.zeros(count)
    for numbers, features, labels in batches.numbered():
        rows, length = labels.shape
        more = (_power(rows) - rows, min(max(_power(length), _SHORTEST), max_length) - length)
        padded = {name: _padded(x, more, 0) for name, x in {**features, "labels": labels + 1}.items()}
        padded["labels"] = padded["labels"] - 1
        found = np.asarray(predict_batch(scorer, padded))[:rows]
        np.add.at(totals, numbers, found.astype(np.float64))
    return totals


def units(texts: Sequence[Any], per: str, num_pieces: int) -> int:
    """How many pieces, words or characters texts have; the end of each counts as one.

    Args:
        texts: strings.
        per: one of `UNITS`.
        num_pieces: of all texts, with ends.
    """
    check_one_of("per", per, UNITS)
    if per == "piece":
        return num_pieces
    strings = [text.decode("utf-8", "replace") if isinstance(text, bytes) else text for text in texts]
    return len(strings) + sum(len(text.split() if per == "word" else text) for text in strings)


def _power(number: int) -> int:
    """The next power of two: few shapes for a compiler."""
    return 1 << (number - 1).bit_length()


def _padded(x: NDArray[Any], more: tuple[int, int], value: int) -> NDArray[Any]:
    return np.pad(x, [(0, more[0]), (0, more[1])], constant_values=value)
