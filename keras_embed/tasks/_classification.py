"""What tasks share that give a score to each of some classes."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from keras_embed._backend import predict_batch
from keras_embed._errors import message
from keras_embed.backbones import BagBackbone
from keras_embed.losses import MultiLabelCrossentropy
from keras_embed.metrics import ClassF1, classification_report
from keras_embed.preprocessors.batching import padded_batch, similar_length_batches
from keras_embed.preprocessors.features import pick
from keras_embed.tasks._label_numbers import class_sample_weights
from keras_embed.tasks._string_task import StringTask
from keras_embed.tasks.classified_text import ClassifiedText, classified_texts


class ClassificationTask(StringTask):
    """A task whose graph ends in logits (B, K), over a preprocessor with `labels`, `features` and `split`.

    What is classified are texts, or pairs of them. A subclass sets `num_classes`, `multi_label` and `thresholds`.
    """

    num_classes: int
    multi_label = False
    thresholds: Any = None

    def compile(self, optimizer: Any = "auto", loss: Any = "auto", *, metrics: Any = "auto", **kwargs: Any) -> None:
        """Like `keras.Model.compile`; "auto" is a choice that suits classification.

        Args:
            optimizer: "auto": Adam; learning rate 0.02 for a linear model of terms, 5e-5 for encoders of Keras
                Hub, which are pretrained as a rule, 1e-3 for other backbones.
            loss: "auto": cross-entropy, of the classes or, with any number of labels, of each class; of scores, the
                mean squared error. `losses.OneVersusRestHinge` makes a linear model a support vector machine.
            metrics: "auto": accuracy and macro F1; with any number of labels, micro and macro F1; of scores,
                `metrics.Pearson`.
            **kwargs: for `keras.Model.compile`.
        """
        if isinstance(optimizer, str) and optimizer == "auto":
            linear = isinstance(self.backbone, BagBackbone) and not self.backbone.hidden_dims
            optimizer = keras.optimizers.Adam(2e-2 if linear else 5e-5 if self.is_hub_backbone else 1e-3)
        if isinstance(loss, str) and loss == "auto":
            loss = self._default_loss()
        if isinstance(metrics, str) and metrics == "auto":
            metrics = self._default_metrics()
        super().compile(optimizer=optimizer, loss=loss, metrics=metrics, **kwargs)

    def _default_loss(self) -> Any:
        one = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        return MultiLabelCrossentropy() if self.multi_label else one

    def _default_metrics(self) -> list[Any]:
        if self.multi_label:
            return [ClassF1(self.num_classes, average, threshold=0.0) for average in ("micro", "macro")]
        return [keras.metrics.SparseCategoricalAccuracy(name="accuracy"), ClassF1(self.num_classes)]

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
        """Trains on what is classified and its labels.

        Args:
            x: list of texts, or of pairs; a corpus of them, which has labels; or a `tf.data.Dataset` of batches
                `(x, labels)` or `(x, labels, weights)`.
            y: a label for each; or a list of labels for each.
            batch_size: texts, or pairs, in a batch.
            sample_weight: (B,) a weight for each.
            validation_data: `(x, labels)`, `(x, labels, weights)`, a corpus or a dataset.
            shuffle: anew in every epoch.
            class_weight: "balanced", or label -> weight; only for data in memory. Metrics do not change by it.
            **kwargs: `feature_cache`, see `Tagger.fit`; others for `keras.Model.fit`.

        Raises:
            ValueError: for texts without labels, and `class_weight` of a dataset.
        """
        if self.preprocessor is None:
            kwargs["class_weight"] = class_weight
        elif class_weight is not None:
            self.check_classes()
            if hasattr(x, "element_spec"):
                received = "a dataset and `class_weight`"
                raise ValueError(message("texts in memory, to weigh classes", received, "weights in the dataset"))
            labels = getattr(x, "labels", None) if y is None else y
            if labels is None:
                raise ValueError(message("labels, to weigh their classes", "y=None", "fit(x, y, class_weight=...)"))
            labels = self.preprocessor.labels.encode(labels)
            sample_weight = class_sample_weights(labels, self.preprocessor.classes, class_weight, sample_weight)
        return super().fit(x, y, batch_size, sample_weight, validation_data, shuffle, **kwargs)

    def probabilities(self, texts: Sequence[Any], batch_size: int = 32) -> NDArray[np.float32]:
        """The probability of each class, (N, K), in the order of `preprocessor.classes`.

        Args:
            texts: strings, or pairs of them; an empty one is a text too.
            batch_size: texts at a time.
        """
        self.check_classes()
        return self._answers(texts, batch_size)

    def _answers(self, texts: Sequence[Any], batch_size: int) -> NDArray[np.float32]:
        """What `scorer` says of each, (N, K)."""
        self.check_preprocessor()
        parts = self.preprocessor.split(texts)
        features = self.preprocessor.features
        answer = np.zeros((len(texts), self.num_classes), np.float32)
        for rows in similar_length_batches(features.lengths(parts), batch_size):
            batch = features.encode({name: padded_batch(part, rows) for name, part in parts.items()}, self.input)
            batch = {name: np.asarray(value) for name, value in pick(batch, self.input).items()}
            answer[rows] = predict_batch(self.scorer(), batch)[: len(rows)]
        return answer

    def classify(self, texts: Sequence[Any], batch_size: int = 32) -> list[ClassifiedText]:
        """Labels and probabilities.

        Args:
            texts: list of strings, or of pairs.
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

    def report(self, texts: Sequence[Any], labels: Sequence[Any], batch_size: int = 32) -> Any:
        """Scores of each class on labelled texts; see `metrics.classification_report`, whose answer it is."""
        return classification_report(labels, self.predict(texts, batch_size), self.preprocessor.classes)

    def scorer(self) -> Any:
        """The model from features to probabilities (B, K), sharing all weights; made once."""
        if self._made.model is None:
            self._made.model = keras.Model(self.input, self._answer_of(self.output), name="scorer")
        return self._made.model

    def _answer_of(self, logits: Any) -> Any:
        activation = "sigmoid" if self.multi_label else "softmax"
        return keras.layers.Activation(activation, dtype="float32", name="probabilities")(logits)

    def check_classes(self) -> None:
        """Raises `ValueError` for a task that cannot read strings, or one without classes."""
        self.check_preprocessor()
