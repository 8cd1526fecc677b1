"""Text classification: sentiment, topics, intents, spam."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from keras_embed._checks import check_positive, check_rate, message
from keras_embed.backbones import BagBackbone
from keras_embed.backbones._embedded import check_hidden
from keras_embed.losses import MultiLabelCrossentropy
from keras_embed.metrics import ClassF1, classification_report
from keras_embed.preprocessors import ClassifierPreprocessor
from keras_embed.preprocessors.batching import gather_rows, similar_length_batches
from keras_embed.preprocessors.text_features import pick
from keras_embed.tasks._classifier_head import representation, scores
from keras_embed.tasks._label_numbers import best_thresholds, checked_thresholds, class_sample_weights
from keras_embed.tasks._string_task import Made, StringTask
from keras_embed.tasks.classified_text import ClassifiedText, classified_texts


@keras.saving.register_keras_serializable(package="keras_embed")
class TextClassifier(StringTask):
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
        pooling: "mean", "max", "first", "last" (of both directions, if the backbone has two), "attention", or a layer
            called as `layer(sequence, mask=mask)`. None: `pooled_output`, else "max".
        hidden_dims: widths of hidden layers before the scores.
        dropout: on the vector of the text, or on the terms' weights.
        kernel_regularizer: of the last layer's weights.
        term_scales: (V, K) fixed factors of a linear model's weights, such as `preprocessor.log_count_ratios`, which
            make it Wang and Manning's. Saved with the weights.
        thresholds: with any number of labels, the probability from which on a text has a label; one, or one for each
            class. See `tune_thresholds`. Metrics in `fit` and `evaluate` are at 0.5.
        **kwargs: `name`, `compile`.

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

    def compile(self, optimizer: Any = "auto", loss: Any = "auto", *, metrics: Any = "auto", **kwargs: Any) -> None:
        """Like `keras.Model.compile`; "auto" is a choice that suits classification.

        Args:
            optimizer: "auto": Adam; learning rate 0.02 for a linear model of terms, 1e-3 for other backbones of
                `keras_embed`, 5e-5 for pretrained encoders of Keras Hub.
            loss: "auto": cross-entropy, of the classes or, with any number of labels, of each class.
                `losses.OneVersusRestHinge` makes a linear model a support vector machine.
            metrics: "auto": accuracy and macro F1; with any number of labels, micro and macro F1.
            **kwargs: for `keras.Model.compile`.
        """
        if isinstance(optimizer, str) and optimizer == "auto":
            ours = type(self.backbone).__module__.startswith("keras_embed.")
            linear = isinstance(self.backbone, BagBackbone) and not self.backbone.hidden_dims
            optimizer = keras.optimizers.Adam(2e-2 if linear else 1e-3 if ours else 5e-5)
        if isinstance(loss, str) and loss == "auto":
            one = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            loss = MultiLabelCrossentropy() if self.multi_label else one
        if isinstance(metrics, str) and metrics == "auto":
            if self.multi_label:
                metrics = [ClassF1(self.num_classes, average, threshold=0.0) for average in ("micro", "macro")]
            else:
                metrics = [keras.metrics.SparseCategoricalAccuracy(name="accuracy"), ClassF1(self.num_classes)]
        super().compile(optimizer=optimizer, loss=loss, metrics=metrics, **kwargs)

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int = 32,
        sample_weight: Any = None,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: Any = None,
        **kwargs: Any,
    ) -> Any:
        """Trains on texts and labels.

        Args:
            x: list of texts, or a `tf.data.Dataset` of batches `(texts, labels)` or `(texts, labels, weights)`.
            y: a label for each text; or a list of labels for each.
            batch_size: texts in a batch.
            sample_weight: (B,) a weight for each text.
            validation_data: `(texts, labels)`, `(texts, labels, weights)` or a dataset.
            shuffle: anew in every epoch.
            class_weight: "balanced", or label -> weight; only for texts in memory. Metrics do not change by it.
            **kwargs: `feature_cache`, see `Tagger.fit`; others for `keras.Model.fit`.
        """
        if self.preprocessor is None:
            kwargs["class_weight"] = class_weight
        elif class_weight is not None:
            if hasattr(x, "element_spec"):
                received = "a dataset and `class_weight`"
                raise ValueError(message("texts in memory, to weigh classes", received, "weights in the dataset"))
            labels = self.preprocessor.labels.encode(y)
            sample_weight = class_sample_weights(labels, self.preprocessor.classes, class_weight, sample_weight)
        return super().fit(x, y, batch_size, sample_weight, validation_data, shuffle, **kwargs)

    def probabilities(self, texts: Sequence[str], batch_size: int = 32) -> NDArray[np.float32]:
        """The probability of each class, (N, K), in the order of `preprocessor.classes`.

        Args:
            texts: strings; an empty one is a text too.
            batch_size: texts at a time.
        """
        self.check_preprocessor()
        parts = self.preprocessor.split(texts)
        features = self.preprocessor.features
        answer = np.zeros((len(texts), self.num_classes), np.float32)
        for rows in similar_length_batches(features.lengths(parts), batch_size):
            batch = features.encode({name: gather_rows(part, rows) for name, part in parts.items()}, self.input)
            batch = {name: np.asarray(value) for name, value in pick(batch, self.input).items()}
            answer[rows] = self.scorer().predict_on_batch(batch)[: len(rows)]
        return answer

    def classify(self, texts: Sequence[str], batch_size: int = 32) -> list[ClassifiedText]:
        """Labels and probabilities.

        Args:
            texts: list of strings.
            batch_size: texts at a time.

        Returns:
            one `ClassifiedText` each, in order.
        """
        probabilities = self.probabilities(texts, batch_size)
        return classified_texts(self.preprocessor.postprocess(probabilities, self.thresholds))

    def predict(self, x: Any, batch_size: int = 32, **kwargs: Any) -> Any:
        """The label of each text, or the list of its labels; without a preprocessor, `keras.Model.predict`: logits."""
        if self.preprocessor is None:
            return super().predict(x, batch_size=batch_size, **kwargs)
        answers = self.classify(x, batch_size)
        return [list(answer.labels) if self.multi_label else answer.label for answer in answers]

    def report(self, texts: Sequence[str], labels: Sequence[Any], batch_size: int = 32) -> Any:
        """Scores of each class on labelled texts; see `metrics.classification_report`, whose answer it is."""
        return classification_report(labels, self.predict(texts, batch_size), self.preprocessor.classes)

    def tune_thresholds(self, texts: Sequence[str], labels: Sequence[Any], batch_size: int = 32) -> NDArray[np.float32]:
        """Sets the threshold of each class to the one with the best F1 on texts that were not trained on.

        Args:
            texts: strings.
            labels: a list of labels for each.
            batch_size: texts at a time.

        Returns:
            the thresholds (K,), which are the classifier's from now on.
        """
        self.check_preprocessor()
        if not self.multi_label:
            raise ValueError(message("a classifier with any number of labels", "one label a text", "multi_label=True"))
        true = self.preprocessor.labels.encode(labels)
        self.thresholds = best_thresholds(true, self.probabilities(texts, batch_size))
        return self.thresholds

    def scorer(self) -> Any:
        """The model from features to probabilities (B, K), sharing all weights; made once."""
        if self._made.model is None:
            activation = "sigmoid" if self.multi_label else "softmax"
            layer = keras.layers.Activation(activation, dtype="float32", name="probabilities")
            self._made.model = keras.Model(self.input, layer(self.output), name="scorer")
        return self._made.model

    def get_config(self) -> dict[str, Any]:
        alone = {} if self.preprocessor else {"num_classes": self.num_classes, "multi_label": self.multi_label}
        named = self.pooling is None or isinstance(self.pooling, str)
        return {
            **super().get_config(),
            **alone,
            "pooling": self.pooling if named else keras.layers.serialize(self.pooling),
            "hidden_dims": list(self.hidden_dims),
            "dropout": self.dropout,
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
            "term_scales": True if self.has_term_scales else None,
            "thresholds": self.thresholds.tolist(),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "TextClassifier":
        """A classifier of the same shape with fresh weights."""
        pooling = config.get("pooling")
        return super().from_config(
            {**config, "pooling": keras.layers.deserialize(pooling) if isinstance(pooling, dict) else pooling}
        )
