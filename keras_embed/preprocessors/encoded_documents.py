"""Documents as numbers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras_embed._backend import tf
from keras_embed._backend.ragged import encoded_texts
from keras_embed._errors import message

_SENTENCES_AT_ONCE = 4096


@dataclass(frozen=True)
class EncodedDocuments:
    """Documents as numbers, one behind the other.

    Attributes:
        pieces: (P,) int32.
        begins: (P,) bool, where a word begins.
        sentences: (S + 1,) where each sentence begins among the pieces, and P.
        documents: (D + 1,) where each document begins among the sentences, and S.
    """

    pieces: NDArray[np.int32]
    begins: NDArray[np.bool_]
    sentences: NDArray[np.int64]
    documents: NDArray[np.int64]

    @classmethod
    def of(cls, documents: Sequence[Any], tokenizer: Any, splitter: Any) -> "EncodedDocuments":
        """Documents, cut into sentences and pieces.

        Args:
            documents: strings, or lists of sentences. Sentences without a piece, and documents without a sentence,
                are left out.
            tokenizer: `EncoderTokenizer`.
            splitter: `tokenizers.SentenceSplitter`, or any object with `split(text)`.

        Raises:
            ValueError: for one text instead of a list, and a document that is neither a string nor a list.
        """
        if isinstance(documents, (str, bytes)):
            raise ValueError(message("a list of documents", documents[:40], "[document]"))
        sentences: list[str] = []
        ends = [0]
        for number, document in enumerate(documents):
            if not isinstance(document, Iterable):
                raise ValueError(message("strings or lists of sentences", f"{document!r} as document {number}"))
            sentences += splitter.split(document) if isinstance(document, str) else document
            ends.append(len(sentences))
        ids, begins, lengths = [np.zeros(0, np.int32)], [np.zeros(0, bool)], [np.zeros(0, np.int64)]
        strings = encoded_texts(sentences)
        for first in range(0, len(strings), _SENTENCES_AT_ONCE):
            words = tokenizer.tokenize(tf.constant(strings[first : first + _SENTENCES_AT_ONCE]))
            pieces = tokenizer.pieces(words)
            ids.append(pieces.flat_values.numpy())
            starts = np.zeros(len(ids[-1]) + 1, bool)
            starts[pieces.values.row_splits.numpy()] = True
            begins.append(starts[:-1])
            lengths.append(pieces.merge_dims(1, 2).row_lengths().numpy())
        sizes = np.concatenate(lengths)
        real = np.concatenate([[0], np.cumsum(sizes > 0)])[ends]
        bounds = np.concatenate([[0], np.cumsum(sizes[sizes > 0])])
        return cls(np.concatenate(ids), np.concatenate(begins), bounds, np.unique(np.append(real, 0)))
