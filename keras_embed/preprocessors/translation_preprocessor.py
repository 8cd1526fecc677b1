"""Texts and their translations in, features and labels out; and back."""

from collections.abc import Iterable, Sequence
from typing import Any

import keras
import keras_hub

from keras_embed._backend import tf
from keras_embed._backend.ragged import bucket_length, dense
from keras_embed._errors import check_positive, message
from keras_embed.preprocessors._pairs import numbers_of, sides_of, with_marks
from keras_embed.preprocessors.token_batches import TokenBatches
from keras_embed.tokenizers import subword_tokenizer
from keras_embed.tokenizers.any_backbone import ANY_BACKBONE
from keras_embed.tokenizers.subword_tokenizer import SubwordTokenizer

#: Lengths that texts are padded to where they come one batch at a time.
BUCKET_LENGTHS = (16, 32, 48, 64, 96, 128)


@keras.saving.register_keras_serializable(package="keras_embed")
class TranslationPreprocessor(keras_hub.models.Preprocessor):
    """Turns texts and their translations into what a translator is trained on, and its answers back into strings.

    Args:
        tokenizer: `SubwordTokenizer` of the sources.
        target_tokenizer: that of the targets; `None`: the same, one vocabulary for both.
        max_source_length: pieces that a source is cut to, its end included.
        max_target_length: pieces that a target is cut to, its start or its end included.
        bucket_lengths: rising lengths that batches are padded to, but for those of `dataset`, which fit its data.
        **kwargs: `name`, `config_file`.

    Call arguments:
        x: sources, strings (B,).
        y: targets, strings (B,); `None` where there is nothing to learn.
        sample_weight: (B,) floats, a weight for each pair.

    Returns:
        `source_features(x)`, or `(features, labels (B, T) int32)`, or with the weights too. Features also have
        `decoder_token_ids` (B, T) int32, which begin with the start, and `decoder_padding_mask` (B, T) bool. Labels
        are the pieces that come next, ending in the end, and -1 at padding.

    Raises:
        ValueError: for lengths below one, and `bucket_lengths` that do not rise.

    Example:
    >>> from keras_embed.preprocessors import TranslationPreprocessor
    >>> pairs = [("Ein Hund.", "A dog."), ("Ein Mann.", "A man.")]
    >>> preprocessor = TranslationPreprocessor.from_corpus(
    ...     pairs, kind="words", shared=False, lowercase=True, bucket_lengths=(6,)
    ... )
    >>> features, labels = preprocessor(["Ein Hund."], y=["A dog."])
    >>> features["encoder_token_ids"].numpy().tolist(), features["decoder_token_ids"].numpy().tolist()
    ([[5, 6, 4, 3, 0, 0]], [[2, 5, 6, 4, 0, 0]])
    >>> labels.numpy().tolist(), preprocessor.postprocess(labels).numpy().tolist()
    ([[5, 6, 4, 3, -1, -1]], [b'a dog .'])
    """

    backbone_cls = ANY_BACKBONE
    tokenizer_cls = SubwordTokenizer

    def __init__(
        self,
        tokenizer: Any,
        target_tokenizer: Any = None,
        max_source_length: int = 128,
        max_target_length: int = 128,
        bucket_lengths: Sequence[int] = BUCKET_LENGTHS,
        **kwargs: Any,
    ) -> None:
        kwargs.pop("dtype", None)
        super().__init__(dtype="float32", **kwargs)
        check_positive("max_source_length", max_source_length)
        check_positive("max_target_length", max_target_length)
        if not bucket_lengths or sorted(set(bucket_lengths)) != list(bucket_lengths) or bucket_lengths[0] < 1:
            raise ValueError(message("`bucket_lengths` to rise", bucket_lengths, "bucket_lengths=(16, 32, 64)"))
        self.tokenizer = tokenizer
        if target_tokenizer is tokenizer:
            target_tokenizer = None
        if target_tokenizer is not None and target_tokenizer.config_file == tokenizer.config_file:
            target_tokenizer.config_file = "target_tokenizer.json"  # a preset holds both
        self._own_target_tokenizer = target_tokenizer
        self.max_source_length = max_source_length
        self.max_target_length = max_target_length
        self.bucket_lengths = tuple(int(length) for length in bucket_lengths)
        self.built = True

    @classmethod
    def from_corpus(
        cls,
        pairs: Iterable[tuple[str, str]],
        kind: str = "bpe",
        vocabulary_size: int | None = 10000,
        shared: bool = True,
        lowercase: bool = False,
        form: str | None = None,
        min_count: int = 1,
        max_source_length: int = 128,
        max_target_length: int = 128,
        bucket_lengths: Sequence[int] = BUCKET_LENGTHS,
        **config: Any,
    ) -> "TranslationPreprocessor":
        """Learns the pieces of training data.

        Args:
            pairs: `corpora.Translations`, or any pairs of strings.
            kind: see `SubwordTokenizer.train`; the settings hold for both languages.
            vocabulary_size: greatest number of pieces, of both languages together where they are `shared`.
            shared: whether both languages have one vocabulary.
            lowercase: whether texts are put into lower case.
            form: Unicode's normal form.
            min_count: see `SubwordTokenizer.train`.
            max_source_length: see the class.
            max_target_length: see the class.
            bucket_lengths: see the class.
            **config: see `SubwordTokenizer.train`.

        Raises:
            ValueError: for no pairs, and naming the pair where one is no two strings, or empty.
        """
        sides = sides_of(pairs)
        texts = [sides[0] + sides[1]] if shared else sides
        tokenizers = [
            SubwordTokenizer.train(some, kind, vocabulary_size, lowercase, form, min_count, **config) for some in texts
        ]
        return cls(tokenizers[0], tokenizers[-1], max_source_length, max_target_length, bucket_lengths)

    @property
    def source_tokenizer(self) -> Any:
        """The tokenizer of the sources."""
        return self.tokenizer

    @property
    def target_tokenizer(self) -> Any:
        """The tokenizer of the targets, the same where both languages have one vocabulary."""
        return self.tokenizer if self._own_target_tokenizer is None else self._own_target_tokenizer

    @property
    def shared(self) -> bool:
        """Whether both languages have one vocabulary."""
        return self._own_target_tokenizer is None

    def call(self, x: Any, y: Any = None, sample_weight: Any = None) -> Any:
        features = self.source_features(x)
        if y is None:
            return keras.utils.pack_x_y_sample_weight(features)
        ids = self.target_tokenizer.tokenize(y)[:, : self.max_target_length - 1]
        length = self._length(ids)
        features["decoder_token_ids"] = dense(with_marks(ids, before=subword_tokenizer.START_ID), length)
        features["decoder_padding_mask"] = tf.sequence_mask(ids.row_lengths() + 1, length)
        labels = dense(with_marks(ids, after=subword_tokenizer.END_ID), length, -1)
        return keras.utils.pack_x_y_sample_weight(features, labels, sample_weight)

    def build(self, input_shape: Any = None) -> None:
        """Nothing to build."""

    def source_features(self, sources: Any) -> dict[str, Any]:
        """What a translator reads of sources, strings (B,), in TensorFlow graph code.

        Returns:
            `encoder_token_ids` (B, S) int32, ending in the end, and `encoder_padding_mask` (B, S) bool, True = real.
        """
        ids = self.source_tokenizer.tokenize(sources)[:, : self.max_source_length - 1]
        length = self._length(ids)
        return {
            "encoder_token_ids": dense(with_marks(ids, after=subword_tokenizer.END_ID), length),
            "encoder_padding_mask": tf.sequence_mask(ids.row_lengths() + 1, length),
        }

    def postprocess(self, token_ids: Any) -> Any:
        """Pieces of targets, ragged or padded (..., T), as strings (...), in TensorFlow graph code."""
        return self.target_tokenizer.detokenize(token_ids)

    def resources(self) -> list[Any]:
        """What an exporter must hold for all of this to be saved in a graph."""
        return [*self.source_tokenizer.resources(), *([] if self.shared else self.target_tokenizer.resources())]

    def token_batches(
        self,
        sources: Sequence[str],
        targets: Sequence[str],
        batch_tokens: int | None = None,
        batch_size: int | None = None,
        seed: int | None = None,
        max_shapes: int = 8,
        shapes: Any = None,
    ) -> TokenBatches:
        """Pairs, encoded once, in batches of few shapes; see `TokenBatches`, which says what shapes there are.

        Args:
            sources: texts.
            targets: their translations.
            batch_tokens: target pieces in a batch, padding included.
            batch_size: pairs in a batch, instead of `batch_tokens`.
            seed: shuffles anew every epoch; `None` keeps an order.
            max_shapes: how many shapes at most.
            shapes: those of another `TokenBatches`, such as that of the training data, instead of new ones.

        Raises:
            ValueError: for another number of targets than of sources, no pairs, and naming the pair where a text is
                empty, no string, or not to be held by UTF-8.
        """
        if len(sources) != len(targets):
            raise ValueError(message("as many targets as sources", f"{len(targets)} and {len(sources)}"))
        source_texts, target_texts = sides_of(zip(sources, targets, strict=True))
        return TokenBatches(
            numbers_of(self.source_tokenizer, source_texts),
            numbers_of(self.target_tokenizer, target_texts),
            batch_tokens,
            batch_size,
            seed,
            max_shapes,
            (self.max_source_length, self.max_target_length),
            shapes,
        )

    def dataset(self, sources: Sequence[str], targets: Sequence[str], **kwargs: Any) -> Any:
        """A `tf.data.Dataset` of batches `(features, labels)` for `fit`; arguments as in `token_batches`."""
        return self.token_batches(sources, targets, **kwargs).dataset()

    def _length(self, ids: Any) -> Any:
        return bucket_length(ids.bounding_shape(axis=1) + 1, self.bucket_lengths)

    def get_config(self) -> dict[str, Any]:
        """The settings; the pieces are assets of the tokenizers."""
        own = self._own_target_tokenizer
        return {
            **super().get_config(),
            "target_tokenizer": None if own is None else keras.layers.serialize(own),
            "max_source_length": self.max_source_length,
            "max_target_length": self.max_target_length,
            "bucket_lengths": self.bucket_lengths,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "TranslationPreprocessor":
        """A preprocessor without pieces, which the assets bring."""
        if isinstance(config.get("target_tokenizer"), dict):
            config = {**config, "target_tokenizer": keras.layers.deserialize(config["target_tokenizer"])}
        return super().from_config(config)
