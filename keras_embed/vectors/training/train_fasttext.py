"""fastText from a corpus: Word2Vec over character n-grams."""

from keras_embed import _errors
from keras_embed.vectors._extras import positive
from keras_embed.vectors.training import _gensim_engine
from keras_embed.vectors.training.corpus_ids import Corpus
from keras_embed.vectors.training.train_word2vec import check_rates
from keras_embed.vectors.word_vectors import WordVectors


def train_fasttext(
    corpus: Corpus,
    algorithm: str = "skipgram",
    dim: int = 100,
    window: int = 5,
    negatives: int = 5,
    min_count: int = 5,
    epochs: int = 5,
    subsample: float = 1e-3,
    learning_rate: float = 0.025,
    min_n: int = 3,
    max_n: int = 6,
    num_buckets: int = 2_000_000,
    seed: int = 1,
    workers: int | None = None,
    verbose: int = 1,
) -> WordVectors:
    """Trains fastText vectors by gensim: a word is the mean of its own row and of the rows of its character n-grams.

    Args:
        corpus: as in `train_word2vec`.
        algorithm: "skipgram" or "cbow".
        dim: width of a vector.
        window: maximum number of words to each side.
        negatives: number of noise words for each pair.
        min_count: words with a lower count are removed.
        epochs: number of passes over the corpus.
        subsample: words with a higher relative frequency are subsampled; 0 keeps all.
        learning_rate: initial learning rate.
        min_n: length of the shortest n-grams, including the brackets around the word.
        max_n: length of the longest n-grams.
        num_buckets: number of rows for n-grams, which share them by a hash. The default is fastText's, 800 MB at width
            100; a small corpus needs fewer.
        seed: random seed; training is deterministic with `workers=1`.
        workers: number of threads; `None`: one for each core.
        verbose: 0: silent; 1: a progress bar for each epoch; 2: a line.

    Returns:
        The vectors with `subwords`, so that out-of-vocabulary words have vectors too.

    Raises:
        TypeError: If the corpus can be read only once, such as a generator, or a sentence is not a list.
        ValueError: If an argument is out of range, or no word is frequent enough.
        ImportError: If gensim is not installed: `pip install 'keras-embed[vectors]'`.

    References:
        Bojanowski et al. 2017, https://arxiv.org/abs/1607.04606.

    Example:
    >>> tales = [["the", "fox", "and", "the", "foxes"], ["the", "wolf", "and", "the", "wolves"]] * 20
    >>> vectors = train_fasttext(tales, dim=8, num_buckets=100, epochs=2, workers=1, verbose=0)
    >>> vectors.subwords.matrix.shape
    (100, 8)
    """
    _errors.check_one_of("algorithm", algorithm, ("skipgram", "cbow"))
    sizes = {"dim": dim, "window": window, "negatives": negatives, "min_count": min_count, "epochs": epochs}
    grams = {"min_n": min_n, "max_n": max_n, "num_buckets": num_buckets}
    sizes = {name: positive(name, value) for name, value in sizes.items()}
    grams = {name: positive(name, value) for name, value in grams.items()}
    check_rates(learning_rate, subsample)
    if max_n < min_n:
        raise ValueError(_errors.message("`max_n` of at least `min_n`", f"min_n={min_n}, max_n={max_n}"))
    return _gensim_engine.fasttext(
        corpus, algorithm, learning_rate=learning_rate, subsample=subsample, seed=seed, workers=workers,
        verbose=verbose, **sizes, **grams,
    )  # fmt: skip
