"""Pairs of texts and labels in, features and numbers out; and back."""

from collections.abc import Iterable, Sequence
from typing import Any

import keras
import keras_hub
import numpy as np

from keras_embed._backend import tf
from keras_embed._errors import check_positive, message
from keras_embed.preprocessors._labelled_data import columns_of, labelled_columns
from keras_embed.preprocessors._learnt_words import learnt_words
from keras_embed.preprocessors._pair_texts import pair_texts
from keras_embed.preprocessors._word_embeddings import word_embeddings
from keras_embed.preprocessors.batching import batched_dataset
from keras_embed.preprocessors.class_labels import ClassLabels
from keras_embed.preprocessors.classified_labels import classified_labels
from keras_embed.preprocessors.pair_features import PairFeatures
from keras_embed.preprocessors.pair_scores import check_range, pair_scores
from keras_embed.tokenizers.any_backbone import ANY_BACKBONE
from keras_embed.tokenizers.word_featurizer import WordFeaturizer


@keras.saving.register_keras_serializable(package="keras_embed")
class PairPreprocessor(keras_hub.models.Preprocessor):
    """Turns pairs of texts and their labels, or scores, into what a classifier of pairs is trained on, and back.

    Args:
        classes: the K classes, in the order of their numbers. `None`: pairs have a score each, a real number.
        tokenizer: `WordFeaturizer`, for backbones that read each text on its own; or `EncoderTokenizer`, for those
            and for encoders that read both in a row.
        encoder: a preprocessor of Keras Hub, such as `BertTextClassifierPreprocessor`, instead; both in a row.
        score_range: `(low, high)`, between which all scores lie; `None` where they may be anything.
        max_length: words that each text is cut to.
        **kwargs: `name`, `config_file`.

    Call arguments:
        x: a list of pairs of strings; a dict with `first` and `second`, strings (B,); a tuple of these two as tensors;
            a string tensor (B, 2); or what `features.split` made of them.
        y: labels, strings (B,), or scores, floats (B,).
        sample_weight: (B,) floats, a weight for each pair.
        names: the features to make; see `PairFeatures`.

    Returns:
        features, or `(features, labels)`, or with the weights too. Labels are int32 (B,), scores float32 (B,).

    Raises:
        ValueError: unless there is one way from texts to features, for `classes` and a `score_range`, and numbers out
            of range.

    Example:
    >>> from keras_embed.preprocessors import PairPreprocessor
    >>> pairs, labels = [("a man runs", "a man moves"), ("a man runs", "he sits")], ["entailment", "contradiction"]
    >>> preprocessor = PairPreprocessor.from_corpus(pairs, labels)
    >>> preprocessor.classes
    ('contradiction', 'entailment')
    >>> features, ids = preprocessor(pairs, y=labels)
    >>> features["second_token_ids"].numpy()[0, :4].tolist(), ids.numpy().tolist()
    ([2, 3, 6, 0], [1, 0])
    """

    backbone_cls = ANY_BACKBONE
    tokenizer_cls = WordFeaturizer
    multi_label = False

    def __init__(
        self,
        classes: Sequence[str] | None = None,
        tokenizer: Any = None,
        encoder: Any = None,
        score_range: tuple[float, float] | None = None,
        max_length: int | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.pop("dtype", None)
        super().__init__(dtype="float32", **kwargs)
        if max_length is not None:
            check_positive("max_length", max_length)
        if (tokenizer is None) == (encoder is None):
            received = "neither" if tokenizer is None else "both"
            raise ValueError(message("either a `tokenizer` or an `encoder`", received, "from_corpus(pairs, labels)"))
        if encoder is not None and encoder.config_file == self.config_file:
            encoder.config_file = "encoder.json"  # a preset holds both
        if classes is not None and score_range is not None:
            raise ValueError(message("`classes` or a `score_range`", "both"))
        self.tokenizer = tokenizer
        self.encoder = encoder
        self.score_range = check_range(score_range)
        self.max_length = max_length
        self.labels = None if classes is None else ClassLabels(classes)
        self.features = PairFeatures(tokenizer, encoder, max_length)
        self.built = True

    @property
    def classes(self) -> tuple[str, ...] | None:
        """The classes by number; `None` where pairs have scores."""
        return None if self.labels is None else self.labels.classes

    @classmethod
    def from_corpus(
        cls,
        pairs: Any,
        labels: Sequence[Any] | None = None,
        tokenizer: Any = None,
        encoder: Any = None,
        score_range: tuple[float, float] | str | None = "seen",
        max_length: int | None = None,
        splitter: Any = None,
        **kwargs: Any,
    ) -> "PairPreprocessor":
        """Learns classes, or the range of scores, and words from training data.

        Args:
            pairs: `corpora.LabelledPairs`, or pairs of strings.
            labels: of pairs of strings: a string for each, or a number.
            tokenizer: see the class; learnt, a `WordFeaturizer`, where there is none and no `encoder`.
            encoder: see the class.
            score_range: of numbers, see the class; "seen": from the least of them to the greatest.
            max_length: see the class.
            splitter: what splits texts into words, for a tokenizer that is learnt; see `WordFeaturizer`.
            **kwargs: for `WordFeaturizer.from_tokens`.
        """
        pairs, labels = labelled_columns(pairs, labels, "pairs")
        first, second = pair_texts(pairs, len(labels))
        classes = None
        if labels and isinstance(labels[0], (str, bytes)):
            known = ClassLabels.from_labels(labels, multi_label=False)
            classes, score_range = known.classes, None
        elif isinstance(score_range, str):
            scores = pair_scores(labels)
            score_range = (float(scores.min()), float(scores.max())) if len(scores) else None
        if tokenizer is None and encoder is None:
            tokenizer = learnt_words(first + second, splitter, **kwargs)
        return cls(classes, tokenizer, encoder, score_range, max_length)

    def embeddings(
        self, word_dim: int = 100, char_filters: int = 0, casing_dim: int = 0, **kwargs: Any
    ) -> list[keras.layers.Layer]:
        """Embedding layers that fit the features of one text, for a backbone: words alone unless asked for more.

        Args:
            word_dim: of `layers.WordEmbedding`; 0 leaves it out, as it does for the other two.
            char_filters: output width of the character encoder.
            casing_dim: of `layers.CasingEmbedding`.
            **kwargs: the other arguments of `TaggerPreprocessor.embeddings`, such as `weights`, pretrained vectors.

        Raises:
            ValueError: without a `tokenizer`.
        """
        if self.tokenizer is None:
            raise ValueError(message("a preprocessor with a `tokenizer`", "one without", "from_corpus(pairs, labels)"))
        return word_embeddings(self.tokenizer, word_dim, char_filters, casing_dim, **kwargs)

    def call(self, x: Any, y: Any = None, sample_weight: Any = None, names: Any = None) -> Any:
        features = self.features.encode(self.features.parts(x), names)
        if isinstance(y, (list, tuple, np.ndarray)):
            y = tf.constant(self.numbers(y))
        elif y is not None and self.labels is not None and y.dtype == tf.string:
            y = self.labels.graph(y)
        elif y is not None and self.labels is None:
            y = tf.reshape(tf.cast(y, tf.float32), [-1])
        return keras.utils.pack_x_y_sample_weight(features, y, sample_weight)

    def numbers(self, labels: Iterable[Any]) -> Any:
        """Labels or scores in Python as an array (N,), int32 or float32.

        Raises:
            ValueError: naming the pair whose label is not known, or whose score is no number or out of range.
        """
        return pair_scores(labels, self.score_range) if self.labels is None else self.labels.encode(labels)

    def build(self, input_shape: Any = None) -> None:
        """Nothing to build."""

    def split(self, pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
        """Checks pairs in memory and splits their texts; see `PairFeatures.split`."""
        return self.features.split_all(*pair_texts(pairs))

    def dataset(
        self,
        pairs: Any,
        labels: Any = None,
        sample_weight: Any = None,
        batch_size: int = 32,
        seed: int | None = None,
    ) -> Any:
        """A `tf.data.Dataset` of batches `(pairs, labels[, weights])` of similar length: split, checked, not padded.

        Args:
            pairs: of strings, or `corpora.LabelledPairs`.
            labels: a string, or a number, for each.
            sample_weight: a weight for each pair.
            batch_size: pairs in a batch.
            seed: shuffles anew every epoch; `None` sorts by length.

        Raises:
            ValueError: for no pairs, a pair that is not two strings, a label that is not known. It names the pair.
        """
        pairs, labels = columns_of(pairs, labels, "pairs")
        labels = None if labels is None else list(labels)
        sides = pair_texts(pairs, None if labels is None else len(labels))
        if not sides[0]:
            raise ValueError(message("at least one pair", "none"))
        parts = self.features.split_all(*sides)
        columns: list[Any] = [parts]
        if labels is not None:
            columns.append(tf.constant(self.numbers(labels)))
        if sample_weight is not None:
            columns.append(tf.constant(sample_weight, tf.float32))
        return batched_dataset(tuple(columns), batch_size, seed, self.features.lengths(parts))

    def postprocess(self, answers: Any, thresholds: Any = None) -> dict[str, Any]:
        """Probabilities (B, K) as labels, see `classified_labels`; or scores (B, 1) as `score` (B,). Graph code."""
        if self.classes is None:
            return {"score": tf.reshape(answers, [-1])}
        return classified_labels(answers, self.classes)

    def get_config(self) -> dict[str, Any]:
        config = {**super().get_config(), "classes": self.classes, "score_range": self.score_range}
        config |= {"max_length": self.max_length}
        if self.encoder is not None:
            config["encoder"] = keras.layers.serialize(self.encoder)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "PairPreprocessor":
        """A preprocessor without words, which the assets bring."""
        if isinstance(config.get("encoder"), dict):
            config = {**config, "encoder": keras.layers.deserialize(config["encoder"])}
        return super().from_config(config)
