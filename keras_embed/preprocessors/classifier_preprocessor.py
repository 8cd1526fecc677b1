"""Preprocessor of classifiers: texts and labels to features and ids, and probabilities to labels."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import keras
import keras_hub
import numpy as np
from numpy.typing import NDArray

from keras_embed._backend import tf
from keras_embed._backend.ragged import bucket_length, dense, encoded_texts
from keras_embed._errors import check_positive, message
from keras_embed._types import Features, LabelData, PathLike, Splitter, StringData, Tensor, TFTensor, Tokens
from keras_embed.preprocessors.embeddings import learn_words
from keras_embed.preprocessors.labels import ClassLabels, classified_labels, columns_of, labelled_columns
from keras_embed.preprocessors.preprocessor import StringPreprocessor, text_column
from keras_embed.tokenizers.encoder_tokenizer import EncoderTokenizer
from keras_embed.tokenizers.word_featurizer import BUCKET_LENGTHS, WordFeaturizer

if TYPE_CHECKING:
    from keras_embed.layers import TfidfVectorization

_TERMS_FILE = "terms.npz"


@keras.saving.register_keras_serializable(package="keras_embed")
class ClassifierPreprocessor(StringPreprocessor):
    """Converts texts and their labels to features and ids, and a classifier's probabilities back to labels.

    Args:
        classes: the K classes, in the order of their ids.
        tokenizer: `WordFeaturizer`, for backbones that read words; `EncoderTokenizer`, for those that read subwords.
        tfidf: `layers.TfidfVectorization`, for `BagBackbone`. A preprocessor may have both.
        encoder: a preprocessor of Keras Hub, such as `BertTextClassifierPreprocessor`, for its encoders.
        multi_label: True if a text has any number of labels, False if it has exactly one.
        max_length: number of words that a text is truncated to; terms are not truncated.
        **kwargs: `name`, `config_file`.

    Call arguments:
        x: texts, strings (B,), a list or `corpora.LabelledTexts`; or tokens, as `split` returns them.
        y: labels, strings (B,); with `multi_label`, lists of strings, ragged (B, None), or dense with "" as padding.
        sample_weight: (B,) floats, a weight for each text; with `multi_label`, also (B, K).
        names: names of the features to compute; `None`: all but ELMo's, see `WordFeaturizer.encode`.

    Returns:
        features, or `(features, labels)`, or with the weights too. Labels are int32 (B,), or float32 (B, K).

    Raises:
        ValueError: If there is none of `tokenizer`, `tfidf` and `encoder`, or both an `encoder` and a `tokenizer`.

    Example:
    >>> from keras_embed.preprocessors import ClassifierPreprocessor
    >>> texts, labels = ["a fine film", "dull"], ["good", "bad"]
    >>> preprocessor = ClassifierPreprocessor.from_corpus(texts, labels)
    >>> preprocessor.classes
    ('bad', 'good')
    >>> features, ids = preprocessor(texts, y=labels)
    >>> features["token_ids"].numpy()[0, :4].tolist(), ids.numpy().tolist()
    ([2, 5, 4, 0], [1, 0])
    """

    tokenizer_cls = WordFeaturizer
    config_arguments = ("classes", "multi_label", "max_length")
    config_layers = ("tfidf", "encoder")

    def __init__(
        self,
        classes: Sequence[str],
        tokenizer: WordFeaturizer | EncoderTokenizer | None = None,
        tfidf: "TfidfVectorization | None" = None,
        encoder: keras_hub.models.Preprocessor | None = None,
        multi_label: bool = False,
        max_length: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(tokenizer, encoder, **kwargs)
        if max_length is not None:
            check_positive("max_length", max_length)
        if all(part is None for part in (tokenizer, tfidf, encoder)):
            raise ValueError(message("a `tokenizer`, a `tfidf` or an `encoder`", "none of them", "from_corpus"))
        if tokenizer is not None and encoder is not None:
            raise ValueError(message("a `tokenizer` or an `encoder`", "both, which make features of the same names"))
        self.tfidf = tfidf
        self.max_length = max_length
        self.labels = ClassLabels(classes, multi_label)

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes, by id."""
        return self.labels.classes

    @property
    def multi_label(self) -> bool:
        """True if a text has any number of labels."""
        return self.labels.multi_label

    @property
    def num_terms(self) -> int:
        """V, the number of terms, for `BagBackbone`; raises `ValueError` without a `tfidf`."""
        if self.tfidf is None:
            raise ValueError(message("a preprocessor with `tfidf`", "one without", "from_corpus(..., tfidf=...)"))
        return len(self.tfidf)

    @classmethod
    def from_corpus(
        cls,
        texts: StringData,
        labels: LabelData = None,
        tokenizer: WordFeaturizer | EncoderTokenizer | None = None,
        tfidf: "TfidfVectorization | None" = None,
        encoder: keras_hub.models.Preprocessor | None = None,
        multi_label: bool | None = None,
        max_length: int | None = None,
        splitter: Splitter | None = None,
        **kwargs: Any,
    ) -> Self:
        """Learns classes, and words or terms, from training data.

        Args:
            texts: `corpora.LabelledTexts`, or strings.
            labels: a string for each text, or a list of strings.
            tokenizer: see the class; a `WordFeaturizer` is learned if there is none of the three.
            tfidf: a `layers.TfidfVectorization`; it is adapted to the texts if it has not been adapted yet.
            encoder: see the class.
            multi_label: `None` infers it from the labels.
            max_length: see the class.
            splitter: splits texts into words, for a tokenizer that is learned; see `WordFeaturizer`.
            **kwargs: arguments of `WordFeaturizer.from_tokens`.
        """
        texts, labels = labelled_columns(texts, labels, "texts")
        known = ClassLabels.from_labels(labels, multi_label)
        known.encode(labels)
        data = encoded_texts(texts, len(labels))
        if tokenizer is None and tfidf is None and encoder is None:
            tokenizer = learn_words(data, splitter, **kwargs)
        if tfidf is not None and tfidf.get_build_config()["width"] is None:
            tfidf.adapt(data)
        return cls(known.classes, tokenizer, tfidf, encoder, known.multi_label, max_length)

    # === Strings to features ===

    def signature(self) -> dict[str, TFTensor]:
        return {"text": tf.TensorSpec([None], tf.string, name="text")}

    def columns(self, x: StringData, y: LabelData = None, sample_weight: LabelData = None) -> tuple[Any, Any, Any]:
        """Returns the column `text`, and labels as ids if they are in memory."""
        if not self.is_split(x):
            x, y = columns_of(x, y, "texts")
            expected = None if y is None or tf.is_tensor(y) else len(y)
            x = {"text": text_column(x["text"] if isinstance(x, dict) else x, expected)}
        if y is not None and not tf.is_tensor(y):
            y = tf.constant(self.labels.encode(y))
        return x, y, sample_weight

    def tokenize(self, columns: dict[str, TFTensor]) -> Tokens:
        """Returns `tokens`, `term_ids` and `term_weights`, ragged (B, None), and `texts` (B,) for an encoder."""
        texts = columns["text"]
        tokens: dict[str, TFTensor] = {}
        if self.tokenizer is not None:
            words = self.tokenizer.tokenize(texts)
            tokens["tokens"] = words if self.max_length is None else words[:, : self.max_length]
        if self.tfidf is not None:
            tokens["term_ids"], tokens["term_weights"] = self.tfidf.terms(texts)
        if self.encoder is not None:
            tokens["texts"] = texts
        return tokens

    def encode(self, tokens: Tokens, names: Iterable[str] | None = None) -> Features:
        features: Features = {}
        if "tokens" in tokens:
            features.update(self.tokenizer.encode(tokens["tokens"], names=names))
        if "term_ids" in tokens:
            ids, weights = tokens["term_ids"], tokens["term_weights"]
            length = bucket_length(ids.bounding_shape(axis=1), BUCKET_LENGTHS)
            features.update(term_ids=dense(ids, length), term_weights=dense(weights, length, 0.0))
        if "texts" in tokens:
            features.update(self.encoder(tokens["texts"]))
        return features

    def encode_labels(self, y: TFTensor, tokens: Tokens, features: Features) -> TFTensor:
        """Returns labels as ids; see `ClassLabels.graph`."""
        return self.labels.graph(y) if y.dtype == tf.string else y

    def tokens_of(self, x: StringData) -> TFTensor:
        """Returns the words of texts, ragged (B, None), of a preprocessor with a `tokenizer`."""
        return self.split(x)["tokens"]

    def postprocess(self, probabilities: TFTensor, thresholds: Tensor) -> dict[str, TFTensor]:  # type: ignore[override]
        """Converts probabilities (B, K) to labels, in TensorFlow graph code; see `classified_labels`."""
        return classified_labels(probabilities, self.classes, thresholds if self.multi_label else None)

    def resources(self) -> list[Any]:
        return [*super().resources(), *([] if self.tfidf is None else self.tfidf.resources())]

    def check_exportable(self) -> None:
        if self.tfidf is not None:
            self.tfidf.pipeline.check_exportable()

    # === Naive Bayes ===

    def log_count_ratios(
        self, texts: Sequence[str], labels: Sequence[Any], smoothing: float = 1.0
    ) -> NDArray[np.float32]:
        """Returns the weights of naive Bayes, for `TextClassifier(term_scales=...)`; see `log_count_ratios`.

        Args:
            texts: training data.
            labels: labels of the texts.
            smoothing: added to all counts.

        Returns:
            (V, K).
        """
        ids = self.labels.encode(labels)
        hot = ids if self.multi_label else np.eye(len(self.classes))[ids]
        num_terms = self.num_terms
        encoded_texts(texts, len(labels))
        terms = self.split(texts)["term_ids"]
        return log_count_ratios(terms.value_rowids().numpy(), terms.values.numpy(), hot, num_terms, smoothing)

    # === Presets ===

    def save_to_preset(self, preset_dir: PathLike) -> None:
        """Writes config and assets to a folder."""
        super().save_to_preset(preset_dir)
        if self.tfidf is not None:
            _TermAssets(self.tfidf).save_assets(preset_dir)

    def load_preset_assets(self, preset: PathLike) -> None:
        """Reads the assets that `save_to_preset` wrote."""
        super().load_preset_assets(preset)
        if self.tfidf is not None:
            _TermAssets(self.tfidf).load_preset_assets(preset)


