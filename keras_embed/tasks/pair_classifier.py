"""Classification of pairs of texts, such as entailment and paraphrase, and similarity of two texts."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from keras_embed._errors import check_one_of, check_positive, message
from keras_embed._types import Config, Features, KerasObject, Samples, Tensor
from keras_embed.backbones.embedded import check_hidden, of_prefix, prefixed_like
from keras_embed.functional.text_pairs import pair_comparison
from keras_embed.metrics import Pearson
from keras_embed.preprocessors import PairPreprocessor
from keras_embed.preprocessors.labels import check_range
from keras_embed.preprocessors.pair_preprocessor import SIDES
from keras_embed.tasks._backbones import OF_PAIRS, OF_TEXTS, backbone_of
from keras_embed.tasks._pooled_head import (
    Pooling,
    class_scores,
    pooling_config,
    pooling_layer,
    representation,
    with_pooling,
)
from keras_embed.tasks.classification import ClassificationTask

_COMPARISONS = ("joint", "siamese")


@keras.saving.register_keras_serializable(package="keras_embed")
class PairClassifier(ClassificationTask):
    """Assigns one of K classes to a pair of texts, or a score, such as their similarity.

    `fit` and `evaluate` take pairs and labels, strings or numbers, or a `tf.data.Dataset` of batches
    `({"first": texts, "second": texts}, labels)`, and batch pairs of similar length in few fixed shapes. `classify`
    returns labels and probabilities, `similarity` scores. `export` writes a SavedModel from `first` and `second`,
    strings (B,), to the dict of `PairPreprocessor.postprocess`.

    Args:
        backbone: A backbone of `keras_embed.backbones` or Keras Hub. Its `pooled_output` (B, D) is used if there is
            one, else its `sequence_output` (B, T, D) is pooled.
        preprocessor: `PairPreprocessor`, or `None` to feed features and class ids, or scores.
        comparison: "joint": the backbone reads both texts at once, as one sequence like BERT, or as features
            `first_...` and `second_...`, if it has such inputs. "siamese": it reads one at a time, and the head reads
            `[u; v; |u - v|; u * v]` of their vectors.
        num_classes: K, without a preprocessor; `None` then: pairs have scores.
        score_range: Without a preprocessor: `(low, high)`, the limits of a sigmoid on the scores. `None`: the output
            is linear.
        pooling: See `TextClassifier`; one layer for both texts.
        hidden_dims: Widths of the hidden layers before the scores.
        dropout: Rate before each layer of the head.
        kernel_regularizer: Of the last layer's weights.
        **kwargs: `name`, `compile`.

    Raises:
        ValueError: If backbone and preprocessor do not fit together, or an argument is out of range.

    Example:
    >>> import keras_embed as ke
    >>> pairs = [("a man runs", "a man moves"), ("a man runs", "he sits"), ("he sits", "a man sits")]
    >>> labels = ["yes", "no", "yes"]
    >>> preprocessor = ke.preprocessors.PairPreprocessor.from_corpus(pairs, labels)
    >>> backbone = ke.backbones.AveragingBackbone(preprocessor.embeddings(word_dim=8))
    >>> classifier = PairClassifier(backbone, preprocessor, comparison="siamese")
    >>> classifier.compile(keras.optimizers.Adam(0.05))
    >>> history = classifier.fit(pairs, labels, epochs=30, verbose=0)
    >>> classifier.classify([("a man runs", "he sits")])[0].label
    'no'

    References:
        Bowman et al. 2015, https://arxiv.org/abs/1508.05326; Mou et al. 2016, https://aclanthology.org/P16-2022;
        Conneau et al. 2017, https://aclanthology.org/D17-1070; Devlin et al. 2019, https://aclanthology.org/N19-1423;
        Reimers and Gurevych 2019, https://aclanthology.org/D19-1410.
    """

    kind = "classifier of pairs"
    needs = "labels or scores"
    preprocessor_cls = PairPreprocessor

    def __init__(
        self,
        backbone: keras.Model,
        preprocessor: PairPreprocessor | None = None,
        comparison: str = "joint",
        num_classes: int | None = None,
        score_range: tuple[float, float] | None = None,
        pooling: Pooling = None,
        hidden_dims: Sequence[int] = (),
        dropout: float = 0.0,
        kernel_regularizer: KerasObject = None,
        **kwargs: Any,
    ) -> None:
        self.check_parts(backbone, preprocessor)
        check_one_of("comparison", comparison, _COMPARISONS)
        hidden_dims = check_hidden(hidden_dims, dropout)
        if preprocessor is not None:
            num_classes = None if preprocessor.classes is None else len(preprocessor.classes)
            score_range = preprocessor.score_range
        if num_classes is not None:
            check_positive("num_classes", num_classes)
        regularizer = keras.regularizers.get(kernel_regularizer)
        score_range = check_range(score_range)

        # === Functional Model ===
        inputs = dict(backbone.input) if comparison == "joint" else prefixed_like(backbone.input, SIDES)
        x = _pair_representation(backbone, inputs, comparison, pooling)
        outputs = class_scores(x, backbone, num_classes or 1, hidden_dims, dropout, regularizer)  # (B, K) or (B, 1)
        if num_classes is None and score_range is not None:
            low, high = score_range
            outputs = keras.layers.Activation("sigmoid", dtype="float32", name="share_of_range")(outputs)
            outputs = keras.layers.Rescaling(high - low, low, dtype="float32", name="rescaled")(outputs)
        # Set before `super().__init__`, which compiles.
        self.graded = num_classes is None
        self.num_classes = num_classes or 1
        super().__init__(backbone, preprocessor, inputs, outputs, **kwargs)

        # === Config ===
        self.comparison = comparison
        self.score_range = score_range
        self.pooling = pooling
        self.hidden_dims = hidden_dims
        self.dropout = dropout
        self.kernel_regularizer = regularizer

    @classmethod
    def from_corpus(
        cls,
        pairs: Samples,
        labels: Sequence[Any] | None = None,
        architecture: str = "esim",
        preprocessor: PairPreprocessor | None = None,
        embeddings: list[keras.layers.Layer] | None = None,
        score_range: tuple[float, float] | str | None = "seen",
        head: Config | None = None,
        **backbone: Any,
    ) -> "PairClassifier":
        """Returns a new classifier with the classes, or the range of scores, and the words of a corpus.

        Args:
            pairs: `corpora.LabelledPairs`, or pairs of strings.
            labels: Of pairs of strings: a string for each, or a number.
            architecture: "esim", which compares the texts word by word; or "average", "convolutional", "recurrent",
                "transformer" or "bcn", which read one text at a time, siamese.
            preprocessor: `PairPreprocessor`; `None`: learnt from the corpus.
            embeddings: Layers that the backbone reads; `None`: new word embeddings.
            score_range: Of the preprocessor that is learnt; see `PairPreprocessor.from_corpus`.
            head: Arguments of the class, such as `{"hidden_dims": (100,)}`.
            **backbone: For the backbone, such as `hidden_dim=200`; and `word_dim`, `char_filters`, `casing_dim` and
                `weights` of new embeddings, see `PairPreprocessor.embeddings`.

        Raises:
            ValueError: If the architecture is unknown.

        Example:
        >>> pairs, scores = [("a man runs", "a man moves"), ("a man runs", "it rains")], [4.0, 0.5]
        >>> judge = PairClassifier.from_corpus(pairs, scores, word_dim=8, hidden_dim=4, hidden_dims=(4,))
        >>> judge.similarity(pairs).shape
        (2,)
        """
        if preprocessor is None:
            preprocessor = PairPreprocessor.from_corpus(pairs, labels, score_range=score_range)
        comparison = "joint" if architecture in OF_PAIRS else "siamese"
        model = backbone_of(architecture, OF_TEXTS | OF_PAIRS, preprocessor, embeddings, backbone)
        return cls(model, preprocessor, **{"comparison": comparison, **(head or {})})

    def default_loss(self) -> KerasObject:
        """Returns the mean squared error of scores, else cross-entropy."""
        return keras.losses.MeanSquaredError() if self.graded else super().default_loss()

    def default_metrics(self) -> KerasObject:
        """Returns `metrics.Pearson` of scores, else accuracy and macro F1."""
        return [Pearson()] if self.graded else super().default_metrics()

    def similarity(self, pairs: Sequence[tuple[str, str]], batch_size: int = 32) -> NDArray[np.float32]:
        """Returns the score of each pair, (N,), on the scale of the training data.

        Args:
            pairs: Of strings, which may be empty.
            batch_size: Pairs at a time.

        Raises:
            ValueError: If the classifier has classes.
        """
        self.check_preprocessor()
        if not self.graded:
            received = f"one of the classes {list(self.preprocessor.classes)}"
            raise ValueError(message("a classifier of pairs with scores", received, "probabilities(pairs)"))
        return self.predict_rows(pairs, batch_size)[:, 0]

    def predict(self, x: Samples, batch_size: int = 32, **kwargs: Any) -> Any:
        """Returns the label of each pair, or its score; without a preprocessor, the outputs as Keras does."""
        if self.preprocessor is not None and self.graded:
            return self.similarity(x, batch_size)
        return super().predict(x, batch_size=batch_size, **kwargs)

    def _activated(self, logits: Tensor) -> Tensor:
        return logits if self.graded else super()._activated(logits)

    def check_classes(self) -> None:
        """Raises `ValueError` if the classifier has no preprocessor, or scores instead of classes."""
        super().check_classes()
        if self.graded:
            raise ValueError(message("a classifier of pairs with classes", "one with scores", "similarity(pairs)"))

    def network_outputs(self) -> Features:
        return {"scores" if self.graded else "logits": self.output}

    def get_config(self) -> Config:
        alone: Config = {}
        if self.preprocessor is None:
            alone = {"num_classes": None if self.graded else self.num_classes, "score_range": self.score_range}
        return {
            **super().get_config(),
            **alone,
            "comparison": self.comparison,
            "pooling": pooling_config(self.pooling),
            "hidden_dims": list(self.hidden_dims),
            "dropout": self.dropout,
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
        }

    @classmethod
    def from_config(cls, config: Config) -> "PairClassifier":
        return super().from_config(with_pooling(config))


def _pair_representation(backbone: keras.Model, inputs: Features, comparison: str, pooling: Pooling) -> Tensor:
    """Returns one vector for each pair: (B, D), or (B, 4 D) if the comparison is "siamese"."""
    if comparison == "joint":
        sides = [(backbone(inputs), inputs)]
    else:
        each = [of_prefix(inputs, side) for side in SIDES]
        sides = [(backbone(features), features) for features in each]
    layer = pooling_layer(pooling, backbone, sides[0][0])  # one for both texts
    vectors = [representation(outputs, features, layer, backbone) for outputs, features in sides]
    if isinstance(vectors[0], dict):
        expected = "a backbone that returns `pooled_output` or `sequence_output`"
        raise ValueError(message(expected, sorted(vectors[0]), "BagBackbone(hidden_dims=(100,))"))
    return vectors[0] if comparison == "joint" else pair_comparison(*vectors)
