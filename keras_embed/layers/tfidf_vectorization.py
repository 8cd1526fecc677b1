"""Texts as weighted bags of terms."""

from typing import Any

import keras
import numpy as np

from keras_embed import _errors, text
from keras_embed.text import term_matrix

_OUTPUTS = ("tfidf", "count", "multi_hot", "one_hot")


@keras.saving.register_keras_serializable(package="keras_embed")
class TfidfVectorization(keras.layers.Layer):
    """Strings to TF-IDF, counts, multi-hot or one-hot vectors, with the numbers of scikit-learn's vectorisers.

    A text becomes terms (by default: Unicode lower case, runs of two or more word characters), a term becomes a
    column, and terms that `adapt` has not kept are left out. `adapt` sees each text once and keeps only counts of
    distinct terms; counts of shards made elsewhere can be added (`text.TermCounts`).

    Lists and arrays of Python strings are done in NumPy, on every backend. String tensors inside a TensorFlow graph
    (`tf.data` on every backend, `fit` and `export` on TensorFlow) are done by TensorFlow. Both give equal numbers.
    On JAX and PyTorch strings cannot be the input of a model: map a dataset, `dataset.map(lambda x, y: (tfidf(x), y))`.

    This is a layer of its own and no subclass of `keras.layers.TextVectorization`, whose parts could not be kept: it
    lower-cases ASCII only; its `adapt` loops over documents for TF-IDF; its own formula without norm is the only one;
    it is dense outside of TensorFlow; custom functions in it fail in `tf.data` on JAX and PyTorch; its vocabulary
    file splits tokens at U+0085 and U+2028, and `.weights.h5` files lose the vocabulary. Here terms and their idf are
    saved with the weights, byte by byte.

    Args:
        ngrams: (shortest, longest) runs of words that are terms.
        min_df: terms in fewer documents are dropped; an int is a number of documents, a float a share of them.
        max_df: terms in more documents are dropped; likewise.
        max_features: keep only so many terms, the most frequent.
        output: "tfidf"; "count", as `CountVectorizer`; "multi_hot", 1 for each term of the text; "one_hot", a vector
            for each occurrence of a known term, in the order of the text, zeros behind.
        binary: whether a term counts once in a text.
        sublinear_tf: whether 1 + ln(count) takes the count's place.
        idf: "smooth", "plain", "textbook", "keras" or "none"; the formulas are at `text.term_counts.idf`.
        norm: "l2", "l1" or None. `output="count"` has none.
        lowercase: whether to lower-case.
        stop_words: words that are no terms: "english", "russian" or a list.
        stemmer: a language of Snowball: "russian", "english" ... Stemming runs in Python, so it cannot be exported.
        pipeline: `text.Pipeline` from text to words, instead of the three arguments above. `ngrams` come after it.
        sparse: whether to give sparse tensors: TensorFlow's, or JAX's BCOO (in `tf.data` TensorFlow's, which `fit` on
            JAX makes its own). Keras has none on PyTorch: there the answer is dense. `terms` is sparse everywhere.
        **kwargs: `name`, `dtype`.

    Call arguments:
        inputs: strings of shape (B,), (B, 1) or ().

    Returns:
        Floats (B, V); "one_hot" (B, T, V).

    Raises:
        ValueError: for arguments that contradict each other, and for a call before `adapt`.

    References:
        `sklearn.feature_extraction.text.TfidfVectorizer`, whose matrix this is to 1e-6.

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
        stop_words: Any = None,
        stemmer: str | None = None,
        pipeline: Any = None,
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
        self.counts: Any = None
        self._matrix: Any = None
        self._width: int | None = None
        self._convert_input_args = False  # strings are no tensors of the backend
        self._allow_non_tensor_positional_args = True
        self.supports_jit = False
        self.built = True

    def adapt(self, texts: Any) -> None:
        """Learns the terms and their idf, and forgets what was learnt before.

        Args:
            texts: strings in a list, an array, a generator, a `tf.data` dataset or a `Corpus`, single or in batches,
                with labels or without; or `text.TermCounts` made with this layer's `pipeline`.
        """
        counted = isinstance(texts, text.TermCounts)
        counts = texts if counted else text.TermCounts.from_texts(texts, self.pipeline)
        given = self._arguments
        terms, documents = counts.select(given["min_df"], given["max_df"], given["max_features"], given["binary"])
        self.set_terms(terms, text.term_counts.idf(given["idf"], counts.num_documents, documents))
        self.counts = counts

    def merge(self, counts: Any) -> None:
        """Adds the counts of more documents to those of `adapt`, and learns the terms again.

        Args:
            counts: `text.TermCounts` made with this layer's `pipeline`.

        Raises:
            ValueError: for a layer without counts: they are not saved with it.
        """
        if self.counts is None:
            raise ValueError(
                _errors.message("counts to add to", "a layer without: they are not saved with it", "adapt(counts)")
            )
        self.adapt(self.counts + counts)

    def set_terms(self, terms: Any, idf: Any) -> None:
        """Takes terms and idf from elsewhere.

        Args:
            terms: distinct strings; the place of a term is its column.
            idf: one number for each.
        """
        weighting: dict[str, Any] = {"binary": self._arguments["binary"], "norm": None}
        if self._arguments["output"] == "tfidf":
            weighting |= {name: self._arguments[name] for name in ("sublinear_tf", "norm")}
        else:
            idf = np.ones(len(terms))
            weighting["binary"] = weighting["binary"] or self._arguments["output"] == "multi_hot"
        self._matrix = text.term_matrix.TermMatrix(terms, idf, self.pipeline, **weighting)
        self._width = len(self._matrix.vocabulary)
        self._held = term_matrix.tracked(self._matrix)
        self.counts = None

    def vocabulary(self) -> list[str]:
        """The terms, by column."""
        return list(self.matrix.vocabulary)

    def __len__(self) -> int:
        return len(self.matrix.vocabulary)

    def __bool__(self) -> bool:
        return True  # a layer is one, whatever its length

    @property
    def matrix(self) -> Any:
        """`text.term_matrix.TermMatrix`: the same numbers without Keras, also as a SciPy matrix.

        Raises:
            ValueError: before `adapt`.
        """
        if self._matrix is None:
            received = "a layer that has not learnt any"
            raise ValueError(_errors.message("known terms", received, "adapt(texts), or loading its weights"))
        return self._matrix

    def terms(self, strings: Any) -> tuple[Any, Any]:
        """The terms of each text and their weights, for embedding bags: in TensorFlow's graph, on every backend.

        Args:
            strings: string tensor (B,).

        Returns:
            two ragged tensors of TensorFlow (B, None): columns, int32, rising, and weights, float32.
        """
        return self.matrix.terms(strings)

    def resources(self) -> list[Any]:
        """The lookup tables behind the graph. On JAX an exporter must track them; TensorFlow finds them itself."""
        return self.matrix.resources()

    def call(self, inputs: Any) -> Any:
        """Vectorises."""
        ordered = self._arguments["output"] == "one_hot"
        dtype = self.dtype_policy.compute_dtype
        return term_matrix.vectors(self.matrix, inputs, ordered, self._arguments["sparse"], dtype)

    @property
    def compute_dtype(self) -> str:
        """Of the input."""
        return "string"

    @property
    def variable_dtype(self) -> str:
        """There are no variables: so nothing is cast."""
        return "string"

    def compute_output_shape(self, input_shape: Any) -> Any:
        """`(B, V)`, or `(B, T, V)`."""
        time = (None,) if self._arguments["output"] == "one_hot" else ()
        return (*tuple(input_shape)[:1], *time, self._width)

    def compute_output_spec(self, inputs: Any) -> Any:
        """Dense or sparse floats."""
        shape = self.compute_output_shape(inputs.shape)
        return keras.KerasTensor(shape, self.dtype_policy.compute_dtype, sparse=self._arguments["sparse"])

    def get_config(self) -> dict[str, Any]:
        """The arguments, without what was learnt."""
        pipeline = text.serialization.serialize(self.words_pipeline)
        return {**super().get_config(), **self._arguments, "pipeline": pipeline}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "TfidfVectorization":
        """A layer that has learnt nothing yet."""
        pipeline = text.serialization.deserialize(config["pipeline"])
        return cls(**{**config, "pipeline": pipeline, "ngrams": tuple(config["ngrams"])})

    def get_build_config(self) -> dict[str, Any]:
        """The number of terms, so that layers above can be built before the terms are read."""
        return {"width": self._width}

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Takes the number of terms."""
        self._width = config["width"]

    def save_own_variables(self, store: Any) -> None:
        """Writes terms and idf beside the weights of other layers."""
        if self._matrix is not None:
            store["terms"], store["term_bytes"] = text.strings.pack(self._matrix.vocabulary)
            store["idf"] = self._matrix.idf

    def load_own_variables(self, store: Any) -> None:
        """Reads what `save_own_variables` wrote."""
        if "idf" in store.keys():
            self.set_terms(
                text.strings.unpack(store["terms"], store["term_bytes"]), np.asarray(store["idf"], np.float64)
            )