class _TermAssets(keras_hub.tokenizers.Tokenizer):
    """The terms of a TF-IDF layer as a preset asset.

    Keras Hub resolves the files of a tokenizer in a folder or on a server alike.

    Args:
        tfidf: layer whose terms are saved or loaded.
    """

    def __init__(self, tfidf: "TfidfVectorization") -> None:
        super().__init__(dtype="int32", config_file="terms.json")
        self.file_assets = [_TERMS_FILE]
        self._held = (tfidf,)  # in a tuple, so that Keras does not track the layer

    def save_assets(self, dir_path: PathLike) -> None:
        store: dict[str, Any] = {}
        self._held[0].save_own_variables(store)
        folder = Path(dir_path) / "assets" / "terms"
        folder.mkdir(parents=True, exist_ok=True)
        np.savez(folder / _TERMS_FILE, **store)

    def load_assets(self, dir_path: PathLike) -> None:
        with np.load(Path(dir_path) / _TERMS_FILE) as store:
            self._held[0].load_own_variables(store)


def log_count_ratios(
    rows: Sequence[int] | NDArray[Any],
    ids: Sequence[int] | NDArray[Any],
    labels: Sequence[Sequence[float]] | NDArray[Any],
    num_terms: int,
    smoothing: float = 1.0,
) -> NDArray[np.float32]:
    """Computes how much more often a term occurs in texts of a class than in others (Wang and Manning 2012, 2.1).

    `r_k = ln((p_k / |p_k|_1) / (q_k / |q_k|_1))`, where `p_k` is the number of texts of class k that have the term,
    plus `smoothing`, and `q_k` the same of the texts of all other classes.

    Args:
        rows: (N,) index of the text of each entry; each pair of text and term occurs once.
        ids: (N,) id of the term of each entry.
        labels: (B, K) of 0 and 1.
        num_terms: V.
        smoothing: added to all counts, above 0.

    Returns:
        (V, K).

    Example:
    >>> ratios = log_count_ratios([0, 0, 1], [0, 1, 1], [[1, 0], [0, 1]], num_terms=2)
    >>> np.round(ratios.astype(float), 3).tolist()
    [[0.405, -0.405], [-0.288, 0.288]]
    """
    labels = np.asarray(labels, np.float64)
    rows, ids = np.asarray(rows, np.int64), np.asarray(ids, np.int64)
    with_term = np.stack([np.bincount(ids, column[rows], minlength=num_terms) for column in labels.T], axis=1)  # (V, K)
    documents = np.bincount(ids, minlength=num_terms)[:, None]  # (V, 1)
    p, q = smoothing + with_term, smoothing + documents - with_term
    ratios = np.log(p / p.sum(0)) - np.log(q / q.sum(0))
    return ratios.astype(np.float32)
