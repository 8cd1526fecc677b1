"""A copy of an ELMo that keeps the vectors of known words."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from keras import ops

from keras_embed import text


def cached_copy(elmo: Any, words: Iterable[str], characters: Any, batch_size: int) -> Any:
    """See `ElmoBackbone.cache_vocabulary`."""
    vocabulary = list(text.Vocabulary(words))
    copy = type(elmo).from_config({**elmo.get_config(), "cache_size": len(vocabulary)})
    for ours, theirs in ((elmo.token_encoder, copy.token_encoder), (elmo.stack, copy.stack)):
        theirs.set_weights(ours.get_weights())
    # By way of NumPy: two models that hold one array could not both give it away, as JAX does in `predict`.
    copy.reader.warm_hidden.assign(ops.convert_to_numpy(elmo.reader.warm_hidden))
    copy.reader.warm_cell.assign(ops.convert_to_numpy(elmo.reader.warm_cell))
    rows = [*vocabulary[2:], *text.elmo_characters.BOUNDARIES]
    chunks = [rows[start : start + batch_size] for start in range(0, len(rows), batch_size)]
    vectors = [_vectors(elmo.token_encoder, chunk, characters) for chunk in chunks]
    # Padding, and the unknown word that is never looked up, are zero.
    copy.reader.cache.assign(np.concatenate([np.zeros((2, elmo.projection_dim)), *vectors]))
    return copy


def _vectors(encoder: Any, words: list[str], characters: Any) -> Any:
    arguments = [np.array([characters.encode_python(word) for word in words], np.int32)]
    if encoder.vocabulary_size:
        arguments.append(np.array([characters.word_ids_python(word) for word in words], np.int32))
    return ops.convert_to_numpy(ops.cast(encoder(*arguments), "float32"))
