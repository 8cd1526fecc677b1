"""Replacement of unknown target tokens by source tokens."""

from collections.abc import Sequence

from keras import ops

from keras_embed._types import Tensor


def replace_unknown_ids(token_ids: Tensor, alignments: Tensor, source_ids: Tensor, unknown_id: int = 1) -> Tensor:
    """Replaces each unknown token by the id of the source token with the largest attention weight.

    Source and target must share one vocabulary; `replace_unknown_words` is for words.

    Args:
        token_ids: int (B, N, L).
        alignments: floats (B, N, L, S); padding has weight 0.
        source_ids: int (B, S).
        unknown_id: id of the unknown token.

    Returns:
        Token ids (B, N, L).

    Example:
    >>> import numpy as np
    >>> weights = np.array([[[[0.7, 0.3], [0.1, 0.9]]]])
    >>> ops.convert_to_numpy(replace_unknown_ids(np.array([[[5, 1]]]), weights, np.array([[8, 9]]))).tolist()
    [[[5, 9]]]

    References:
        Jean et al. 2015, https://arxiv.org/abs/1412.2007, section 3.3; Luong et al. 2015,
        https://arxiv.org/abs/1410.8206.
    """
    indices = ops.argmax(ops.convert_to_tensor(alignments), axis=-1)  # (B, N, L)
    flat = ops.reshape(indices, (-1, indices.shape[1] * ops.shape(indices)[2]))  # (B, N * L)
    copied = ops.reshape(ops.take_along_axis(ops.convert_to_tensor(source_ids), flat, axis=1), ops.shape(indices))
    token_ids = ops.convert_to_tensor(token_ids)
    return ops.where(token_ids == unknown_id, ops.cast(copied, token_ids.dtype), token_ids)


def replace_unknown_words(
    words: Sequence[str], alignment: Sequence[Sequence[float]], source_words: Sequence[str], unknown: str = "<unk>"
) -> list[str]:
    """Replaces each unknown word by the source word with the largest attention weight.

    Args:
        words: of a hypothesis.
        alignment: floats, a row for each word and a column for each source word. Extra rows and columns are ignored,
            and words without a row are left unchanged.
        source_words: of the source.
        unknown: the unknown token.

    Returns:
        The words; unknown words are left unchanged if there are no source words.

    Example:
    >>> replace_unknown_words(["in", "<unk>"], [[0.9, 0.1], [0.2, 0.8]], ["à", "Quimper"])
    ['in', 'Quimper']

    References:
        Jean et al. 2015, https://arxiv.org/abs/1412.2007, section 3.3.
    """
    replaced = list(words)
    if len(source_words):
        for index, (word, row) in enumerate(zip(words, alignment, strict=False)):
            if word == unknown:
                weights = list(row)[: len(source_words)]
                replaced[index] = source_words[weights.index(max(weights))]
    return replaced
