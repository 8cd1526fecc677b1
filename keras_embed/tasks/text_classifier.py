"""Text classification: sentiment, topics, intents, spam."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from keras_embed._errors import check_one_of, check_positive, check_rate, message
from keras_embed._types import Config, KerasObject, Samples, Tensor
from keras_embed.backbones import BagBackbone
from keras_embed.backbones.embedded import check_hidden
from keras_embed.layers import TfidfVectorization
from keras_embed.preprocessors import ClassifierPreprocessor
from keras_embed.tasks._backbones import OF_TEXTS, backbone_of
from keras_embed.tasks._pooled_head import Pooling, class_scores, pooling_config, representation, with_pooling
from keras_embed.tasks.classification import ClassificationTask


@keras.saving.register_keras_serializable(package="keras_embed")
class TextClassifier(ClassificationTask):
    """Assigns one of K classes to a text, or any number of them: backbone, pooling, and a score for each class.

    `fit` and `evaluate` take texts and labels as strings, or a `tf.data.Dataset` of batches `(texts, labels)`, and
    batch texts of similar length in few fixed shapes. `classify` returns labels and probabilities, `report` the scores
    of each class, `export` writes a SavedModel from `text` (B,) string to
    the dict of `ClassifierPreprocessor.postprocess`. The outputs of the model are logits.

    Args:
        backbone: A backbone of `keras_embed.backbones` or Keras Hub. Its `pooled_output` (B, D) is used if there is
            one, else its `sequence_output` (B, T, D) is pooled. On `BagBackbone` without hidden layers the classifier
            is a linear model.
        preprocessor: `ClassifierPreprocessor`, or `None` to feed features and class ids.
        num_classes: K, required without a preprocessor.
        multi_label: Without a preprocessor: whether a text has any number of labels.
        pooling: "mean", "max", "first" or "cls", "last" (of both directions, if the backbone has two), "attention", or
            a layer called as `layer(sequence, mask=mask)`. `None`: `pooled_output`, else "max".
        hidden_dims: Widths of the hidden layers before the scores.
        dropout: Rate on the vector of the text, or on the weights of the terms.
        kernel_regularizer: Of the last layer's weights.
        term_scales: Fixed factors (V, K) of a linear model's weights, such as `preprocessor.log_count_ratios` as in
            Wang and Manning (2012). Saved with the weights.
        thresholds: With any number of labels, the probability from which on a text has a label; one, or one for each
            class. See `tune_thresholds`. Metrics in `fit` and `evaluate` use 0.5.
        **kwargs: `name`, `compile`.

    Raises:
        ValueError: If backbone and preprocessor do not fit together, or an argument is out of range.

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
    preprocessor_cls = ClassifierPreprocessor
    thresholds: NDArray[np.float32]

    def __init__(
        self,
        backbone: keras.Model,
        preprocessor: ClassifierPreprocessor | None = None,
        num_classes: int | None = None,
        multi_label: bool = False,
        pooling: Pooling = None,
        hidden_dims: Sequence[int] = (),
        dropout: float = 0.0,
        kernel_regularizer: KerasObject = None,
        term_scales: Tensor | None = None,
        thresholds: float | Sequence[float] = 0.5,
        **kwargs: Any,
    ) -> None:
        self.check_parts(backbone, preprocessor)
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
        logits = class_scores(x, backbone, num_classes, hidden_dims, dropout, regularizer, term_scales)  # (B, K)
        # Set before `super().__init__`, which compiles.
        self.num_classes = num_classes
        self.multi_label = multi_label
        super().__init__(backbone, preprocessor, inputs, logits, **kwargs)

        # === Config ===
        self.pooling = pooling
        self.hidden_dims = hidden_dims
        self.dropout = dropout
        self.kernel_regularizer = regularizer
        self.has_term_scales = term_scales is not None
        self.thresholds = checked_thresholds(thresholds, num_classes)

    @classmethod
    def from_corpus(
        cls,
        texts: Samples,
        labels: Sequence[Any] | None = None,
        architecture: str = "linear",
        preprocessor: ClassifierPreprocessor | None = None,
        embeddings: list[keras.layers.Layer] | None = None,
        multi_label: bool | None = None,
        head: Config | None = None,
        **backbone: Any,
    ) -> "TextClassifier":
        """Returns a new classifier with the classes and words of a corpus.

        Args:
            texts: `corpora.LabelledTexts`, or strings.
            labels: Of strings: a label, or a list of labels, for each.
            architecture: "linear", logistic regression on TF-IDF of words and pairs of neighbours; "average",
                "convolutional", "recurrent", "transformer" or "bcn", backbones over embeddings.
            preprocessor: `ClassifierPreprocessor`; `None`: learnt from the corpus.
            embeddings: Layers that the backbone reads; `None`: new word embeddings.
            multi_label: Of the preprocessor that is learnt.
            head: Arguments of the class, such as `{"pooling": "attention"}`.
            **backbone: For the backbone, such as `hidden_dim=200`; and `word_dim`, `char_filters`, `casing_dim` and
                `weights` of new embeddings, see `ClassifierPreprocessor.embeddings`.

        Raises:
            ValueError: If the architecture is unknown, or `embeddings` are given for a "linear" one.

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
        """Sets the threshold of each class to the one with the best F1 on held-out texts.

        Args:
            texts: Strings.
            labels: A list of labels for each.
            batch_size: Texts at a time.

        Returns:
            The new thresholds (K,).

        Raises:
            ValueError: Unless the classifier has `multi_label`.
        """
        self.check_preprocessor()
        if not self.multi_label:
            raise ValueError(message("a classifier with any number of labels", "one label a text", "multi_label=True"))
        true = self.preprocessor.labels.encode(labels)
        self.thresholds = best_thresholds(true, self.probabilities(texts, batch_size))
        return self.thresholds

    def get_config(self) -> Config:
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
    def from_config(cls, config: Config) -> "TextClassifier":
        return super().from_config(with_pooling(config))


def checked_thresholds(thresholds: float | Sequence[float], num_classes: int) -> NDArray[np.float32]:
    """Returns one threshold, or one for each class, as float32 (K,).

    Raises:
        ValueError: If the shape is another, or a threshold is not a probability.
    """
    values = np.asarray(thresholds, np.float32)
    if values.shape not in ((), (num_classes,)) or not ((values >= 0) & (values <= 1)).all():
        raise ValueError(
            message(f"`thresholds` to be a probability, or {num_classes} of them", thresholds, "thresholds=0.5")
        )
    return np.broadcast_to(values, (num_classes,)).copy()


def best_thresholds(true: NDArray[Any], probabilities: NDArray[Any]) -> NDArray[np.float32]:
    """Returns for each class the threshold with the best F1; 0.5 for classes without a text.

    Args:
        true: 0 and 1, (N, K).
        probabilities: (N, K).

    Returns:
        (K,), half-way between the least probability above the threshold and the next one below.
    """
    thresholds = np.full(true.shape[1], 0.5, np.float32)
    for k in np.flatnonzero(true.sum(0)):
        order = np.argsort(-probabilities[:, k], kind="stable")
        ranked, correct = probabilities[order, k], np.cumsum(true[order, k])
        # F1 of the first n texts as positives: 2 TP / (n + P).
        f1 = 2 * correct / (np.arange(1, len(ranked) + 1) + correct[-1])
        below = np.append(ranked[1:], -1.0)
        f1[below >= ranked] = -1.0  # no threshold separates equal probabilities
        best = int(np.argmax(f1))
        middle = np.float32((float(ranked[best]) + max(0.0, float(below[best]))) / 2)
        thresholds[k] = middle if middle > below[best] else ranked[best]
    return thresholds
