"""Files that only the package that wrote them can read: gensim's pickles and navec's archives.

Unpickling runs code that the file names. So a file is read by gensim only if its name or the caller says that it is
gensim's: never open one that you do not trust.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras_embed.vectors._extras import import_extra
from keras_embed.vectors.formats._reading import Repairs, Selection, word_vectors
from keras_embed.vectors.subwords import Subwords
from keras_embed.vectors.word_vectors import WordVectors

GENSIM_SUFFIXES = (".model", ".kv", ".w2v", ".wordvectors", ".keyedvectors", ".gensim")
NAVEC_MEMBERS = ("meta.json", "vocab.bin", "pq.bin")


def is_gensim_name(path: Path) -> bool:
    """Returns True if a file's name ends as gensim's files usually do, compressed or not."""
    name = path.name.lower()
    for packed in (".gz", ".bz2", ".xz"):
        name = name.removesuffix(packed)
    return name.endswith(GENSIM_SUFFIXES)


def read_gensim(path: Path, selection: Selection, repairs: Repairs) -> WordVectors:
    """Reads KeyedVectors, Word2Vec, FastText and FastTextKeyedVectors.

    Args:
        path: the file; gensim finds the arrays that it wrote beside it by its name.
        selection: the words to read.
        repairs: counts the repairs.
    """
    keyed = _load_gensim(path, repairs)
    words = list(keyed.index_to_key)
    chosen = _chosen(words, selection, repairs)
    counts = None
    if "count" in getattr(keyed, "expandos", {}):
        counts = np.asarray(keyed.expandos["count"], np.int64)[chosen]
    matrix = np.asarray(keyed.vectors, np.float32)[chosen]
    subwords = _gensim_subwords(keyed, chosen, repairs)
    return word_vectors([words[row] for row in chosen], matrix, repairs, "gensim", subwords, counts)


def read_navec(path: Path, selection: Selection, repairs: Repairs) -> WordVectors:
    """Reads an archive and decodes its vectors to floats; `<unk>` and `<pad>` are read like other words.

    Args:
        path: the file.
        selection: the words to read.
        repairs: counts the repairs.
    """
    navec = import_extra("navec", "reading a navec archive")
    try:
        found = navec.Navec.load(str(path))
    except Exception as error:
        received = f"{type(error).__name__}: {error}"
        raise repairs.error("", "a complete navec archive", received, "to fetch the file again") from error
    words = list(found.vocab.words)
    chosen = _chosen(words, selection, repairs)
    matrix = np.asarray(found.pq.sampled(chosen).unpack(), np.float32)
    counts = found.vocab.counts
    if counts is not None:
        counts = np.array(counts, np.int64)[chosen]
    return word_vectors([words[row] for row in chosen], matrix, repairs, "navec", None, counts)


def _chosen(words: list[str], selection: Selection, repairs: Repairs) -> NDArray[np.int64]:
    repairs.rows_seen = len(words)
    rows = selection.rows(words)
    return np.arange(len(words)) if rows is None else np.array(rows, np.int64)


def _load_gensim(path: Path, repairs: Repairs) -> Any:
    """Returns the KeyedVectors of a file."""
    gensim = import_extra("gensim.utils", "reading gensim's own files")
    try:
        found = gensim.SaveLoad.load(str(path))
        keyed = getattr(found, "wv", found)
        len(keyed.index_to_key), keyed.vectors.shape
    except Exception as error:  # gensim's versions raise many types
        received = f"{type(error).__name__}: {str(error).rstrip('.')}"
        try_ = "the gensim that wrote it, to save it by save_word2vec_format or, with n-grams, as fastText's .bin"
        raise repairs.error("", "a model or vectors that the installed gensim can read", received, try_) from error
    return keyed


def _gensim_subwords(keyed: Any, rows: NDArray[np.int64], repairs: Repairs) -> Subwords | None:
    grams = getattr(keyed, "vectors_ngrams", None)
    if grams is None or not keyed.bucket or keyed.max_n < max(keyed.min_n, 1):
        return None
    if not getattr(keyed, "compatible_hash", True):
        what = "n-grams with fastText's hash, as in gensim since 3.7"
        raise repairs.error("", what, "a model of an older gensim", "its vectors alone, by save_word2vec_format")
    # gensim 3 stored only the rows of buckets that its words use; gensim 4 reads these and then indexes wrong rows.
    kept = {int(bucket): int(row) for bucket, row in getattr(keyed, "hash2index", {}).items()}
    words = np.asarray(keyed.vectors_vocab, np.float32)[rows]
    packed = kept if len(grams) < keyed.bucket else None
    return Subwords(np.asarray(grams, np.float32), keyed.bucket, keyed.min_n, keyed.max_n, packed, words)
