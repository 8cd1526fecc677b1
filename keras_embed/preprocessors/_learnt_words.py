"""The words of texts, learnt."""

from collections.abc import Sequence
from typing import Any

from keras_embed import text
from keras_embed._backend import tf
from keras_embed.preprocessors.feature_tokenizer import FeatureTokenizer


def learnt_words(texts: Sequence[bytes], splitter: Any, **kwargs: Any) -> FeatureTokenizer:
    """A tokenizer that knows the words of some texts.

    Args:
        texts: in UTF-8.
        splitter: of the tokenizer.
        **kwargs: for `FeatureTokenizer.from_tokens`.
    """
    tokens = text.as_tokenizer(splitter).tokenize(tf.constant(texts, tf.string))
    words = ([word.decode("utf-8", "replace") for word in row] for row in tokens.to_list())
    return FeatureTokenizer.from_tokens(words, splitter=splitter, **kwargs)
