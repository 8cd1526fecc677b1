"""Words with a marked predicate to features."""

from collections.abc import Iterable
from typing import Any

import keras

from keras_embed import text
from keras_embed._backend import tf
from keras_embed._backend.ragged import bucket_length, dense
from keras_embed.tokenizers.word_featurizer import WordFeaturizer

_MARK = f"^{text.PREDICATE_MARK}"


@keras.saving.register_keras_serializable(package="keras_embed")
class PredicateTokenizer(WordFeaturizer):
    r"""A `WordFeaturizer` for sentences in which a predicate is marked, see `text.mark_predicate`.

    Marks are taken off before anything is looked up. What they say is one feature more, `predicate_ids` (B, T) int32:
    1 at a marked word, 0 elsewhere.

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
    def from_tokens(cls, sentences: Any, *args: Any, **kwargs: Any) -> Any:
        """As `WordFeaturizer.from_tokens`; marks are no part of words."""
        plain = ([word.removeprefix(text.PREDICATE_MARK) for word in sentence] for sentence in sentences)
        return super().from_tokens(plain, *args, **kwargs)

    def encode(self, tokens: Any, min_length: int = 0, names: Iterable[str] | None = None) -> dict[str, Any]:
        """As `WordFeaturizer.encode`, and `predicate_ids`."""
        tokens = tokens if isinstance(tokens, tf.RaggedTensor) else tf.ragged.constant(tokens, tf.string, ragged_rank=1)
        names = None if names is None else tuple(names)
        plain = without_marks(tokens)
        features = super().encode(plain, min_length, names)
        if names is None or "predicate_ids" in names:
            marked = tf.cast(tokens.flat_values != plain.flat_values, tf.int32)
            length = bucket_length(tf.maximum(tokens.bounding_shape(axis=1), min_length), self.bucket_lengths)
            features["predicate_ids"] = dense(tokens.with_flat_values(marked), length)
        return features


def without_marks(tokens: Any) -> Any:
    """Ragged words (B, None) without the marks of predicates, in TensorFlow graph code."""
    return tokens.with_flat_values(tf.strings.regex_replace(tokens.flat_values, _MARK, "", replace_global=False))
