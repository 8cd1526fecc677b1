"""Classes of pairs of texts, such as entailment and paraphrase, and how similar two texts are."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from keras_embed._errors import check_one_of, check_positive, message
from keras_embed.backbones.embedded import check_hidden
from keras_embed.metrics import Pearson
from keras_embed.preprocessors import PairPreprocessor
from keras_embed.preprocessors.labels import check_range
from keras_embed.tasks._architectures import OF_PAIRS, OF_TEXTS, backbone_of
from keras_embed.tasks._classification import ClassificationTask
from keras_embed.tasks._classifier_head import pooling_config, scores, with_pooling
from keras_embed.tasks._pair_head import COMPARISONS, pair_inputs, pair_representation
from keras_embed.tasks._parts import check_parts
from keras_embed.tasks._string_task import Made


@keras.saving.register_keras_serializable(package="keras_embed")
class PairClassifier(ClassificationTask):
    """Gives a pair of texts one of some classes, or a score: how similar they are, or anything else that is a number.

    `fit` and `evaluate` take pairs and labels, strings or numbers, or a `tf.data.Dataset` of batches
    `({"first": texts, "second": texts}, labels)`, and batch pairs of similar length in few fixed shapes. `classify`
    gives labels and probabilities, `similarity` scores, `export` writes a SavedModel from two strings to either.

    Args:
        backbone: a backbone of `keras_embed.backbones` or Keras Hub. Its `pooled_output` (B, D) is used as it is, a
            `sequence_output` (B, T, D) is pooled.
        preprocessor: `PairPreprocessor`, or `None` to feed features and class numbers, or scores.
        comparison: "joint": the backbone sees both texts at once, one after the other, as BERT does, or as features
            `first_...` and `second_...`, if it has such inputs. "siamese": it sees one at a time, and the head sees
            `[u; v; |u - v|; u * v]` of their vectors.
        num_classes: K, where there is no preprocessor; `None` then: pairs have scores.
        score_range: likewise: `(low, high)`, between which all scores lie: a sigmoid's ends. `None`: the output is
            linear.
        pooling: see `TextClassifier`; one for both texts.
        hidden_dims: widths of hidden layers before the scores.
        dropout: before each layer of the head.
        kernel_regularizer: of the last layer's weights.
        **kwargs: `name`, `compile`.

    Raises:
        ValueError: for parts that do not belong together, another `comparison`, and numbers out of range.

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
        backbone: Any,
        preprocessor: Any = None,
        comparison: str = "joint",
        num_classes: int | None = None,
        score_range: tuple[float, float] | None = None,
        pooling: Any = None,
        hidden_dims: Sequence[int] = (),
        dropout: float = 0.0,
        kernel_regularizer: Any = None,
        **kwargs: Any,
    ) -> None:
        check_parts(self, backbone, preprocessor)
        check_one_of("comparison", comparison, COMPARISONS)
        hidden_dims = check_hidden(hidden_dims, dropout)
        if preprocessor is not None:
            num_classes = None if preprocessor.classes is None else len(preprocessor.classes)
            score_range = preprocessor.score_range
        if num_classes is not None:
            check_positive("num_classes", num_classes)
        regularizer = keras.regularizers.get(kernel_regularizer)
        score_range = check_range(score_range)

        # === Functional Model ===
        inputs = pair_inputs(backbone, comparison)
        x = pair_representation(backbone, inputs, comparison, pooling)
        outputs = scores(x, backbone, num_classes or 1, hidden_dims, dropout, regularizer, None)  # (B, K) or (B, 1)
        if num_classes is None and score_range is not None:
            low, high = score_range
            outputs = keras.layers.Activation("sigmoid", dtype="float32", name="share_of_range")(outputs)
            outputs = keras.layers.Rescaling(high - low, low, dtype="float32", name="rescaled")(outputs)
        # Set before `super().__init__`, which compiles.
        self.backbone = backbone
        self.preprocessor = preprocessor
        self.graded = num_classes is None
        self.num_classes = num_classes or 1
        super().__init__(inputs=inputs, outputs=outputs, **kwargs)

        # === Config ===
        self.comparison = comparison
        self.score_range = score_range
        self.pooling = pooling
        self.hidden_dims = hidden_dims
        self.dropout = dropout
        self.kernel_regularizer = regularizer
        self._made = Made()

    @classmethod
    def from_corpus(
        cls,
        pairs: Any,
        labels: Sequence[Any] | None = None,
        architecture: str = "esim",
        preprocessor: Any = None,
        embeddings: Any = None,
        score_range: Any = "seen",
        head: dict[str, Any] | None = None,
        **backbone: Any,
    ) -> "PairClassifier":
        """A fresh classifier whose classes, or range of scores, and words are those of a corpus.

        Args:
            pairs: `corpora.LabelledPairs`, or pairs of strings.
            labels: of pairs of strings: a string for each, or a number.
            architecture: "esim", which compares the texts word by word; or "average", "convolutional", "recurrent",
                "transformer" or "bcn", which read one at a time, siamese.
            preprocessor: `PairPreprocessor`, instead of one that is learnt from the corpus.
            embeddings: layers that the backbone reads; `None`: fresh ones of words.
            score_range: of the preprocessor that is learnt; see `PairPreprocessor.from_corpus`.
            head: the class' own arguments, such as `{"hidden_dims": (100,)}`.
            **backbone: for the backbone, such as `hidden_dim=200`; and `word_dim`, `char_filters`, `casing_dim` and
                `weights` of fresh embeddings, see `PairPreprocessor.embeddings`.

        Raises:
            ValueError: for an architecture that is not known, and as the preprocessor and the backbone do.

        Example:
        >>> pairs, scores = [("a man runs", "a man moves"), ("a man runs", "it rains")], [4.0, 0.5]
        >>> judge = PairClassifier.from_corpus(pairs, scores, word_dim=8, hidden_dim=4, hidden_dims=(4,))
        >>> judge.similarity(pairs).shape
        (2,)
        """
        if preprocessor is None:
            preprocessor = PairPreprocessor.from_corpus(pairs, labels, score_range=score_range)
        comparison = "joint" if architecture in OF_PAIRS else "siamese"
        made = backbone_of(architecture, OF_TEXTS | OF_PAIRS, preprocessor, embeddings, backbone)
        return cls(made, preprocessor, **{"comparison": comparison, **(head or {})})

    def _default_loss(self) -> Any:
        return keras.losses.MeanSquaredError() if self.graded else super()._default_loss()

    def _default_metrics(self) -> list[Any]:
        return [Pearson()] if self.graded else super()._default_metrics()

    def similarity(self, pairs: Sequence[tuple[str, str]], batch_size: int = 32) -> NDArray[np.float32]:
        """The score of each pair, (N,), in the unit of the scores that it was trained on.

        Args:
            pairs: of strings; an empty one is a text too.
            batch_size: pairs at a time.

        Raises:
            ValueError: for a classifier that was trained on classes.
        """
        self.check_preprocessor()
        if not self.graded:
            received = f"one of the classes {list(self.preprocessor.classes)}"
            raise ValueError(message("a classifier of pairs with scores", received, "probabilities(pairs)"))
        return self._answers(pairs, batch_size)[:, 0]

    def predict(self, x: Any, batch_size: int = 32, **kwargs: Any) -> Any:
        """The label of each pair, or its score; without a preprocessor, `keras.Model.predict`: logits, or scores."""
        if self.preprocessor is not None and self.graded:
            return self.similarity(x, batch_size)
        return super().predict(x, batch_size=batch_size, **kwargs)

    def _answer_of(self, outputs: Any) -> Any:
        return outputs if self.graded else super()._answer_of(outputs)

    def check_classes(self) -> None:
        """Raises `ValueError` for a classifier that cannot read strings, or one of scores."""
        super().check_classes()
        if self.graded:
            raise ValueError(message("a classifier of pairs with classes", "one with scores", "similarity(pairs)"))

    def get_config(self) -> dict[str, Any]:
        alone = {}
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
    def from_config(cls, config: dict[str, Any]) -> "PairClassifier":
        """A classifier of the same shape with fresh weights."""
        return super().from_config(with_pooling(config))
