"""Word2Vec from a corpus: skip-gram and CBOW with negative sampling."""

from keras_embed import _errors
from keras_embed.vectors.training import _gensim_engine, _keras_word2vec
from keras_embed.vectors.training.corpus_ids import Corpus, token_ids
from keras_embed.vectors.word_vectors import WordVectors


def train_word2vec(
    corpus: Corpus,
    algorithm: str = "skipgram",
    dim: int = 100,
    window: int = 5,
    negatives: int = 5,
    min_count: int = 5,
    epochs: int = 5,
    subsample: float = 1e-3,
    learning_rate: float = 0.025,
    seed: int = 1,
    workers: int | None = None,
    engine: str = "keras",
    verbose: int = 1,
) -> WordVectors:
    """Trains word vectors with negative sampling.

    Both engines work by the same rules: words below `min_count` are taken out, frequent ones are thinned out, each
    center draws its window from 1 to `window`, noise is drawn by count^0.75, the learning rate falls linearly to 1e-4.
    The Keras engine differs in that words next to each other share their noise words, and in that a batch of up to
    1,024 centers is computed before its updates are added. Its scores on similarity tests are those of gensim.

    The Keras engine runs on the backend's device as one compiled loop. On a CPU its skip-gram is the faster of the two
    on JAX; gensim's CBOW is the faster one on every backend.

    Args:
        corpus: sentences, each a list of words or of other items, such as the nodes of a random walk (`str(item)` is
            the word); a `corpora.Corpus`; or the path of a tokenised text, a sentence a line.
        algorithm: "skipgram", where a word is to find the words around it, or "cbow", where their mean is to find it.
        dim: width of a vector.
        window: words to each side at most.
        negatives: noise words for each word found.
        min_count: words seen less often are left out.
        epochs: passes over the corpus.
        subsample: words of a greater share than this are thinned out; 0 keeps all.
        learning_rate: in the beginning.
        seed: of all chance. The Keras engine repeats itself exactly on a CPU, gensim with `workers=1`.
        workers: threads of gensim, by default one for each core. Keras' threads are its backend's own affair.
        engine: "keras", or "gensim", which is an extra: `pip install 'keras-embed[vectors]'`.
        verbose: 0: nothing is shown; 1: a bar for each epoch; 2: a line.

    Returns:
        The vectors with their counts, the most frequent word first.

    Raises:
        TypeError: for a corpus that can be read but once, as a generator, and for sentences that are no lists.
        ValueError: for an argument out of its range, or if no word is frequent enough.
        ImportError: if gensim is asked for and absent.

    References:
        Mikolov et al. 2013, https://arxiv.org/abs/1301.3781 and https://arxiv.org/abs/1310.4546.

    Example:
    >>> walks = [[node, (node + 1) % 6, (node + 2) % 6] for node in range(6)] * 20
    >>> vectors = train_word2vec(walks, dim=8, window=2, epochs=2, verbose=0)
    >>> len(vectors), vectors.dim
    (6, 8)
    """
    _errors.check_one_of("algorithm", algorithm, ("skipgram", "cbow"))
    _errors.check_one_of("engine", engine, ("gensim", "keras"))
    sizes = {"dim": dim, "window": window, "negatives": negatives, "min_count": min_count, "epochs": epochs}
    for name, value in sizes.items():
        _errors.check_positive(name, value)
    check_rates(learning_rate, subsample)
    if engine == "gensim":
        return _gensim_engine.word2vec(
            corpus, algorithm, learning_rate=learning_rate, subsample=subsample, seed=seed, workers=workers,
            verbose=verbose, **sizes,
        )  # fmt: skip
    ids = token_ids(corpus, min_count)
    settings = _keras_word2vec.Settings(
        algorithm, dim, window, negatives, epochs, subsample, learning_rate, seed, verbose
    )
    return WordVectors(ids.words, _keras_word2vec.train(ids, settings), counts=ids.counts)


def check_rates(learning_rate: float, subsample: float) -> None:
    """Raises `ValueError` unless the learning rate is above 0, and the share from which words are thinned not below."""
    if not learning_rate > 0:
        raise ValueError(_errors.message("`learning_rate` above 0", learning_rate))
    if not subsample >= 0:
        raise ValueError(_errors.message("`subsample` of at least 0", subsample))
