"""Text classification: sentiment, topics, intents, spam."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from keras_embed._errors import check_one_of, check_positive, check_rate, message
from keras_embed.backbones import BagBackbone
from keras_embed.backbones.embedded import check_hidden
from keras_embed.layers import TfidfVectorization
from keras_embed.preprocessors import ClassifierPreprocessor
from keras_embed.tasks._architectures import OF_TEXTS, backbone_of
from keras_embed.tasks._classification import ClassificationTask
from keras_embed.tasks._classifier_head import pooling_config, representation, scores, with_pooling
from keras_embed.tasks._label_numbers import best_thresholds, checked_thresholds
from keras_embed.tasks._parts import check_parts
from keras_embed.tasks._string_task import Made


@keras.saving.register_keras_serializable(package="keras_embed")
class TextClassifier(ClassificationTask):
    """Gives a text one of some classes, or any number of them: backbone, pooling, and a score for each class.

    `fit` and `evaluate` take texts and labels as strings, or a `tf.data.Dataset` of batches `(texts, labels)`, and
    batch texts of similar length in few fixed shapes. `classify` gives labels and probabilities, `report` the scores of
    each class, `export` writes a SavedModel from strings to labels. The training graph ends in logits.

    Args:
        backbone: a backbone of `keras_embed.backbones` or Keras Hub. Its `pooled_output` (B, D) is used as it is, a
            `sequence_output` (B, T, D) is pooled. On `BagBackbone` without hidden layers it is the linear model.
        preprocessor: `ClassifierPreprocessor`, or `None` to feed features and class numbers.
        num_classes: K, needed where there is no preprocessor.
        multi_label: likewise: whether a text has any number of labels.
        pooling: "mean", "max", "first" or "cls", "last" (of both directions, if the backbone has two), "attention", or
            a layer called as `layer(sequence, mask=mask)`. None: `pooled_output`, else "max".
        hidden_dims: widths of hidden layers before the scores.
        dropout: on the vector of the text, or on the terms' weights.
        kernel_regularizer: of the last layer's weights.
        term_scales: (V, K) fixed factors of a linear model's weights, such as `preprocessor.log_count_ratios`, which
            make it Wang and Manning's. Saved with the weights.
        thresholds: with any number of labels, the probability from which on a text has a label; one, or one for each
            class. See `tune_thresholds`. Metrics in `fit` and `evaluate` are at 0.5.
        **kwargs: `name`, `compile`.

    Raises:
        ValueError: for parts that do not belong together, and numbers out of range.

    Example:
    >>> import keras_embed as ke
    >>> texts, labels = ["a fine film", "dull", "fine acting"], ["good", "bad", "good"]
    >>> tfidf = ke.layers.TfidfVectorization()
    >>> preprocessor = ke.preprocessors.ClassifierPreprocessor.from_corpus(texts, labels, tfidf=tfidf)
    >>> classifier = ke.TextClassifier(ke.backbones.BagBackbone(preprocessor.num_terms), preprocessor)
    >>> history = classifier.fit(texts, labels, epochs=20, verbose=0)
    >>> [answer] = classifier.classify(["fine"])
    >>> answer.label, answer.probability > 0.5
    ('good', True)

    References:
        Kim 2014, https://arxiv.org/abs/1408.5882; Iyyer et al. 2015, https://aclanthology.org/P15-1162; Wang and
        Manning 2012, https://aclanthology.org/P12-2018; Joulin et al. 2017, https://aclanthology.org/E17-2068.
    """

    kind = "classifier"
    needs = "labels"
    preprocessor_cls = ClassifierPreprocessor

    def __init__(
        self,
        backbone: Any,
        preprocessor: Any = None,
        num_classes: int | None = None,
        multi_label: bool = False,
        pooling: Any = None,
        hidden_dims: Sequence[int] = (),
        dropout: float = 0.0,
        kernel_regularizer: Any = None,
        term_scales: Any = None,
        thresholds: Any = 0.5,
        **kwargs: Any,
    ) -> None:
        check_parts(self, backbone, preprocessor)
        hidden_dims = check_hidden(hidden_dims, dropout)
        if preprocessor is not None:
            num_classes, multi_label = len(preprocessor.classes), preprocessor.multi_label
        if num_classes is None:
            received = "neither"
            raise ValueError(message("a `preprocessor` or `num_classes`", received, "TextClassifier(b, num_classes=2)"))
        check_positive("num_classes", num_classes)
        check_rate("dropout", dropout)
        regularizer = keras.regularizers.get(kernel_regularizer)

        # === Functional Model ===
        inputs = backbone.input
        x = representation(backbone(inputs), inputs, pooling, backbone)
        logits = scores(x, backbone, num_classes, hidden_dims, dropout, regularizer, term_scales)  # (B, K)
        # Set before `super().__init__`, which compiles.
        self.backbone = backbone
        self.preprocessor = preprocessor
        self.num_classes = num_classes
        self.multi_label = multi_label
        super().__init__(inputs=inputs, outputs=logits, **kwargs)

        # === Config ===
        self.pooling = pooling
        self.hidden_dims = hidden_dims
        self.dropout = dropout
        self.kernel_regularizer = regularizer
        self.has_term_scales = term_scales is not None
        self.thresholds = checked_thresholds(thresholds, num_classes)
        self._made = Made()

    @classmethod
    def from_corpus(
        cls,
        texts: Any,
        labels: Sequence[Any] | None = None,
        architecture: str = "linear",
        preprocessor: Any = None,
        embeddings: Any = None,
        multi_label: bool | None = None,
        head: dict[str, Any] | None = None,
        **backbone: Any,
    ) -> "TextClassifier":
        """A fresh classifier whose classes and words are those of a corpus.

        Args:
            texts: `corpora.LabelledTexts`, or strings.
            labels: of strings: a label, or a list of labels, for each.
            architecture: "linear", logistic regression on TF-IDF of words and pairs of neighbours; "average",
                "convolutional", "recurrent", "transformer" or "bcn", backbones over embeddings.
            preprocessor: `ClassifierPreprocessor`, instead of one that is learnt from the corpus.
            embeddings: layers that the backbone reads; `None`: fresh ones of words.
            multi_label: of the preprocessor that is learnt.
            head: the class' own arguments, such as `{"pooling": "attention"}`.
            **backbone: for the backbone, such as `hidden_dim=200`; and `word_dim`, `char_filters`, `casing_dim` and
                `weights` of fresh embeddings, see `ClassifierPreprocessor.embeddings`.

        Raises:
            ValueError: for an architecture that is not known, `embeddings` of a "linear" one, and as the preprocessor
                and the backbone do.

        Example:
        >>> texts, labels = ["a fine film", "dull", "fine acting"], ["good", "bad", "good"]
        >>> classifier = TextClassifier.from_corpus(texts, labels, "convolutional", word_dim=8, filters=4)
        >>> classifier.preprocessor.classes
        ('bad', 'good')
        """
        check_one_of("architecture", architecture, {"linear", *OF_TEXTS})
        if preprocessor is None:
            tfidf = TfidfVectorization(ngrams=(1, 2)) if architecture == "linear" else None
            preprocessor = ClassifierPreprocessor.from_corpus(texts, labels, tfidf=tfidf, multi_label=multi_label)
        if architecture == "linear":
            if embeddings is not None:
                received = "`embeddings` for one of terms"
                raise ValueError(message("an architecture that reads words", received, 'architecture="average"'))
            return cls(BagBackbone(preprocessor.num_terms, **backbone), preprocessor, **(head or {}))
        return cls(
            backbone_of(architecture, OF_TEXTS, preprocessor, embeddings, backbone), preprocessor, **(head or {})
        )

    def tune_thresholds(self, texts: Sequence[str], labels: Sequence[Any], batch_size: int = 32) -> NDArray[np.float32]:
        """Sets the threshold of each class to the one with the best F1 on texts that were not trained on.

        Args:
            texts: strings.
            labels: a list of labels for each.
            batch_size: texts at a time.

        Returns:
            the thresholds (K,), which are the classifier's from now on.

        Raises:
            ValueError: unless a text may have any number of labels.
        """
        self.check_preprocessor()
        if not self.multi_label:
            raise ValueError(message("a classifier with any number of labels", "one label a text", "multi_label=True"))
        true = self.preprocessor.labels.encode(labels)
        self.thresholds = best_thresholds(true, self.probabilities(texts, batch_size))
        return self.thresholds

    def get_config(self) -> dict[str, Any]:
        alone = {} if self.preprocessor else {"num_classes": self.num_classes, "multi_label": self.multi_label}
        return {
            **super().get_config(),
            **alone,
            "pooling": pooling_config(self.pooling),
            "hidden_dims": list(self.hidden_dims),
            "dropout": self.dropout,
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
            "term_scales": True if self.has_term_scales else None,
            "thresholds": self.thresholds.tolist(),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "TextClassifier":
        """A classifier of the same shape with fresh weights."""
        return super().from_config(with_pooling(config))
