"""Classification of texts, or of pairs of texts: the common base of both tasks, and their answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from keras_embed._errors import message
from keras_embed._types import Features, KerasObject, Labels, Samples, SampleWeights, Tensor
from keras_embed.backbones import BagBackbone
from keras_embed.losses import MultiLabelCrossentropy
from keras_embed.metrics import ClassF1, classification_report
from keras_embed.tasks.string_task import StringTask


@dataclass(frozen=True, slots=True)
class ClassifiedText:
    """Answer of a classifier for one text, or one pair of texts.

    Attributes:
        labels: Its labels, most probable first: exactly one; or, from a multi-label classifier, any number.
        scores: Probability of each label.
        probabilities: Probability of every class, by name.
    """

    labels: tuple[str, ...]
    scores: tuple[float, ...]
    probabilities: dict[str, float]

    @property
    def label(self) -> str | None:
        """The most probable label, `None` if there is no label."""
        return self.labels[0] if self.labels else None

    @property
    def probability(self) -> float | None:
        """The probability of `label`."""
        return self.scores[0] if self.scores else None


def classified_texts(answer: Features) -> list[ClassifiedText]:
    """Converts the dense tensors of `ClassifierPreprocessor.postprocess`, or of a served classifier."""
    arrays = {name: np.asarray(value) for name, value in answer.items()}
    probabilities = arrays["probabilities"].tolist()
    if "label" in arrays:
        labels, scores = arrays["label"][:, None], arrays["probability"][:, None]
        counts = [1] * len(probabilities)
    else:
        labels, scores = arrays["labels"], arrays["label_probabilities"]
        counts = arrays["num_labels"].tolist()
    classes = [name.decode("utf-8") for name in arrays["classes"][0]] if probabilities else []
    return [
        ClassifiedText(
            tuple(name.decode("utf-8") for name in labels[row, :count]),
            tuple(scores[row, :count].tolist()),
            dict(zip(classes, probabilities[row], strict=True)),
        )
        for row, count in enumerate(counts)
    ]


class ClassificationTask(StringTask):
    """A task with logits (B, K) as outputs, over a preprocessor with `labels`.

    A subclass sets `num_classes`, and, for any number of labels per text, `multi_label` and `thresholds`.
    """

    needs = "labels"
    num_classes: int
    multi_label = False
    thresholds: NDArray[np.float32] | None = None

    def default_optimizer(self) -> keras.optimizers.Optimizer:
        """Returns Adam; learning rate 0.02 for a linear model of terms, 5e-5 for encoders of Keras Hub, else 1e-3."""
        linear = isinstance(self.backbone, BagBackbone) and not self.backbone.hidden_dims
        return keras.optimizers.Adam(2e-2) if linear else super().default_optimizer()

    def default_loss(self) -> KerasObject:
        """Returns cross-entropy, with any number of labels the binary one of each class.

        `losses.OneVersusRestHinge` makes a linear model a support vector machine.
        """
        if self.multi_label:
            return MultiLabelCrossentropy()
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def default_metrics(self) -> KerasObject:
        """Returns accuracy and macro F1; with any number of labels micro and macro F1."""
        if self.multi_label:
            return [ClassF1(self.num_classes, average, threshold=0.0) for average in ("micro", "macro")]
        return [keras.metrics.SparseCategoricalAccuracy(name="accuracy"), ClassF1(self.num_classes)]

    def fit(
        self,
        x: Samples = None,
        y: Labels = None,
        batch_size: int = 32,
        sample_weight: SampleWeights = None,
        validation_data: Samples = None,
        shuffle: bool = True,
        class_weight: str | Mapping[str, float] | None = None,
        **kwargs: Any,
    ) -> keras.callbacks.History:
        """Trains on texts, or pairs of texts, and their labels.

        Args:
            x: List of texts, or of pairs; a corpus of them, which has labels; or a `tf.data.Dataset` of batches
                `(x, labels)` or `(x, labels, weights)`.
            y: A label for each; or, with `multi_label`, a list of labels for each.
            batch_size: Texts, or pairs, in a batch.
            sample_weight: A weight for each, (N,).
            validation_data: `(x, labels)`, `(x, labels, weights)`, a corpus or a dataset.
            shuffle: Whether to shuffle before each epoch.
            class_weight: "balanced", or a weight for each label; only for data in memory. Metrics do not change.
            **kwargs: `feature_cache`, see `StringTask.fit`; others for `keras.Model.fit`.

        Returns:
            `keras.callbacks.History`.

        Raises:
            ValueError: If labels are missing, or `class_weight` is given for a dataset.
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
        """Returns the probability of each class, (N, K), in the order of `preprocessor.classes`.

        Args:
            texts: Strings, or pairs of strings; they may be empty.
            batch_size: Texts at a time.
        """
        self.check_classes()
        return self.predict_rows(texts, batch_size)

    def classify(self, texts: Sequence[Any], batch_size: int = 32) -> list[ClassifiedText]:
        """Classifies texts, or pairs of texts.

        Args:
            texts: List of strings, or of pairs of strings.
            batch_size: Texts at a time.

        Returns:
            A `ClassifiedText` for each, in order.
        """
        probabilities = self.probabilities(texts, batch_size)
        return classified_texts(self.postprocess(probabilities))

    def predict(self, x: Samples, batch_size: int = 32, **kwargs: Any) -> Any:
        """Returns the label, or the list of labels, of each text; without a preprocessor, logits as Keras does."""
        if self.preprocessor is None:
            return super().predict(x, batch_size=batch_size, **kwargs)
        answers = self.classify(x, batch_size)
        return [list(answer.labels) if self.multi_label else answer.label for answer in answers]

    def report(self, texts: Sequence[Any], labels: Sequence[Any], batch_size: int = 32) -> Any:
        """Returns the scores of each class on labelled texts; see `metrics.classification_report`."""
        return classification_report(labels, self.predict(texts, batch_size), self.preprocessor.classes)

    def scorer(self) -> keras.Model:
        """Returns the model from features to probabilities (B, K), which shares all weights."""
        build = lambda: keras.Model(self.input, self._activated(self.output), name="scorer")  # noqa: E731
        return self.derived_model("scorer", build)

    def answer_model(self) -> keras.Model:
        return self.scorer()

    def postprocess(self, outputs: Any) -> Features:
        """Converts probabilities (B, K), or scores (B, 1), as the preprocessor does, with the task's thresholds."""
        answers: Features = self.preprocessor.postprocess(outputs, self.thresholds)
        return answers

    def _activated(self, logits: Tensor) -> Tensor:
        activation = "sigmoid" if self.multi_label else "softmax"
        return keras.layers.Activation(activation, dtype="float32", name="probabilities")(logits)

    def check_classes(self) -> None:
        """Raises `ValueError` if the task has no preprocessor, or no classes."""
        self.check_preprocessor()

    def network_outputs(self) -> Features:
        return {"logits": self.output}


