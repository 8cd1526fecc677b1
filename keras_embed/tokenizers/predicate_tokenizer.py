"""Sentences in which a word is marked as the predicate, and their features."""

from collections.abc import Iterable, Sequence
from typing import Any

import keras

from keras_embed._backend import tf
from keras_embed._types import TFTensor
from keras_embed.tokenizers.predicates import PREDICATE_MARK
from keras_embed.tokenizers.word_features import PredicateIds, WordBatch, WordFeature
from keras_embed.tokenizers.word_featurizer import WordFeaturizer

_MARK = f"^{PREDICATE_MARK}"


@keras.saving.register_keras_serializable(package="keras_embed")
class PredicateTokenizer(WordFeaturizer):
    r"""A `WordFeaturizer` for sentences in which a predicate is marked by `mark_predicate`.

    Marks are removed before words are looked up. They yield one more feature, `predicate_ids` (B, T) int32: 1 for a
    marked word, 0 for the others.

    Args:
        *args: of `WordFeaturizer`.
        **kwargs: of `WordFeaturizer`.

    Example:
    >>> from keras_embed.tokenizers import PredicateTokenizer
    >>> tokenizer = PredicateTokenizer.from_tokens([["Ada", "\x02likes", "it"]], bucket_lengths=(4,))
    >>> features = tokenizer.encode([["Ada", "\x02likes", "it"]])
    >>> features["predicate_ids"].numpy().tolist(), tokenizer.get_vocabulary()[2:]
    ([[0, 1, 0, 0]], ['ada', 'it', 'likes'])
    """

    @classmethod
    def from_tokens(cls, sentences: Iterable[Iterable[str]], *args: Any, **kwargs: Any) -> Any:
        """Learns the vocabulary as `WordFeaturizer.from_tokens`, without the marks."""
        plain = ([word.removeprefix(PREDICATE_MARK) for word in sentence] for sentence in sentences)
        return super().from_tokens(plain, *args, **kwargs)

    @property
    def features(self) -> tuple[WordFeature, ...]:
        """The features, in the order of `encode`."""
        return (*super().features, PredicateIds())

    def batch(self, tokens: TFTensor | Sequence[Sequence[str]], min_length: int = 0) -> WordBatch:
        """Returns sentences with and without marks."""
        tokens = tokens if isinstance(tokens, tf.RaggedTensor) else tf.ragged.constant(tokens, tf.string, ragged_rank=1)
        return WordBatch(without_marks(tokens), min_length, self.bucket_lengths, tokens)


def without_marks(tokens: TFTensor) -> TFTensor:
    """Removes the marks of predicates from ragged words (B, None), in TensorFlow graph code."""
    return tokens.with_flat_values(tf.strings.regex_replace(tokens.flat_values, _MARK, "", replace_global=False))
