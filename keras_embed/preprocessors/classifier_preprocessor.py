"""Texts and labels in, features and numbers out; and back."""

from collections.abc import Sequence
from typing import Any

import keras
import keras_hub
import numpy as np
from numpy.typing import NDArray

from keras_embed._backend import tf
from keras_embed._backend.ragged import encoded_texts
from keras_embed._errors import check_positive, message
from keras_embed.preprocessors._labelled_data import columns_of, labelled_columns
from keras_embed.preprocessors._learnt_words import learnt_words
from keras_embed.preprocessors._term_assets import TermAssets
from keras_embed.preprocessors._word_embeddings import word_embeddings
from keras_embed.preprocessors.batching import batched_dataset
from keras_embed.preprocessors.class_labels import ClassLabels
from keras_embed.preprocessors.classified_labels import classified_labels
from keras_embed.preprocessors.log_count_ratios import log_count_ratios
from keras_embed.preprocessors.text_features import TextFeatures
from keras_embed.tokenizers.any_backbone import ANY_BACKBONE
from keras_embed.tokenizers.word_featurizer import WordFeaturizer


@keras.saving.register_keras_serializable(package="keras_embed")
class ClassifierPreprocessor(keras_hub.models.Preprocessor):
    """Turns texts and their labels into what a classifier is trained on, and its probabilities back into labels.

    Args:
        classes: the K classes, in the order of their numbers.
        tokenizer: `WordFeaturizer`, for backbones that read words; `EncoderTokenizer`, for those that read pieces.
        tfidf: `layers.TfidfVectorization`, for `BagBackbone`. A preprocessor may have both.
        encoder: a preprocessor of Keras Hub, such as `BertTextClassifierPreprocessor`, for its encoders. None of the
            three, or an `encoder` and a `tokenizer`, is a `ValueError`.
        multi_label: whether a text has any number of labels, and not exactly one.
        max_length: words that a text is cut to; terms are not cut.
        **kwargs: `name`, `config_file`.

    Call arguments:
        x: texts, strings (B,), or what `features.split` made of them.
        y: labels, strings (B,); with `multi_label`, lists of strings, ragged (B, None), or dense with "" as padding.
        sample_weight: (B,) floats, a weight for each text; with `multi_label`, also (B, K).
        names: the features to make; `None`: all but ELMo's, see `WordFeaturizer.encode`.

    Returns:
        features, or `(features, labels)`, or with the weights too. Labels are int32 (B,), or float32 (B, K).

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

    backbone_cls = ANY_BACKBONE
    tokenizer_cls = WordFeaturizer

    def __init__(
        self,
        classes: Sequence[str],
        tokenizer: Any = None,
        tfidf: Any = None,
        encoder: Any = None,
        multi_label: bool = False,
        max_length: int | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.pop("dtype", None)
        super().__init__(dtype="float32", **kwargs)
        if max_length is not None:
            check_positive("max_length", max_length)
        if all(part is None for part in (tokenizer, tfidf, encoder)):
            raise ValueError(message("a `tokenizer`, a `tfidf` or an `encoder`", "none of them", "from_corpus"))
        if tokenizer is not None and encoder is not None:
            raise ValueError(message("a `tokenizer` or an `encoder`", "both, which make features of the same names"))
        if encoder is not None and encoder.config_file == self.config_file:
            encoder.config_file = "encoder.json"  # a preset holds both
        self.tokenizer = tokenizer
        self.tfidf = tfidf
        self.encoder = encoder
        self.max_length = max_length
        self.labels = ClassLabels(classes, multi_label)
        self.features = TextFeatures(tokenizer, tfidf, encoder, max_length)
        self.built = True

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes by number."""
        return self.labels.classes

    @property
    def multi_label(self) -> bool:
        """Whether a text has any number of labels."""
        return self.labels.multi_label

    @property
    def num_terms(self) -> int:
        """V, the number of terms, for `BagBackbone`; without `tfidf`, a `ValueError`."""
        if self.tfidf is None:
            raise ValueError(message("a preprocessor with `tfidf`", "one without", "from_corpus(..., tfidf=...)"))
        return len(self.tfidf)

    @classmethod
    def from_corpus(
        cls,
        texts: Any,
        labels: Sequence[Any] | None = None,
        tokenizer: Any = None,
        tfidf: Any = None,
        encoder: Any = None,
        multi_label: bool | None = None,
        max_length: int | None = None,
        splitter: Any = None,
        **kwargs: Any,
    ) -> "ClassifierPreprocessor":
        """Learns classes, and words or terms, from training data.

        Args:
            texts: `corpora.LabelledTexts`, or strings.
            labels: of strings: a string for each, or a list of strings.
            tokenizer: see the class; a `WordFeaturizer` is learnt where there is none of the three.
            tfidf: a `layers.TfidfVectorization`; it is adapted to the texts if it has learnt nothing yet.
            encoder: see the class.
            multi_label: found out from the labels where `None`.
            max_length: see the class.
            splitter: what splits texts into words, for a tokenizer that is learnt; see `WordFeaturizer`.
            **kwargs: for `WordFeaturizer.from_tokens`.
        """
        texts, labels = labelled_columns(texts, labels, "texts")
        known = ClassLabels.from_labels(labels, multi_label)
        known.encode(labels)
        data = encoded_texts(texts, len(labels))
        if tokenizer is None and tfidf is None and encoder is None:
            tokenizer = learnt_words(data, splitter, **kwargs)
        if tfidf is not None and tfidf.get_build_config()["width"] is None:
            tfidf.adapt(data)
        return cls(known.classes, tokenizer, tfidf, encoder, known.multi_label, max_length)

    def embeddings(
        self, word_dim: int = 100, char_filters: int = 0, casing_dim: int = 0, **kwargs: Any
    ) -> list[keras.layers.Layer]:
        """Embedding layers for a backbone: words alone unless asked for more; without a `tokenizer`, a `ValueError`.

        Args:
            word_dim: of `layers.WordEmbedding`; 0 leaves it out, as it does for the other two.
            char_filters: output width of the character encoder.
            casing_dim: of `layers.CasingEmbedding`.
            **kwargs: the other arguments of `TaggerPreprocessor.embeddings`, such as `weights`, pretrained vectors.
        """
        if self.tokenizer is None:
            raise ValueError(message("a preprocessor with a `tokenizer`", "one without", "from_corpus(texts, labels)"))
        return word_embeddings(self.tokenizer, word_dim, char_filters, casing_dim, **kwargs)

    def log_count_ratios(
        self, texts: Sequence[str], labels: Sequence[Any], smoothing: float = 1.0
    ) -> NDArray[np.float32]:
        """Naive Bayes' weights of the terms, for `TextClassifier(term_scales=...)`; see `log_count_ratios`.

        Args:
            texts: training data.
            labels: of the texts.
            smoothing: added to all counts.

        Returns:
            (V, K).
        """
        ids = self.labels.encode(labels)
        hot = ids if self.multi_label else np.eye(len(self.classes))[ids]
        num_terms = self.num_terms
        terms = self.features.split_all(encoded_texts(texts, len(labels)))["term_ids"]
        return log_count_ratios(terms.value_rowids().numpy(), terms.values.numpy(), hot, num_terms, smoothing)

    def call(self, x: Any, y: Any = None, sample_weight: Any = None, names: Any = None) -> Any:
        features = self.features.encode(self.features.parts(x), names)
        if isinstance(y, (list, tuple)):
            y = tf.constant(self.labels.encode(y))
        elif y is not None and y.dtype == tf.string:
            y = self.labels.graph(y)
        return keras.utils.pack_x_y_sample_weight(features, y, sample_weight)

    def tokens_of(self, x: Any) -> Any:
        """The words, ragged (B, None), of what `call` takes, where there is a `tokenizer`."""
        return self.features.parts(x)["tokens"]

    def build(self, input_shape: Any = None) -> None:
        """Nothing to build."""

    def split(self, texts: Sequence[str]) -> dict[str, Any]:
        """Checks texts in memory and splits them; see `TextFeatures.split`."""
        return self.features.split_all(encoded_texts(texts))

    def dataset(
        self,
        texts: Any,
        labels: Any = None,
        sample_weight: Any = None,
        batch_size: int = 32,
        seed: int | None = None,
    ) -> Any:
        """A `tf.data.Dataset` of batches `(texts, labels[, weights])` of similar length: split, checked, not padded.

        Args:
            texts: strings, or `corpora.LabelledTexts`.
            labels: a string for each; with `multi_label`, a list of strings.
            sample_weight: a weight for each text; with `multi_label`, also one for each class.
            batch_size: texts in a batch.
            seed: shuffles anew every epoch; `None` sorts by length.

        Raises:
            ValueError: for no texts, a text that is no string, a label that is not known. It names the text.
        """
        texts, labels = columns_of(texts, labels, "texts")
        data = encoded_texts(texts, None if labels is None else len(labels))
        if not data:
            raise ValueError(message("at least one text", "none"))
        parts = self.features.split_all(data)
        columns: list[Any] = [parts]
        if labels is not None:
            columns.append(tf.constant(self.labels.encode(labels)))
        if sample_weight is not None:
            columns.append(tf.constant(sample_weight, tf.float32))
        return batched_dataset(tuple(columns), batch_size, seed, self.features.lengths(parts))

    def postprocess(self, probabilities: Any, thresholds: Any) -> dict[str, Any]:
        """Probabilities (B, K) as labels, in TensorFlow graph code; see `classified_labels`."""
        return classified_labels(probabilities, self.classes, thresholds if self.multi_label else None)

    def save_to_preset(self, preset_dir: Any) -> None:
        """Writes config and assets into a folder."""
        super().save_to_preset(preset_dir)
        if self.tfidf is not None:
            TermAssets(self.tfidf).save_assets(preset_dir)

    def load_preset_assets(self, preset: Any) -> None:
        """Reads what `save_to_preset` wrote."""
        super().load_preset_assets(preset)
        if self.tfidf is not None:
            TermAssets(self.tfidf).load_preset_assets(preset)

    def get_config(self) -> dict[str, Any]:
        config = {**super().get_config(), "classes": self.classes, "multi_label": self.multi_label}
        config |= {"max_length": self.max_length}
        for name, part in (("tfidf", self.tfidf), ("encoder", self.encoder)):
            if part is not None:
                config[name] = keras.layers.serialize(part)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "ClassifierPreprocessor":
        """A preprocessor without words and terms, which the assets bring."""
        parts: dict[str, Any] = {name: config[name] for name in ("tfidf", "encoder") if name in config}
        made = {name: keras.layers.deserialize(part) for name, part in parts.items()}
        return super().from_config({**config, **made})
