"""TF-IDF vectors of texts."""

from collections.abc import Iterable, MutableMapping, Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import ArrayLike

from keras_embed import _errors, text
from keras_embed._types import Config, Shape, Tensor, TFTensor
from keras_embed.text import term_matrix

_OUTPUTS = ("tfidf", "count", "multi_hot", "one_hot")


@keras.saving.register_keras_serializable(package="keras_embed")
class TfidfVectorization(keras.layers.Layer):
    """Converts strings to TF-IDF, count, multi-hot or one-hot vectors, equal to those of scikit-learn.

    A text is split into terms (by default: Unicode lower case, runs of two or more word characters), and each term of
    the vocabulary is a column. `adapt` makes one pass over the texts and stores only counts of distinct terms; counts
    of shards computed elsewhere can be added (`text.TermCounts`).

    Lists and arrays of Python strings are processed in NumPy, on every backend. String tensors inside a TensorFlow
    graph (`tf.data` on every backend, `fit` and `export` on TensorFlow) are processed by TensorFlow. Both return equal
    numbers. On JAX and PyTorch strings cannot be inputs of a model: map a dataset instead,
    `dataset.map(lambda x, y: (tfidf(x), y))`.

    Differences from `keras.layers.TextVectorization`, which lower-cases ASCII only, loops over documents in `adapt`,
    has a single unnormalised formula, is dense outside of TensorFlow, does not support custom functions in `tf.data`
    on JAX and PyTorch, splits tokens of its vocabulary file at U+0085 and U+2028, and loses the vocabulary in
    `.weights.h5` files: here terms and their idf are saved exactly, with the weights.

    Args:
        ngrams: Minimal and maximal number of words of a term.
        min_df: Terms in fewer documents are dropped; an int is a number of documents, a float a share of them.
        max_df: Terms in more documents are dropped; likewise.
        max_features: Keeps only this many terms, the most frequent ones.
        output: "tfidf"; "count", as `CountVectorizer`; "multi_hot", 1 for each term of the text; "one_hot", a vector
            for each occurrence of a term of the vocabulary, in text order and zero-padded.
        binary: If True, a term counts once in a text.
        sublinear_tf: If True, replaces the count by 1 + ln(count).
        idf: "smooth", "plain", "textbook", "keras" or "none"; see `text.term_counts.idf` for the formulas.
        norm: "l2", "l1" or `None`. Not used by `output="count"`.
        lowercase: If True, lower-cases the texts.
        stop_words: Words that are not terms: "english", "russian" or a list.
        stemmer: Language of a Snowball stemmer: "russian", "english" ... Stemming runs in Python and cannot be
            exported.
        pipeline: `text.Pipeline` from text to words, instead of the three arguments above. `ngrams` are applied to its
            output.
        sparse: If True, returns sparse tensors: TensorFlow's, or JAX's BCOO (in `tf.data` TensorFlow's, which `fit` on
            JAX converts). Keras has none on PyTorch, where the output is dense. `terms` is sparse on all backends.
        **kwargs: `name`, `dtype`.

    Call arguments:
        inputs: Strings of shape `(B,)`, `(B, 1)` or `()`.

    Returns:
        Float tensor of shape `(B, V)`; with "one_hot" `(B, T, V)`.

    Raises:
        ValueError: If arguments contradict each other, or the layer is called before `adapt`.

    References:
        `sklearn.feature_extraction.text.TfidfVectorizer`, whose matrix this reproduces to 1e-6.

    Example:
    >>> tfidf = TfidfVectorization(ngrams=(1, 2), norm=None, idf="none")
    >>> tfidf.adapt(["Чай и кофе", "чай, чай!"])
    >>> tfidf.vocabulary()
    ['кофе', 'чай', 'чай кофе', 'чай чай']
    >>> keras.ops.convert_to_numpy(tfidf(["Чай, чай, кофе"])).tolist()
    [[1.0, 2.0, 1.0, 1.0]]
    """

    def __init__(
        self,
        ngrams: tuple[int, int] = (1, 1),
        min_df: float = 1,
        max_df: float = 1.0,
        max_features: int | None = None,
        output: str = "tfidf",
        binary: bool = False,
        sublinear_tf: bool = False,
        idf: str = "smooth",
        norm: str | None = "l2",
        lowercase: bool = True,
        stop_words: str | Iterable[str] | None = None,
        stemmer: str | None = None,
        pipeline: text.Pipeline | None = None,
        sparse: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _errors.check_one_of("output", output, _OUTPUTS)
        _errors.check_one_of("idf", idf, text.term_counts.IDF)
        _errors.check_one_of("norm", norm, ("l1", "l2", None))
        if max_features is not None:
            _errors.check_positive("max_features", max_features)
        if sparse and output == "one_hot":
            raise ValueError(_errors.message("dense one-hot vectors", "sparse=True", "`terms`, or sparse=False"))
        self.words_pipeline = text.pipeline.words_pipeline(lowercase, stop_words, stemmer, pipeline)
        self._arguments: dict[str, Any] = {
            "ngrams": tuple(ngrams),
            "min_df": min_df,
            "max_df": max_df,
            "max_features": max_features,
            "output": output,
            "binary": binary,
            "sublinear_tf": sublinear_tf,
            "idf": idf,
            "norm": norm,
            "sparse": sparse,
        }
        self.pipeline = text.Pipeline([*self.words_pipeline.steps, text.WordNgrams(*tuple(ngrams))])
        self.counts: text.TermCounts | None = None
        self._matrix: text.term_matrix.TermMatrix | None = None
        self._width: int | None = None
        # Strings are not tensors of the backend: Keras must neither convert nor compile them.
        self._convert_input_args = False
        self._allow_non_tensor_positional_args = True
        self.supports_jit = False
        self.built = True

    def adapt(self, texts: "Iterable[Any] | text.TermCounts") -> None:
        """Computes the vocabulary and its idf, replacing those of earlier calls.

        Args:
            texts: Strings in a list, an array, a generator, a `tf.data` dataset or a `Corpus`, single or in batches,
                with or without labels; or `text.TermCounts` computed with this layer's `pipeline`.
        """
        counts = texts if isinstance(texts, text.TermCounts) else text.TermCounts.from_texts(texts, self.pipeline)
        arguments = self._arguments
        limits = (arguments["min_df"], arguments["max_df"], arguments["max_features"], arguments["binary"])
        terms, documents = counts.select(*limits)
        self.set_terms(terms, text.term_counts.idf(arguments["idf"], counts.num_documents, documents))
        self.counts = counts

    def merge(self, counts: text.TermCounts) -> None:
        """Adds the counts of more documents to those of `adapt`, and recomputes the vocabulary.

        Args:
            counts: Counts computed with this layer's `pipeline`.

        Raises:
            ValueError: If the layer has no counts, such as after loading: they are not saved.
        """
        if self.counts is None:
            received = "a layer without counts, which are not saved with it"
            raise ValueError(_errors.message("counts to add to", received, "adapt(counts)"))
        self.adapt(self.counts + counts)

    def set_terms(self, terms: Sequence[str], idf: ArrayLike) -> None:
        """Sets the vocabulary and its idf.

        Args:
            terms: Distinct strings; the index of a term is its column.
            idf: One number for each term.
        """
        weighting: dict[str, Any] = {"binary": self._arguments["binary"], "norm": None}
        if self._arguments["output"] == "tfidf":
            weighting |= {name: self._arguments[name] for name in ("sublinear_tf", "norm")}
        else:
            idf = np.ones(len(terms))  # counts and indicators are not weighted
            weighting["binary"] = weighting["binary"] or self._arguments["output"] == "multi_hot"
        self._matrix = text.term_matrix.TermMatrix(terms, idf, self.pipeline, **weighting)
        self._width = len(self._matrix.vocabulary)
        # Keras tracks attributes: an export includes the tables of the graph.
        self._lookup_tables = term_matrix.tracked(self._matrix)
        self.counts = None

    def vocabulary(self) -> list[str]:
        """Returns the terms, in the order of the columns."""
        return list(self.matrix.vocabulary)

    def __len__(self) -> int:
        return len(self.matrix.vocabulary)

    def __bool__(self) -> bool:
        return True  # not by `__len__`: Keras tests layers for truth

    @property
    def matrix(self) -> text.term_matrix.TermMatrix:
        """`text.term_matrix.TermMatrix`, the computation without Keras, also available as a SciPy matrix.

        Raises:
            ValueError: If `adapt` was not called.
        """
        if self._matrix is None:
            received = "a layer without a vocabulary"
            raise ValueError(_errors.message("a vocabulary", received, "adapt(texts), or loading its weights"))
        return self._matrix

    def terms(self, strings: TFTensor) -> tuple[TFTensor, TFTensor]:
        """Returns the terms of each text and their weights, for embedding bags, in TensorFlow's graph on all backends.

        Args:
            strings: String tensor of shape `(B,)`.

        Returns:
            Two ragged TensorFlow tensors `(B, None)`: columns, int32, ascending; and weights, float32.
        """
        return self.matrix.terms(strings)

    def resources(self) -> list[Any]:
        """Returns the lookup tables of the graph. On JAX an exporter must track them; TensorFlow finds them itself."""
        return self.matrix.resources()

    def call(self, inputs: Tensor) -> Tensor:
        ordered = self._arguments["output"] == "one_hot"
        dtype = self.dtype_policy.compute_dtype
        return term_matrix.vectors(self.matrix, inputs, ordered, self._arguments["sparse"], dtype)

    @property
    def compute_dtype(self) -> str:
        """The dtype of the inputs, which Keras must not cast."""
        return "string"

    @property
    def variable_dtype(self) -> str:
        """The same as `compute_dtype`; the layer has no variables."""
        return "string"

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        time = (None,) if self._arguments["output"] == "one_hot" else ()
        return (*tuple(input_shape)[:1], *time, self._width)

    def compute_output_spec(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        shape = self.compute_output_shape(inputs.shape)
        return keras.KerasTensor(shape, self.dtype_policy.compute_dtype, sparse=self._arguments["sparse"])

    def get_config(self) -> Config:
        """Returns the arguments; the vocabulary is saved with the weights."""
        pipeline = text.serialization.serialize(self.words_pipeline)
        return {**super().get_config(), **self._arguments, "pipeline": pipeline}

    @classmethod
    def from_config(cls, config: Config) -> "TfidfVectorization":
        pipeline = text.serialization.deserialize(config["pipeline"])
        return cls(**{**config, "pipeline": pipeline, "ngrams": tuple(config["ngrams"])})

    def get_build_config(self) -> Config:
        """Returns the vocabulary size, so that the layers above can be built before the terms are loaded."""
        # The terms are loaded later, with the weights.
        return {"width": self._width}

    def build_from_config(self, config: Config) -> None:
        self._width = config["width"]

    def save_own_variables(self, store: MutableMapping[str, Any]) -> None:
        if self._matrix is not None:
            store["terms"], store["term_bytes"] = text.strings.pack(self._matrix.vocabulary)
            store["idf"] = self._matrix.idf

    def load_own_variables(self, store: MutableMapping[str, Any]) -> None:
        if "idf" in store.keys():
            self.set_terms(
                text.strings.unpack(store["terms"], store["term_bytes"]), np.asarray(store["idf"], np.float64)
            )
