"""Windows of questions and texts to the features that a network reads."""

from collections.abc import Iterable
from typing import Any

from keras_embed._backend import tf
from keras_embed._backend.ragged import dense
from keras_embed._errors import message
from keras_embed.preprocessors.answer_windows import Texts, Windows, windows_of

SIDES = ("question", "context")


class SpanFeatures:
    """What a question and its text are for a model: both in a row, or each with features of its own.

    With an `EncoderTokenizer` they stand in a row, `[CLS] question [SEP] text [SEP]`, positions are pieces, and the
    feature `answer_mask` says which of them are the text's. With a `WordFeaturizer` they stand side by side, as
    `question_token_ids`, `context_token_ids` ..., and positions are the text's words. All of it is TensorFlow graph
    code.

    Args:
        tokenizer: of one kind or the other.
        max_length: positions that a network reads at once: of both and the marks, or of the text alone.
        stride: positions from one window of a long text to the next.
        max_question_length: positions that a question is cut to.
    """

    def __init__(self, tokenizer: Any, max_length: int, stride: int, max_question_length: int) -> None:
        self.tokenizer, self.stride, self.max_question_length = tokenizer, stride, max_question_length
        self.joint = hasattr(tokenizer, "pack")
        self.max_length = max_length
        splitter = tokenizer if hasattr(tokenizer, "tokenize_with_offsets") else tokenizer.splitter
        if not hasattr(splitter, "tokenize_with_offsets"):
            expected = "a splitter that tells where words stand, `tokenize_with_offsets`"
            raise ValueError(message(expected, type(splitter).__name__, "splitter=text.WordTokenizer()"))
        self._split = splitter.tokenize_with_offsets
        if self.joint:
            self._check_joint()

    def _check_joint(self) -> None:
        if getattr(self.tokenizer.tokenizer, "start_token", None) is None:  # its number may come later
            received = type(self.tokenizer.tokenizer).__name__
            raise ValueError(message("a tokenizer with a start mark, which stands for no answer", received))
        if self.max_length > self.tokenizer.max_length:
            expected = f"`max_length` of at most that of the tokenizer, {self.tokenizer.max_length}"
            raise ValueError(message(expected, self.max_length))
        if self.max_length <= self.max_question_length + self.marks:
            received = f"max_length={self.max_length}, max_question_length={self.max_question_length}"
            raise ValueError(message(f"room for question, {self.marks} marks and some of the text", received))

    @property
    def marks(self) -> int:
        """How many marks stand around both, where they stand in a row."""
        return 2 + int(self.tokenizer.separators) if self.joint else 0

    def texts(self, questions: Any, contexts: Any) -> Texts:
        """Strings (B,) each as positions."""
        question, (words, starts, limits) = self.tokenizer.tokenize(questions), self._split(contexts)
        if self.joint:
            question = self.tokenizer.pieces(question).merge_dims(1, 2)
            pieces = self.tokenizer.pieces(words)  # (B, W, P)
            number = pieces.values.value_rowids()  # the word of each piece
            words = pieces.merge_dims(1, 2)
            starts, limits = (words.with_values(tf.gather(places.values, number)) for places in (starts, limits))
        return Texts(question[:, : self.max_question_length], words, starts, limits)

    def windows(self, texts: Texts) -> Windows:
        """The windows of all texts."""
        length = tf.constant(self.max_length, tf.int64)
        if self.joint:
            room = length - self.marks - texts.question.row_lengths()
        else:
            room = tf.fill([texts.context.nrows()], length)
        return windows_of(texts, room, self.stride)

    def offset(self, question: Any) -> Any:
        """(M,) int32, where in the scores the first position of each window's text stands; in front, "no answer"."""
        if not self.joint:
            return tf.ones_like(question.row_lengths(), tf.int32)
        return tf.cast(question.row_lengths(), tf.int32) + 1 + int(self.tokenizer.separators)

    def encode(self, windows: dict[str, Any], names: Iterable[str] | None = None) -> dict[str, Any]:
        """Dense features, padded to few lengths.

        Args:
            windows: ragged `question` and `context` (M, None); with `start_mask` and `end_mask` these too are made
                dense, for the decoder.
            names: the features to make; `None`: all.
        """
        question, context = windows["question"], windows["context"]
        names = None if names is None else tuple(names)
        masks: dict[str, Any] = {name: windows[name] for name in ("start_mask", "end_mask") if name in windows}
        if not self.joint:
            features = self._side_by_side(question, context, names)
            length = tf.shape(features["context_padding_mask"])[1]
            return features | {f"context_{name}": dense(mask, length, False) for name, mask in masks.items()}
        # No row is longer; the tokenizer may pad to more than the encoder has places for.
        features = {name: x[:, : self.max_length] for name, x in self.tokenizer.pack([question, context]).items()}
        length = tf.shape(features["token_ids"])[1]
        offset = self.offset(question)
        shift = tf.RaggedTensor.from_row_lengths(tf.zeros([tf.reduce_sum(offset)], tf.bool), tf.cast(offset, tf.int64))
        masks["answer_mask"] = tf.ones_like(context, tf.bool)
        return features | {name: dense(tf.concat([shift, mask], 1), length, False) for name, mask in masks.items()}

    def _side_by_side(self, question: Any, context: Any, names: tuple[str, ...] | None) -> dict[str, Any]:
        features: dict[str, Any] = {}
        for side, tokens in zip(SIDES, (question, context), strict=True):
            prefix = f"{side}_"
            wanted = None
            if names is not None:
                wanted = ["padding_mask", *(name.removeprefix(prefix) for name in names if name.startswith(prefix))]
            made = self.tokenizer.encode(tokens, names=wanted)
            features |= {prefix + name: value for name, value in made.items()}
        return features
