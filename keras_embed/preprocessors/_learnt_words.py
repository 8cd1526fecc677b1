"""The words of texts, learnt."""

from collections.abc import Sequence
from typing import Any

from keras_embed._backend import tf
from keras_embed.tokenizers import any_splitter
from keras_embed.tokenizers.word_featurizer import WordFeaturizer


def learnt_words(texts: Sequence[bytes], splitter: Any, **kwargs: Any) -> WordFeaturizer:
    """A tokenizer that knows the words of some texts.

    Args:
        texts: in UTF-8.
        splitter: of the tokenizer.
        **kwargs: for `WordFeaturizer.from_tokens`.
    """
    tokens = any_splitter.as_tokenizer(splitter).tokenize(tf.constant(texts, tf.string))
    words = ([word.decode("utf-8", "replace") for word in row] for row in tokens.to_list())
    return WordFeaturizer.from_tokens(words, splitter=splitter, **kwargs)
