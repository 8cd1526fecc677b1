"""Preprocessor of translators: texts and translations to features and labels, and ids to strings."""

from collections.abc import Iterable, Sequence
from typing import Any, Self

import keras
import numpy as np
from numpy.typing import NDArray

from keras_embed._backend import tf
from keras_embed._backend.ragged import bucket_length, dense, encoded
from keras_embed._errors import check_positive, message
from keras_embed._types import Config, Dataset, Features, LabelData, StringData, TFTensor, Tokens
from keras_embed.preprocessors.batching import BatchShape, TokenBatches
from keras_embed.preprocessors.features import bracketed, id_rows
from keras_embed.preprocessors.preprocessor import StringPreprocessor, text_column
from keras_embed.tokenizers import subword_tokenizer
from keras_embed.tokenizers.subword_tokenizer import SubwordTokenizer

#: Lengths that single batches are padded to.
BUCKET_LENGTHS = (16, 32, 48, 64, 96, 128)
#: Texts that are tokenized at once; bounds the memory of intermediate tensors.
_CHUNK = 20000


@keras.saving.register_keras_serializable(package="keras_embed")
class TranslationPreprocessor(StringPreprocessor):
    """Converts texts and their translations to a translator's features and labels, and its ids back to strings.

    Args:
        tokenizer: `SubwordTokenizer` of the sources.
        target_tokenizer: tokenizer of the targets; `None`: the same, one vocabulary for both.
        max_source_length: tokens that a source is truncated to, its end included.
        max_target_length: tokens that a target is truncated to, its start or its end included.
        bucket_lengths: increasing lengths that batches are padded to, except those of `dataset`, which fit its data.
        **kwargs: `name`, `config_file`.

    Call arguments:
        x: sources, strings (B,).
        y: targets, strings (B,); `None` if there are none.
        sample_weight: (B,) floats, a weight for each pair.

    Returns:
        `source_features(x)`, or `(features, labels (B, T) int32)`, or with the weights too. Features then also have
        `decoder_token_ids` (B, T) int32, which begin with the start token, and `decoder_padding_mask` (B, T) bool.
        Labels are the next tokens, the last of them the end token, and -1 at padding.

    Raises:
        ValueError: If a length is below one, or `bucket_lengths` do not increase.

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

    tokenizer_cls = SubwordTokenizer
    config_arguments = ("max_source_length", "max_target_length", "bucket_lengths")
    config_layers = ("target_tokenizer",)
    unit = "pair"

    def __init__(
        self,
        tokenizer: SubwordTokenizer,
        target_tokenizer: SubwordTokenizer | None = None,
        max_source_length: int = 128,
        max_target_length: int = 128,
        bucket_lengths: Sequence[int] = BUCKET_LENGTHS,
        **kwargs: Any,
    ) -> None:
        super().__init__(tokenizer, **kwargs)
        check_positive("max_source_length", max_source_length)
        check_positive("max_target_length", max_target_length)
        if not bucket_lengths or sorted(set(bucket_lengths)) != list(bucket_lengths) or bucket_lengths[0] < 1:
            raise ValueError(message("`bucket_lengths` to rise", bucket_lengths, "bucket_lengths=(16, 32, 64)"))
        if target_tokenizer is tokenizer:
            target_tokenizer = None
        if target_tokenizer is not None and target_tokenizer.config_file == tokenizer.config_file:
            target_tokenizer.config_file = "target_tokenizer.json"  # a preset holds both
        self._own_target_tokenizer = target_tokenizer
        self.max_source_length = max_source_length
        self.max_target_length = max_target_length
        self.bucket_lengths = tuple(int(length) for length in bucket_lengths)

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
    ) -> Self:
        """Learns the subwords of training data.

        Args:
            pairs: `corpora.Translations`, or any pairs of strings.
            kind: see `SubwordTokenizer.train`; the arguments apply to both languages.
            vocabulary_size: maximum number of subwords, of both languages together if they are `shared`.
            shared: True if both languages have one vocabulary.
            lowercase: True to lowercase texts.
            form: Unicode normal form.
            min_count: see `SubwordTokenizer.train`.
            max_source_length: see the class.
            max_target_length: see the class.
            bucket_lengths: see the class.
            **config: see `SubwordTokenizer.train`.

        Raises:
            ValueError: If there are no pairs, or one is not two strings, or has an empty one. The message names it.
        """
        sides = _sides(pairs)
        texts = [sides[0] + sides[1]] if shared else sides
        learned = [
            SubwordTokenizer.train(some, kind, vocabulary_size, lowercase, form, min_count, **config) for some in texts
        ]
        return cls(learned[0], learned[-1], max_source_length, max_target_length, bucket_lengths)

    @property
    def source_tokenizer(self) -> SubwordTokenizer:
        """The tokenizer of the sources."""
        return self.tokenizer

    @property
    def target_tokenizer(self) -> SubwordTokenizer:
        """The tokenizer of the targets, the same as that of the sources if both languages have one vocabulary."""
        return self.tokenizer if self._own_target_tokenizer is None else self._own_target_tokenizer

    @property
    def shared(self) -> bool:
        """True if both languages have one vocabulary."""
        return self._own_target_tokenizer is None

    # === Strings to features ===

    def signature(self) -> dict[str, TFTensor]:
        return {"text": tf.TensorSpec([None], tf.string, name="text")}

    def columns(self, x: StringData, y: LabelData = None, sample_weight: LabelData = None) -> tuple[Any, Any, Any]:
        """Returns the column `text`, and targets as strings (B,)."""
        return (x if self.is_split(x) else {"text": text_column(x)}), y, sample_weight

    def tokenize(self, columns: dict[str, TFTensor]) -> Tokens:
        """Returns the ids of sources, ragged (B, None) `source`, truncated but for the end."""
        return {"source": self.source_tokenizer.tokenize(columns["text"])[:, : self.max_source_length - 1]}

    def rows(self, columns: dict[str, TFTensor], y: LabelData, sample_weight: LabelData) -> tuple[Tokens, Any, Any]:
        """Returns the ids of sources and, if there are any, of `target`, which are the labels too."""
        tokens = self.tokenize(columns)
        if y is not None:
            y = self.target_tokenizer.tokenize(y)[:, : self.max_target_length - 1]
            tokens["target"] = y
        return tokens, y, sample_weight

    def encode(self, tokens: Tokens, names: Iterable[str] | None = None) -> Features:
        ids = tokens["source"]
        length = self._length(ids)
        features = {
            "encoder_token_ids": dense(bracketed(ids, end=subword_tokenizer.END_ID), length),
            "encoder_padding_mask": tf.sequence_mask(ids.row_lengths() + 1, length),
        }
        if "target" in tokens:
            ids = tokens["target"]
            length = self._length(ids)
            features["decoder_token_ids"] = dense(bracketed(ids, start=subword_tokenizer.START_ID), length)
            features["decoder_padding_mask"] = tf.sequence_mask(ids.row_lengths() + 1, length)
        return features if names is None else {name: features[name] for name in names if name in features}

    def encode_labels(self, y: TFTensor, tokens: Tokens, features: Features) -> TFTensor:
        """Returns the ids of targets and the end token, (B, T) int32, with -1 at padding."""
        return dense(bracketed(y, end=subword_tokenizer.END_ID), self._length(y), -1)

    def source_features(self, sources: StringData) -> Features:
        """Computes a translator's features of sources, strings (B,), in TensorFlow graph code.

        Returns:
            `encoder_token_ids` (B, S) int32, with the end token last, and `encoder_padding_mask` (B, S) bool, True =
            real.
        """
        return self.encode(self.split(sources))

    def _length(self, ids: TFTensor) -> TFTensor:
        return bucket_length(ids.bounding_shape(axis=1) + 1, self.bucket_lengths)

    def postprocess(self, token_ids: TFTensor) -> TFTensor:  # type: ignore[override]
        """Converts ids of targets, ragged or padded (..., T), to strings (...), in TensorFlow graph code."""
        return self.target_tokenizer.detokenize(token_ids)

    def resources(self) -> list[Any]:
        return [*super().resources(), *([] if self.shared else self.target_tokenizer.resources())]

    # === Batches in few shapes ===

    def token_batches(
        self,
        sources: Sequence[str],
        targets: Sequence[str],
        batch_tokens: int | None = None,
        batch_size: int | None = None,
        seed: int | None = None,
        max_shapes: int = 8,
        shapes: Sequence[BatchShape] | None = None,
    ) -> TokenBatches:
        """Encodes pairs, once, and returns them in batches of few shapes.

        Args:
            sources: texts.
            targets: their translations.
            batch_tokens: target tokens in a batch, padding included.
            batch_size: pairs in a batch, instead of `batch_tokens`.
            seed: seed of the shuffling, which differs in every epoch; `None` does not shuffle.
            max_shapes: maximum number of shapes.
            shapes: `shapes` of other batches, such as those of the training data, instead of new ones.

        Returns:
            an iterable of `(features, labels)` with `shapes`, `num_batches`, `num_pairs`, `padding_share` and
            `dataset()`.

        Raises:
            ValueError: If the numbers of sources and targets differ, there are no pairs, or a text is empty, no string
                or cannot be encoded in UTF-8. The message names the pair.
        """
        if len(sources) != len(targets):
            raise ValueError(message("as many targets as sources", f"{len(targets)} and {len(sources)}"))
        source_texts, target_texts = _sides(zip(sources, targets, strict=True))
        return TokenBatches(
            _ids_of(self.source_tokenizer, source_texts),
            _ids_of(self.target_tokenizer, target_texts),
            batch_tokens,
            batch_size,
            seed,
            max_shapes,
            (self.max_source_length, self.max_target_length),
            shapes,
        )

    def dataset(self, x: Sequence[str], y: Sequence[str], **kwargs: Any) -> Dataset:  # type: ignore[override]
        """Returns a `tf.data.Dataset` of batches `(features, labels)` for `fit`.

        Args:
            x: sources.
            y: targets.
            **kwargs: the other arguments of `token_batches`.
        """
        return self.token_batches(x, y, **kwargs).dataset()

    def get_config(self) -> Config:
        config = super().get_config()
        return {**config, "target_tokenizer": None} if self.shared else config


def _sides(pairs: Iterable[tuple[str, str]]) -> list[list[bytes]]:
    """Returns sources and targets in UTF-8; raises `ValueError`, naming the pair, for one that cannot be used."""
    sides: list[list[bytes]] = [[], []]
    for index, pair in enumerate(pairs):
        if isinstance(pair, (str, bytes)) or len(pair) != 2:
            raise ValueError(message("pairs of a source and a target", f"{pair!r} as pair {index}"))
        for side, one, what in zip(sides, pair, ("source", "target"), strict=True):
            side.append(encoded(one, index, what=what, of="pair"))
            if not side[-1].strip():
                raise ValueError(message(f"every {what} to have text", f"{one!r} in pair {index}"))
    if not sides[0]:
        raise ValueError(message("at least one pair", "none"))
    return sides


def _ids_of(tokenizer: SubwordTokenizer, texts: Sequence[bytes]) -> list[NDArray[np.int32]]:
    """Returns texts as arrays of ids, encoded in chunks."""
    parts = [tf.constant(texts[start : start + _CHUNK], tf.string) for start in range(0, len(texts), _CHUNK)]
    return [row for part in parts for row in id_rows(tokenizer.tokenize(part))]
