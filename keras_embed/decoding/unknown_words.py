"""Unknown words in the target, replaced by what stands in the source."""

from collections.abc import Sequence
from typing import Any

from keras import ops


def replace_unknown_ids(token_ids: Any, alignments: Any, source_ids: Any, unknown_id: int = 1) -> Any:
    """Puts, for each unknown token, the id of the source token with the largest weight.

    This is for source and target of one vocabulary; `replace_unknown_words` is for words.

    Args:
        token_ids: int (B, N, L).
        alignments: floats (B, N, L, S); padding has weight 0.
        source_ids: int (B, S).
        unknown_id: the unknown token.

    Returns:
        token ids (B, N, L).

    References:
        Jean et al. 2015, https://arxiv.org/abs/1412.2007, section 3.3; Luong et al. 2015,
        https://arxiv.org/abs/1410.8206.

    Example:
    >>> import numpy as np
    >>> weights = np.array([[[[0.7, 0.3], [0.1, 0.9]]]])
    >>> ops.convert_to_numpy(replace_unknown_ids(np.array([[[5, 1]]]), weights, np.array([[8, 9]]))).tolist()
    [[[5, 9]]]
    """
    places = ops.argmax(ops.convert_to_tensor(alignments), axis=-1)  # (B, N, L)
    flat = ops.reshape(places, (-1, places.shape[1] * ops.shape(places)[2]))
    copied = ops.reshape(ops.take_along_axis(ops.convert_to_tensor(source_ids), flat, axis=1), ops.shape(places))
    token_ids = ops.convert_to_tensor(token_ids)
    return ops.where(token_ids == unknown_id, ops.cast(copied, token_ids.dtype), token_ids)


def replace_unknown_words(
    words: Sequence[str], alignment: Any, source_words: Sequence[str], unknown: str = "<unk>"
) -> list[str]:
    """Puts, for each unknown word, the source word with the largest weight.

    Args:
        words: of a hypothesis.
        alignment: floats, a row for each word and a column for each source word; more of both do no harm, and words
            without a row stay as they are.
        source_words: of the source.
        unknown: how an unknown word is written.

    Returns:
        the words. Where there is no source word, the unknown word stays.

    References:
        Jean et al. 2015, https://arxiv.org/abs/1412.2007, section 3.3.

    Example:
    >>> replace_unknown_words(["in", "<unk>"], [[0.9, 0.1], [0.2, 0.8]], ["à", "Quimper"])
    ['in', 'Quimper']
    """
    replaced = list(words)
    if len(source_words):
        for place, (word, row) in enumerate(zip(words, alignment, strict=False)):
            if word == unknown:
                weights = list(row)[: len(source_words)]
                replaced[place] = source_words[weights.index(max(weights))]
    return replaced
