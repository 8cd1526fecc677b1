"""Preprocessor of language models: texts to features and labels, in windows, and ids to strings."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Self

import keras
import numpy as np
from numpy.typing import NDArray

from keras_embed._backend import tf
from keras_embed._backend.ragged import bucket_length, dense, encoded_texts
from keras_embed._errors import check_positive, message
from keras_embed._types import Dataset, Features, LabelData, StringData, TFTensor, Tokens
from keras_embed.preprocessors.batching import assign, fit_shapes
from keras_embed.preprocessors.features import bracketed, id_rows
from keras_embed.preprocessors.preprocessor import StringPreprocessor, text_column
from keras_embed.tokenizers import subword_tokenizer
from keras_embed.tokenizers.subword_tokenizer import SubwordTokenizer

_BUCKET_LENGTHS = (16, 32, 64, 128, 256, 512)
_PREFETCHED = 4


@keras.saving.register_keras_serializable(package="keras_embed")
class LanguageModelPreprocessor(StringPreprocessor):
    """Converts texts to the features and labels of a language model, and the ids that it generates to strings.

    Args:
        tokenizer: `SubwordTokenizer`.
        max_length: tokens that a model reads at a time, the start included.
        **kwargs: `name`, `config_file`.

    Call arguments:
        x: texts, strings (B,).
        sample_weight: (B,) floats, a weight for each text.

    Returns:
        `(features, labels (B, T) int32)`, or with the weights too. Features are `token_ids` (B, T) int32, which begin
        with the start token, and `padding_mask` (B, T) bool, True = real. Labels are the next tokens, the last of them
        the end token, and -1 at padding. A text that is longer than `max_length` is truncated, and has no end then;
        `dataset` leaves nothing out.

    Raises:
        ValueError: If `max_length` is not a positive integer.

    Example:
    >>> preprocessor = LanguageModelPreprocessor.from_corpus(["A dog.", "A man."], kind="words", lowercase=True)
    >>> features, labels = preprocessor(["A dog."])
    >>> features["token_ids"].numpy()[0, :6].tolist(), labels.numpy()[0, :6].tolist()
    ([2, 5, 6, 4, 0, 0], [5, 6, 4, 3, -1, -1])
    >>> preprocessor.postprocess(labels).numpy().tolist()
    [b'a dog .']
    """

    tokenizer_cls = SubwordTokenizer
    config_arguments = ("max_length",)

    def __init__(self, tokenizer: SubwordTokenizer, max_length: int = 128, **kwargs: Any) -> None:
        super().__init__(tokenizer, **kwargs)
        check_positive("max_length", max_length)
        self.max_length = max_length

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
    ) -> Self:
        """Learns the subwords of training data.

        Args:
            texts: strings.
            kind: "bpe", "wordpiece", "sentencepiece" or "words", see `SubwordTokenizer.train`.
            vocabulary_size: maximum number of subwords.
            lowercase: True to lowercase texts.
            form: Unicode normal form.
            min_count: see `SubwordTokenizer.train`.
            max_length: see the class.
            **config: see `SubwordTokenizer.train`.
        """
        tokenizer = SubwordTokenizer.train(texts, kind, vocabulary_size, lowercase, form, min_count, **config)
        return cls(tokenizer, max_length)

    # === Strings to features ===

    def signature(self) -> dict[str, TFTensor]:
        return {"prompt": tf.TensorSpec([None], tf.string, name="prompt")}

    def columns(self, x: StringData, y: LabelData = None, sample_weight: LabelData = None) -> tuple[Any, Any, Any]:
        """Returns the column `prompt`: texts. Labels are computed from it, and `y` is not used."""
        return (x if self.is_split(x) else {"prompt": text_column(x)}), None, sample_weight

    def tokenize(self, columns: dict[str, TFTensor]) -> TFTensor:
        """Returns the ids of texts, ragged (B, None)."""
        return self.tokenizer.tokenize(columns["prompt"])

    def rows(self, columns: dict[str, TFTensor], y: LabelData, sample_weight: LabelData) -> tuple[Tokens, Any, Any]:
        """Returns the ids of texts, of which the last of `max_length` is not read, and all of them as labels."""
        ids = self.tokenize(columns)
        return ids[:, : self.max_length - 1], ids, sample_weight

    def encode(self, tokens: TFTensor, names: Iterable[str] | None = None) -> Features:
        features = self._features(tokens)
        return features if names is None else {name: features[name] for name in names if name in features}

    def encode_labels(self, y: TFTensor, tokens: TFTensor, features: Features) -> TFTensor:
        """Returns the next token of each position, (B, T) int32, with -1 at padding."""
        length = tf.shape(features["token_ids"])[1]
        return dense(bracketed(y, end=subword_tokenizer.END_ID)[:, : self.max_length], length, -1)

    def prompts(self, prompts: StringData, length: int | TFTensor | None = None) -> Features:
        """Computes the features of prompts, strings (B,), in TensorFlow graph code.

        Args:
            prompts: texts; an empty one is the start token alone.
            length: T, to which they are truncated and padded; `None`: the next of few lengths.

        Returns:
            `token_ids` (B, T) int32, which begin with the start token, and `padding_mask` (B, T) bool.
        """
        ids = self.tokenizer.tokenize(prompts)
        return self._features(ids if length is None else ids[:, : length - 1], length)

    def _features(self, ids: TFTensor, length: int | TFTensor | None = None) -> Features:
        if length is None:
            length = bucket_length(ids.bounding_shape(axis=1) + 1, _BUCKET_LENGTHS)
        return {
            "token_ids": dense(bracketed(ids, start=subword_tokenizer.START_ID), length),
            "padding_mask": tf.sequence_mask(ids.row_lengths() + 1, length),
        }

    def postprocess(self, token_ids: TFTensor) -> TFTensor:  # type: ignore[override]
        """Converts ids, ragged or padded (..., T), to strings (...), in TensorFlow graph code."""
        return self.tokenizer.detokenize(token_ids)

    def written(self, prompt_ids: TFTensor, token_ids: TFTensor) -> tuple[TFTensor, TFTensor]:
        """Returns generated texts and their continuations of the prompts, in TensorFlow graph code.

        Args:
            prompt_ids: `token_ids` of `prompts`, (B, P).
            token_ids: ids of N texts that begin with each prompt, int32 (B, N, L).

        Returns:
            two tensors of strings (B, N): the whole texts, and the part after the prompt.
        """
        texts = self.postprocess(token_ids)
        begins = tf.strings.length(self.postprocess(prompt_ids))[:, tf.newaxis]
        lengths = tf.strings.length(texts)
        begins = tf.minimum(begins, lengths)
        return texts, tf.strings.substr(texts, begins, lengths - begins)

    # === Batches in few shapes ===

    def token_batches(
        self,
        texts: Sequence[str],
        batch_tokens: int | None = None,
        batch_size: int | None = None,
        seed: int | None = None,
        overlap: int = 0,
        max_shapes: int = 4,
    ) -> "LanguageModelBatches":
        """Encodes texts, once, and returns them as windows of `max_length` in batches of few shapes.

        Args:
            texts: strings of any length.
            batch_tokens: tokens in a batch, padding included.
            batch_size: windows in a batch, instead of `batch_tokens`.
            seed: seed of the shuffling, which differs in every epoch; `None` does not shuffle.
            overlap: tokens at the start of a window that the one before has read too; they are not labels again.
            max_shapes: maximum number of shapes.

        Returns:
            an iterable of `(features, labels)` with `shapes`, `num_batches`, `num_labels` and `dataset()`.

        Raises:
            ValueError: If there are no texts, or a text is no string or cannot be encoded in UTF-8. The message names
                the text.
        """
        strings = encoded_texts(texts)
        if not strings:
            raise ValueError(message("at least one text", "none"))
        ids = id_rows(self.tokenizer.tokenize(tf.constant(strings, tf.string)))
        return LanguageModelBatches(ids, self.max_length, overlap, batch_tokens, batch_size, seed, max_shapes)

    def dataset(self, x: Sequence[str], **kwargs: Any) -> Dataset:  # type: ignore[override]
        """Returns a `tf.data.Dataset` of batches `(features, labels)` for `fit`.

        Args:
            x: texts.
            **kwargs: the other arguments of `token_batches`.
        """
        return self.token_batches(x, **kwargs).dataset()


class LanguageModelBatches:
    """Windows of texts, as ids, in batches of few shapes, in a new order every epoch.

    A text with its start and end is cut into windows of at most `max_length` inputs. Every token, and the end, is the
    label of exactly one window. A window begins with the last label of the one before, or, with an `overlap`, that many
    tokens earlier, which are read and are no labels: so that every label has at least as many tokens before it.

    Every batch has exactly one of the shapes: if windows do not fill the last one of a shape, others are repeated in it
    with labels of -1, which do not count in the loss.

    Args:
        texts: N arrays of ids, without start and end.
        max_length: maximum number of inputs of a window.
        overlap: below `max_length`.
        batch_tokens: maximum number of inputs in a batch, padding included (but at least one window).
        batch_size: maximum number of windows in a batch; give one of the two.
        seed: seed of the shuffling; `None` does not shuffle.
        max_shapes: maximum number of shapes; and no more than one for every four batches.

    Attributes:
        shapes: tuple of (rows, length).
        num_batches: batches in an epoch.
        num_labels: labels in an epoch: all tokens and an end for each text.

    Raises:
        ValueError: If there are both or neither of `batch_tokens` and `batch_size`, a number is out of range, or there
            are no texts.

    Example:
    >>> batches = LanguageModelBatches([[4, 5, 6, 7], [8]], max_length=3, batch_size=2)
    >>> batches.shapes
    ((2, 3),)
    >>> for features, labels in batches:
    ...     print(features["token_ids"].tolist(), labels.tolist())
    [[2, 4, 5], [6, 7, 0]] [[4, 5, 6], [7, 3, -1]]
    [[2, 8, 0], [2, 8, 0]] [[8, 3, -1], [-1, -1, -1]]
    """

    def __init__(
        self,
        texts: Sequence[Sequence[int] | NDArray[np.int32]],
        max_length: int,
        overlap: int = 0,
        batch_tokens: int | None = None,
        batch_size: int | None = None,
        seed: int | None = None,
        max_shapes: int = 4,
    ) -> None:
        if (batch_tokens is None) == (batch_size is None):
            raise ValueError(message("either `batch_tokens` or `batch_size`", (batch_tokens, batch_size)))
        check_positive("batch_tokens" if batch_size is None else "batch_size", batch_tokens or batch_size or 0)
        check_positive("max_length", max_length)
        check_positive("max_shapes", max_shapes)
        if not 0 <= overlap < max_length:
            raise ValueError(message(f"`overlap` from 0 to below max_length={max_length}", overlap))
        if not len(texts):
            raise ValueError(message("at least one text", "none"))
        self._generator = None if seed is None else np.random.default_rng(seed)
        lengths = np.array([len(text) + 1 for text in texts], np.int64)  # labels of each text
        self._flat = _joined(texts)
        self._windows = _Windows(lengths, max_length, overlap)
        sizes = np.stack([np.zeros_like(self._windows.lengths), self._windows.lengths], axis=1)

        def max_rows(length: int) -> int:
            return batch_size or max(1, (batch_tokens or 1) // length)

        batches = -(-len(sizes) // max_rows(int(self._windows.lengths.max())))
        found = fit_shapes(sizes, max_rows, min(max_shapes, 1 + (batches - 1) // 4))
        indices = assign(sizes, found)
        self._groups = [np.flatnonzero(indices == index) for index in range(len(found))]
        self.shapes = tuple((shape.rows, shape.target_length) for shape in found)
        self.num_batches = sum(
            -(-len(group) // rows) for group, (rows, _) in zip(self._groups, self.shapes, strict=True)
        )
        self.num_labels = int(lengths.sum())

    def __len__(self) -> int:
        return self.num_batches

    def __iter__(self) -> Iterator[tuple[dict[str, NDArray[Any]], NDArray[np.int32]]]:
        """Yields the batches of an epoch, `(features, labels)`: `token_ids`, `padding_mask` and labels, (B, T) each."""
        for _, features, labels in self.numbered():
            yield features, labels

    def numbered(self) -> Iterator[tuple[NDArray[np.int64], dict[str, NDArray[Any]], NDArray[np.int32]]]:
        """Yields the batches of an epoch with the index of the text of each row: `(indices, features, labels)`."""
        plan = []
        for group, (rows, length) in zip(self._groups, self.shapes, strict=True):
            order = group if self._generator is None else self._generator.permutation(group)
            plan += [(order[start : start + rows], rows, length) for start in range(0, len(order), rows)]
        indices = range(len(plan)) if self._generator is None else self._generator.permutation(len(plan))
        for index in indices:
            yield self._batch(*plan[index])

    def _batch(
        self, windows: NDArray[np.int64], rows: int, length: int
    ) -> tuple[NDArray[np.int64], dict[str, NDArray[Any]], NDArray[np.int32]]:
        full, steps = np.resize(windows, rows), np.arange(length)
        starts, sizes, skipped = (column[full, None] for column in self._windows.columns)  # (B, 1)
        real = steps < sizes  # (B, T)
        cells = np.where(real, starts + steps, 0)
        features = {"token_ids": np.where(real, self._flat[cells], 0), "padding_mask": real}
        labels = np.where(real & (steps >= skipped), self._flat[cells + 1], -1)
        labels[len(windows) :] = -1
        return self._windows.texts[full], features, labels

    def dataset(self) -> Dataset:
        """Returns the batches as a `tf.data.Dataset`, for `fit`; each iteration over it is an epoch."""
        ids, mask = tf.TensorSpec([None, None], tf.int32), tf.TensorSpec([None, None], tf.bool)
        signature = ({"token_ids": ids, "padding_mask": mask}, ids)
        dataset = tf.data.Dataset.from_generator(lambda: iter(self), output_signature=signature)
        return dataset.apply(tf.data.experimental.assert_cardinality(self.num_batches)).prefetch(_PREFETCHED)


class _Windows:
    """Start of each window among all ids, its number of inputs, how many of these have no label, and its text."""

    def __init__(self, lengths: NDArray[np.int64], max_length: int, overlap: int) -> None:
        stride = max_length - overlap
        counts = 1 + np.maximum(0, -(-(lengths - max_length) // stride))
        self.texts = np.repeat(np.arange(len(lengths)), counts)
        index = np.arange(len(self.texts)) - np.repeat(np.cumsum(counts) - counts, counts)  # of a window in its text
        first = np.cumsum(lengths + 1) - (lengths + 1)  # index of each text's start token
        self.starts = first[self.texts] + index * stride
        self.lengths = np.minimum(max_length, lengths[self.texts] - index * stride)
        self.columns = (self.starts, self.lengths, np.where(index > 0, overlap, 0))


def _joined(texts: Sequence[Any]) -> NDArray[np.int32]:
    """Returns all texts in one array, each with its start and end."""
    parts: list[Any] = []
    for text in texts:
        parts += [[subword_tokenizer.START_ID], text, [subword_tokenizer.END_ID]]
    return np.concatenate([np.asarray(part, np.int32) for part in parts])
