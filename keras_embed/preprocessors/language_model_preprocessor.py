"""Texts in, what a language model reads and has to say out; and back."""

from collections.abc import Sequence
from typing import Any

import keras
import keras_hub

from keras_embed._backend import tf
from keras_embed._backend.ragged import bucket_length, dense, encoded_texts
from keras_embed._errors import check_positive, message
from keras_embed.preprocessors._pairs import rows_of, with_marks
from keras_embed.preprocessors.language_model_batches import LanguageModelBatches
from keras_embed.tokenizers import subword_tokenizer
from keras_embed.tokenizers.any_backbone import ANY_BACKBONE
from keras_embed.tokenizers.subword_tokenizer import SubwordTokenizer

_BUCKET_LENGTHS = (16, 32, 64, 128, 256, 512)


@keras.saving.register_keras_serializable(package="keras_embed")
class LanguageModelPreprocessor(keras_hub.models.Preprocessor):
    """Turns texts into what a language model is trained on, and what it writes back into strings.

    Args:
        tokenizer: `SubwordTokenizer`.
        max_length: pieces that a model reads at a time, the start included.
        **kwargs: `name`, `config_file`.

    Call arguments:
        x: texts, strings (B,).
        sample_weight: (B,) floats, a weight for each text.

    Returns:
        `(features, labels (B, T) int32)`, or with the weights too. Features are `token_ids` (B, T) int32, which begin
        with the start, and `padding_mask` (B, T) bool, True = real. Labels are the pieces that come next, ending in the
        end, and -1 at padding. Of a text that is longer than `max_length`, the rest is left out, and its end; `dataset`
        leaves nothing out.

    Raises:
        ValueError: unless `max_length` is a positive integer.

    Example:
    >>> preprocessor = LanguageModelPreprocessor.from_corpus(["A dog.", "A man."], kind="words", lowercase=True)
    >>> features, labels = preprocessor(["A dog."])
    >>> features["token_ids"].numpy()[0, :6].tolist(), labels.numpy()[0, :6].tolist()
    ([2, 5, 6, 4, 0, 0], [5, 6, 4, 3, -1, -1])
    >>> preprocessor.postprocess(labels).numpy().tolist()
    [b'a dog .']
    """

    backbone_cls = ANY_BACKBONE
    tokenizer_cls = SubwordTokenizer

    def __init__(self, tokenizer: Any, max_length: int = 128, **kwargs: Any) -> None:
        kwargs.pop("dtype", None)
        super().__init__(dtype="float32", **kwargs)
        check_positive("max_length", max_length)
        self.tokenizer = tokenizer
        self.max_length = max_length
        self.built = True

    @classmethod
    def from_corpus(
        cls,
        texts: Sequence[str],
        kind: str = "bpe",
        vocabulary_size: int | None = 10000,
        lowercase: bool = False,
        form: str | None = None,
        min_count: int = 1,
        max_length: int = 128,
        **config: Any,
    ) -> "LanguageModelPreprocessor":
        """Learns the pieces of training data.

        Args:
            texts: strings.
            kind: "bpe", "wordpiece", "sentencepiece" or "words", see `SubwordTokenizer.train`.
            vocabulary_size: greatest number of pieces.
            lowercase: whether texts are put into lower case.
            form: Unicode's normal form.
            min_count: see `SubwordTokenizer.train`.
            max_length: see the class.
            **config: see `SubwordTokenizer.train`.
        """
        tokenizer = SubwordTokenizer.train(texts, kind, vocabulary_size, lowercase, form, min_count, **config)
        return cls(tokenizer, max_length)

    def call(self, x: Any, y: Any = None, sample_weight: Any = None) -> Any:
        ids = self.tokenizer.tokenize(x)
        features = self._features(ids[:, : self.max_length - 1])
        length = tf.shape(features["token_ids"])[1]
        labels = dense(with_marks(ids, after=subword_tokenizer.END_ID)[:, : self.max_length], length, -1)
        return keras.utils.pack_x_y_sample_weight(features, labels, sample_weight)

    def build(self, input_shape: Any = None) -> None:
        """Nothing to build."""

    def prompts(self, prompts: Any, length: Any = None) -> dict[str, Any]:
        """What a text is to begin with, strings (B,), as features, in TensorFlow graph code.

        Args:
            prompts: texts; an empty one is the start alone.
            length: T, to which they are cut and padded; `None`: of few lengths the next.

        Returns:
            `token_ids` (B, T) int32, which begin with the start, and `padding_mask` (B, T) bool.
        """
        ids = self.tokenizer.tokenize(prompts)
        return self._features(ids if length is None else ids[:, : length - 1], length)

    def _features(self, ids: Any, length: Any = None) -> dict[str, Any]:
        if length is None:
            length = bucket_length(ids.bounding_shape(axis=1) + 1, _BUCKET_LENGTHS)
        return {
            "token_ids": dense(with_marks(ids, before=subword_tokenizer.START_ID), length),
            "padding_mask": tf.sequence_mask(ids.row_lengths() + 1, length),
        }

    def postprocess(self, token_ids: Any) -> Any:
        """Pieces, ragged or padded (..., T), as strings (...), in TensorFlow graph code."""
        return self.tokenizer.detokenize(token_ids)

    def written(self, prompt_ids: Any, token_ids: Any) -> tuple[Any, Any]:
        """Texts and what of each is new, in TensorFlow graph code.

        Args:
            prompt_ids: `token_ids` of `prompts`, (B, P).
            token_ids: pieces of N texts that begin with each prompt, int32 (B, N, L).

        Returns:
            two tensors of strings (B, N): the whole texts, and what stands behind the prompt.
        """
        texts = self.postprocess(token_ids)
        begins = tf.strings.length(self.postprocess(prompt_ids))[:, tf.newaxis]
        lengths = tf.strings.length(texts)
        begins = tf.minimum(begins, lengths)
        return texts, tf.strings.substr(texts, begins, lengths - begins)

    def resources(self) -> list[Any]:
        """What an exporter must hold for all of this to be saved in a graph."""
        return list(self.tokenizer.resources())

    def token_batches(
        self,
        texts: Sequence[str],
        batch_tokens: int | None = None,
        batch_size: int | None = None,
        seed: int | None = None,
        overlap: int = 0,
        max_shapes: int = 4,
    ) -> LanguageModelBatches:
        """Texts, encoded once and cut into windows of `max_length`, in batches of few shapes.

        Args:
            texts: strings; a text may be long.
            batch_tokens: pieces in a batch, padding included.
            batch_size: windows in a batch, instead of `batch_tokens`.
            seed: shuffles anew every epoch; `None` keeps an order.
            overlap: see `LanguageModelBatches`.
            max_shapes: how many shapes at most.

        Raises:
            ValueError: for no texts, and naming the text that is no string or that UTF-8 cannot hold.
        """
        strings = encoded_texts(texts)
        if not strings:
            raise ValueError(message("at least one text", "none"))
        ids = rows_of(self.tokenizer.tokenize(tf.constant(strings, tf.string)))
        return LanguageModelBatches(ids, self.max_length, overlap, batch_tokens, batch_size, seed, max_shapes)

    def dataset(self, texts: Sequence[str], **kwargs: Any) -> Any:
        """A `tf.data.Dataset` of batches `(features, labels)` for `fit`; arguments as in `token_batches`."""
        return self.token_batches(texts, **kwargs).dataset()

    def get_config(self) -> dict[str, Any]:
        """The settings; the pieces are an asset of the tokenizer."""
        return {**super().get_config(), "max_length": self.max_length}
