"""gensim's own files, which are pickles: gensim reads them.

Unpickling runs code that the file names. So a file is read this way only where its name or the caller says that it is
gensim's: open none that you do not trust.
"""

from pathlib import Path
from typing import Any

import numpy as np

from keras_embed.vectors._extras import import_extra
from keras_embed.vectors.formats._repairs import Repairs
from keras_embed.vectors.formats._selection import Selection
from keras_embed.vectors.formats._table import word_vectors
from keras_embed.vectors.subwords import Subwords
from keras_embed.vectors.word_vectors import WordVectors

SUFFIXES = (".model", ".kv", ".w2v", ".wordvectors", ".keyedvectors", ".gensim")


def is_named(path: Path) -> bool:
    """Whether a file's name is one that gensim's users give, packed or not."""
    name = path.name.lower()
    for packed in (".gz", ".bz2", ".xz"):
        name = name.removesuffix(packed)
    return name.endswith(SUFFIXES)


def read(path: Path, selection: Selection, repairs: Repairs) -> WordVectors:
    """Reads KeyedVectors, Word2Vec, FastText and FastTextKeyedVectors.

    Args:
        path: the file; arrays that gensim wrote beside it are found by its name.
        selection: what is wanted of it.
        repairs: where what is mended is counted.
    """
    keyed = _load(path, repairs)
    words = list(keyed.index_to_key)
    repairs.rows_seen = len(words)
    rows = selection.rows(words)
    chosen = np.arange(len(words)) if rows is None else np.array(rows, np.int64)
    counts = None
    if "count" in getattr(keyed, "expandos", {}):
        counts = np.asarray(keyed.expandos["count"], np.int64)[chosen]
    matrix = np.asarray(keyed.vectors, np.float32)[chosen]
    return word_vectors(
        [words[row] for row in chosen], matrix, repairs, "gensim", _subwords(keyed, chosen, repairs), counts
    )


def _load(path: Path, repairs: Repairs) -> Any:
    """The KeyedVectors of a file."""
    gensim = import_extra("gensim.utils", "reading gensim's own files")
    try:
        found = gensim.SaveLoad.load(str(path))
        keyed = getattr(found, "wv", found)
        len(keyed.index_to_key), keyed.vectors.shape
    except Exception as error:  # whatever gensim's many generations raise
        received = f"{type(error).__name__}: {str(error).rstrip('.')}"
        try_ = "the gensim of its time, to write it anew as save_word2vec_format or, for n-grams, as fastText's .bin"
        raise repairs.error("", "a model or vectors that the installed gensim can read", received, try_) from error
    return keyed


def _subwords(keyed: Any, rows: Any, repairs: Repairs) -> Subwords | None:
    grams = getattr(keyed, "vectors_ngrams", None)
    if grams is None or not keyed.bucket or keyed.max_n < max(keyed.min_n, 1):
        return None
    if not getattr(keyed, "compatible_hash", True):
        what = "n-grams hashed as fastText does, as gensim since 3.7 does"
        raise repairs.error("", what, "a model of an older gensim", "its vectors alone, by save_word2vec_format")
    # gensim 3 kept the rows of the buckets that its words use; gensim 4 reads these, and then looks in wrong rows.
    kept = {int(bucket): int(row) for bucket, row in getattr(keyed, "hash2index", {}).items()}
    words = np.asarray(keyed.vectors_vocab, np.float32)[rows]
    packed = kept if len(grams) < keyed.bucket else None
    return Subwords(np.asarray(grams, np.float32), keyed.bucket, keyed.min_n, keyed.max_n, packed, words)