def class_sample_weights(
    labels: NDArray[Any],
    classes: Sequence[str],
    class_weight: str | Mapping[str, float],
    sample_weight: SampleWeights = None,
) -> NDArray[np.float32]:
    """Returns sample weights that give each class its weight.

    Args:
        labels: Class ids (N,); or 0 and 1 (N, K), where a text has any number of labels.
        classes: Names of the K classes.
        class_weight: A weight for each label, 1 for missing ones; or "balanced": `N / (K n_k)` as in scikit-learn, so
            that all classes have the same total weight. With any number of labels, "balanced" gives the texts with
            label k as much weight as those without.
        sample_weight: Weights (N,) to multiply with, or `None`.

    Returns:
        (N,); or (N, K), where a text has any number of labels: the weight of a class applies where the text has it.
    """
    hot = labels if labels.ndim == 2 else np.eye(len(classes))[labels]  # (N, K)
    counts = hot.sum(0)
    if isinstance(class_weight, str):
        # w_k = N / (K n_k); of several labels (N - n_k) / n_k, so that both sides of a class weigh the same.
        if class_weight != "balanced":
            raise ValueError(message('`class_weight` to be "balanced" or a dict', repr(class_weight)))
        total = len(labels) - counts if labels.ndim == 2 else np.full(len(classes), len(labels) / len(classes))
        weights = np.where((counts > 0) & (total > 0), total / np.maximum(counts, 1), 1.0)
    else:
        weights = _named_weights(classes, class_weight)
    each = np.where(hot > 0, weights, 1.0) if labels.ndim == 2 else weights[labels]
    if sample_weight is not None:
        given = np.asarray(sample_weight, np.float64)
        each = each * (given[:, None] if each.ndim > given.ndim else given)
    return each.astype(np.float32)


def _named_weights(classes: Sequence[str], class_weight: Mapping[str, float]) -> NDArray[np.float64]:
    if not isinstance(class_weight, Mapping):
        raise ValueError(message('`class_weight` to be "balanced" or a dict', class_weight, '{"spam": 5.0}'))
    unknown = [label for label in class_weight if label not in classes]
    if unknown:
        raise ValueError(message(f"weights for labels among {list(classes)}", unknown))
    weights = np.array([class_weight.get(name, 1.0) for name in classes], np.float64)
    if not (weights >= 0).all():
        raise ValueError(message("class weights that are not negative", dict(class_weight)))
    return weights
