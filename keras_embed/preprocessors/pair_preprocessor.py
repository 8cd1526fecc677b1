"""Preprocessor of pairs of texts: pairs and labels or scores to features and numbers, and back."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

import keras
import keras_hub
import numpy as np
from numpy.typing import NDArray

from keras_embed._backend import tf
from keras_embed._backend.ragged import encoded
from keras_embed._errors import check_positive, message
from keras_embed._types import Features, LabelData, Splitter, StringData, Tensor, TFTensor, Tokens
from keras_embed.preprocessors.embeddings import learn_words
from keras_embed.preprocessors.labels import (
    ClassLabels,
    check_range,
    classified_labels,
    columns_of,
    labelled_columns,
    pair_scores,
)
from keras_embed.preprocessors.preprocessor import StringPreprocessor
from keras_embed.tokenizers.encoder_tokenizer import EncoderTokenizer
from keras_embed.tokenizers.word_featurizer import WordFeaturizer

SIDES = ("first", "second")


@keras.saving.register_keras_serializable(package="keras_embed")
class PairPreprocessor(StringPreprocessor):
    """Converts pairs of texts and their labels, or scores, to features and numbers, and a network's outputs back.

    A pair has features in one of two forms, by the names that are asked for. Joint features such as `token_ids` hold
    both texts in one row, for encoders such as BERT. Separate features such as `first_token_ids` and
    `second_token_ids` are for models that encode each text on its own.

    Args:
        classes: the K classes, in the order of their ids. `None`: each pair has a score, a real number.
        tokenizer: `WordFeaturizer`, for separate features; or `EncoderTokenizer`, for both forms.
        encoder: a preprocessor of Keras Hub, such as `BertTextClassifierPreprocessor`, instead; joint features.
        score_range: `(low, high)`, range of all scores; `None` for any.
        max_length: number of words that each text is truncated to.
        **kwargs: `name`, `config_file`.

    Call arguments:
        x: a list of pairs of strings or `corpora.LabelledPairs`; a dict with `first` and `second`, strings (B,); a
            tuple of these two as tensors; a string tensor (B, 2); or tokens, as `split` returns them.
        y: labels, strings (B,), or scores, floats (B,).
        sample_weight: (B,) floats, a weight for each pair.
        names: names of the features to compute; `None`: joint ones if the tokenizer supports them, else separate ones.

    Returns:
        features, or `(features, labels)`, or with the weights too. Labels are int32 (B,), scores float32 (B,).

    Raises:
        ValueError: If there is not exactly one of `tokenizer` and `encoder`, there are both `classes` and a
            `score_range`, or an argument is out of range.

    Example:
    >>> from keras_embed.preprocessors import PairPreprocessor
    >>> pairs, labels = [("a man runs", "a man moves"), ("a man runs", "he sits")], ["entailment", "contradiction"]
    >>> preprocessor = PairPreprocessor.from_corpus(pairs, labels)
    >>> preprocessor.classes
    ('contradiction', 'entailment')
    >>> features, ids = preprocessor(pairs, y=labels)
    >>> features["second_token_ids"].numpy()[0, :4].tolist(), ids.numpy().tolist()
    ([2, 3, 6, 0], [1, 0])
    """

    tokenizer_cls = WordFeaturizer
    config_arguments = ("classes", "score_range", "max_length")
    config_layers = ("encoder",)
    unit = "pair"
    multi_label = False

    def __init__(
        self,
        classes: Sequence[str] | None = None,
        tokenizer: WordFeaturizer | EncoderTokenizer | None = None,
        encoder: keras_hub.models.Preprocessor | None = None,
        score_range: tuple[float, float] | None = None,
        max_length: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(tokenizer, encoder, **kwargs)
        if max_length is not None:
            check_positive("max_length", max_length)
        if (tokenizer is None) == (encoder is None):
            received = "neither" if tokenizer is None else "both"
            raise ValueError(message("either a `tokenizer` or an `encoder`", received, "from_corpus(pairs, labels)"))
        if classes is not None and score_range is not None:
            raise ValueError(message("`classes` or a `score_range`", "both"))
        self.score_range = check_range(score_range)
        self.max_length = max_length
        self.labels = None if classes is None else ClassLabels(classes)

    @property
    def classes(self) -> tuple[str, ...] | None:
        """The classes, by id; `None` if pairs have scores."""
        return None if self.labels is None else self.labels.classes

    @classmethod
    def from_corpus(
        cls,
        pairs: StringData,
        labels: LabelData = None,
        tokenizer: WordFeaturizer | EncoderTokenizer | None = None,
        encoder: keras_hub.models.Preprocessor | None = None,
        score_range: tuple[float, float] | str | None = "seen",
        max_length: int | None = None,
        splitter: Splitter | None = None,
        **kwargs: Any,
    ) -> Self:
        """Learns classes, or the range of scores, and words from training data.

        Args:
            pairs: `corpora.LabelledPairs`, or pairs of strings.
            labels: a string for each pair, or a number.
            tokenizer: see the class; a `WordFeaturizer` is learned if there is none and no `encoder`.
            encoder: see the class.
            score_range: see the class; "seen": from the lowest to the highest score of the data.
            max_length: see the class.
            splitter: splits texts into words, for a tokenizer that is learned; see `WordFeaturizer`.
            **kwargs: arguments of `WordFeaturizer.from_tokens`.
        """
        pairs, labels = labelled_columns(pairs, labels, "pairs")
        first, second = pair_texts(pairs, len(labels))
        classes = None
        if labels and isinstance(labels[0], (str, bytes)):
            known = ClassLabels.from_labels(labels, multi_label=False)
            classes, score_range = known.classes, None
        elif isinstance(score_range, str):
            scores = pair_scores(labels)
            score_range = (float(scores.min()), float(scores.max())) if len(scores) else None
        if tokenizer is None and encoder is None:
            tokenizer = learn_words(first + second, splitter, **kwargs)
        return cls(classes, tokenizer, encoder, score_range, max_length)

    # === Strings to features ===

    def signature(self) -> dict[str, TFTensor]:
        return {name: tf.TensorSpec([None], tf.string, name=name) for name in SIDES}

    def columns(self, x: StringData, y: LabelData = None, sample_weight: LabelData = None) -> tuple[Any, Any, Any]:
        """Returns the columns `first` and `second`, and labels as numbers if they are in memory."""
        if not self.is_split(x):
            x, y = columns_of(x, y, "pairs")
            expected = None if y is None or tf.is_tensor(y) else len(y)
            x = dict(zip(SIDES, pair_columns(x, expected), strict=True))
        if y is not None and not tf.is_tensor(y):
            y = tf.constant(self.numbers(y))
        return x, y, sample_weight

    def numbers(self, labels: Iterable[str | float]) -> NDArray[Any]:
        """Converts labels or scores in memory to an array (N,), int32 or float32.

        Raises:
            ValueError: If a label is unknown, or a score is not a number or out of range. The message names the pair.
        """
        return pair_scores(labels, self.score_range) if self.labels is None else self.labels.encode(labels)  # type: ignore[arg-type]

    def tokenize(self, columns: dict[str, TFTensor]) -> Tokens:
        """Returns `first_tokens` and `second_tokens`, ragged (B, None); for an encoder, `first_texts` and so on."""
        if self.tokenizer is None:
            return {f"{name}_texts": columns[name] for name in SIDES}
        words = [self.tokenizer.tokenize(columns[name]) for name in SIDES]
        if self.max_length is not None:
            words = [side[:, : self.max_length] for side in words]
        return {f"{name}_tokens": side for name, side in zip(SIDES, words, strict=True)}

    def encode(self, tokens: Tokens, names: Iterable[str] | None = None) -> Features:
        if self.tokenizer is None:
            first, second = (tokens[f"{name}_texts"] for name in SIDES)
            return self.encoder((first, second), y=None)  # without `y`, Keras Hub would take the second for labels
        first, second = (tokens[f"{name}_tokens"] for name in SIDES)
        names = None if names is None else tuple(names)
        joins = hasattr(self.tokenizer, "encode_pair")
        apart = not joins if names is None else any(name.startswith(f"{side}_") for side in SIDES for name in names)
        if apart:
            return self._separate(first, second, names)
        if not joins:
            raise ValueError(
                message(
                    f"a tokenizer that puts two texts in a row, for the features {sorted(names or ())}",
                    type(self.tokenizer).__name__,
                    "EncoderTokenizer, or PairClassifier(..., comparison='siamese')",
                )
            )
        return self.tokenizer.encode_pair(first, second, names)

    def _separate(self, first: TFTensor, second: TFTensor, names: tuple[str, ...] | None) -> Features:
        """Returns features of each text, both padded to one length, so that a compiler meets few shapes."""
        features: Features = {}
        if getattr(self.tokenizer, "splits_words", False):
            both = self.tokenizer.encode(tf.concat([first, second], axis=0), names=_of_side(names, "first_"))
            halves = {name: tf.split(value, 2, axis=0) for name, value in both.items()}
            for index, side in enumerate(SIDES):
                features |= {f"{side}_{name}": half[index] for name, half in halves.items()}
            return features
        longest = tf.maximum(first.bounding_shape(axis=1), second.bounding_shape(axis=1))
        for side, tokens in zip(SIDES, (first, second), strict=True):
            made = self.tokenizer.encode(tokens, min_length=longest, names=_of_side(names, f"{side}_"))
            features |= {f"{side}_{name}": value for name, value in made.items()}
        return features

    def lengths(self, tokens: Tokens) -> NDArray[np.int64]:
        """Returns the length of both texts together, in words or bytes."""
        first, second = (super(PairPreprocessor, self).lengths(side) for side in tokens.values())
        return first + second

    def encode_labels(self, y: TFTensor, tokens: Tokens, features: Features) -> TFTensor:
        """Returns labels as int32 ids (B,), or scores as float32 (B,)."""
        if self.labels is None:
            return tf.reshape(tf.cast(y, tf.float32), [-1])
        return self.labels.graph(y) if y.dtype == tf.string else y

    def postprocess(self, answers: TFTensor, thresholds: Tensor | None = None) -> dict[str, TFTensor]:  # type: ignore[override]
        """Converts probabilities (B, K) to labels, see `classified_labels`, or scores (B, 1) to `score` (B,)."""
        if self.classes is None:
            return {"score": tf.reshape(answers, [-1])}
        return classified_labels(answers, self.classes)


def _of_side(names: tuple[str, ...] | None, prefix: str) -> list[str] | None:
    return None if names is None else [name.removeprefix(prefix) for name in names if name.startswith(prefix)]


def pair_texts(pairs: Iterable[Sequence[str]], expected: int | None = None) -> tuple[list[bytes], list[bytes]]:
    """Returns first and second texts of pairs in memory, in UTF-8.

    Args:
        pairs: pairs of strings, which may be empty.
        expected: number of labels, `None` for none.

    Raises:
        ValueError: If `pairs` is one text, a pair is not two strings or cannot be encoded in UTF-8, or there is another
            number of labels. The message names the pair.
    """
    if isinstance(pairs, (str, bytes)):
        raise ValueError(message("a list of pairs of texts", pairs, "[(first, second)]"))
    sides: tuple[list[bytes], list[bytes]] = ([], [])
    for index, pair in enumerate(pairs):
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise ValueError(message("two texts in every pair", f"{pair!r} as pair {index}", "(first, second)"))
        for side, one in zip(sides, pair, strict=True):
            side.append(encoded(one, index, what="text", of="pair"))
    if expected is not None and expected != len(sides[0]):
        raise ValueError(message("as many labels as pairs", f"{expected} labels, {len(sides[0])} pairs"))
    return sides


def pair_columns(x: StringData, expected: int | None = None) -> tuple[Any, Any]:
    """Returns first and second texts of pairs in any form: string tensors (B,), or UTF-8 bytes in memory.

    Args:
        x: a list of pairs; a dict with `first` and `second`; a tuple of two string tensors (B,); or one of (B, 2).
        expected: number of labels, which is checked for pairs in memory.
    """
    if isinstance(x, Mapping):
        missing = [name for name in SIDES if name not in x]
        if missing:
            raise ValueError(message("a dict with `first` and `second`", sorted(x)))
        columns = [x[name] for name in SIDES]
    elif tf.is_tensor(x) or isinstance(x, np.ndarray):
        table = tf.reshape(tf.convert_to_tensor(x, tf.string), [-1, 2])
        columns = [table[:, 0], table[:, 1]]
    elif isinstance(x, (list, tuple)) and len(x) == 2 and all(tf.is_tensor(side) for side in x):
        columns = list(x)
    else:
        return pair_texts(x, expected)
    first, second = (tf.reshape(tf.convert_to_tensor(column, tf.string), [-1]) for column in columns)
    return first, second
