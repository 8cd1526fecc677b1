"""Preprocessor of question answering: questions about texts to windows of features and answer positions, and back."""

from collections.abc import Iterable, Sequence
from typing import Any, Self

import keras

from keras_embed._backend import tf
from keras_embed._backend.ragged import dense
from keras_embed._errors import check_positive, message
from keras_embed._types import Dataset, Features, LabelData, Splitter, StringData, Tensor, TFTensor, Tokens
from keras_embed.preprocessors.answer_windows import Texts, Windows, find_answers, labels_of, windows_of
from keras_embed.preprocessors.embeddings import learn_words
from keras_embed.preprocessors.preprocessor import StringPreprocessor
from keras_embed.preprocessors.questions import answer_bytes, answer_columns, question_columns, question_texts
from keras_embed.tokenizers.encoder_tokenizer import EncoderTokenizer
from keras_embed.tokenizers.word_featurizer import WordFeaturizer

SIDES = ("question", "context")
_JOINT_LENGTH, _CONTEXT_LENGTH = 384, 400


@keras.saving.register_keras_serializable(package="keras_embed")
class SpanPreprocessor(StringPreprocessor):
    """Converts questions about texts to the features of a span finder, and the spans that it finds back to strings.

    A text that is longer than the model's maximum is cut into windows, each of which is a row for the model. In
    training, a window that does not contain the whole answer has the label "no answer".

    With an `EncoderTokenizer`, question and text are one row, `[CLS] question [SEP] text [SEP]`, positions are
    subwords, and the feature `answer_mask` is True at those of the text. With a `WordFeaturizer` they have separate
    features, `question_token_ids`, `context_token_ids` ..., and positions are the words of the text.

    Args:
        tokenizer: `EncoderTokenizer`, for encoders that read question and text in one row, such as BERT; or
            `WordFeaturizer`, for backbones that read them separately, such as `BiDAFBackbone`.
        max_length: positions that a model reads at once: of question, text and special tokens in one row; or of the
            text alone. `None`: 384 in one row, or the tokenizer's maximum if that is less; 400 words of a text alone.
        stride: positions from one window of a long text to the next.
        max_question_length: positions that a question is truncated to.
        max_answer_length: maximum number of positions of an answer that is found.
        **kwargs: `name`, `config_file`.

    Call arguments:
        x: `corpora.Questions`, a list of `corpora.Question` or of pairs `(question, text)`; a dict with `question` and
            `context`, strings (B,); or windows, as `dataset` returns them.
        y: an answer for each question: `None`, a string or `(string, index of its first character)`; by default the
            first answer of each `corpora.Question`; or a dict with `text`, strings (B,), and `start`, the indices of
            their first characters, (B,); or labels, if `x` is windows.
        sample_weight: (B,) floats, a weight for each question.
        names: names of the features to compute; `None`: all but ELMo's.

    Returns:
        features of the windows (M, ...), or `(features, labels)`, or with the weights too. Labels are int32 (M, 2),
        the first and the last position of the answer among the T of the model's scores, (0, 0) for no answer.

    Raises:
        ValueError: If an argument is not a positive integer, or they leave no room for some of the text.

    Example:
    >>> from keras_embed.preprocessors import SpanPreprocessor
    >>> pairs, answers = [("Where does Ada live?", "Ada lives in Rome.")], [("Rome", 13)]
    >>> preprocessor = SpanPreprocessor.from_corpus(pairs)
    >>> features, labels = preprocessor(pairs, y=answers)
    >>> features["context_token_ids"].numpy()[0].tolist(), labels.numpy().tolist()
    ([2, 8, 6, 9, 3, 0, 0, 0], [[4, 4]])
    """

    tokenizer_cls = WordFeaturizer
    config_arguments = ("max_length", "stride", "max_question_length", "max_answer_length")
    unit = "question"
    chunk_size = 1024

    def __init__(
        self,
        tokenizer: WordFeaturizer | EncoderTokenizer,
        max_length: int | None = None,
        stride: int = 128,
        max_question_length: int = 64,
        max_answer_length: int = 30,
        **kwargs: Any,
    ) -> None:
        super().__init__(tokenizer, **kwargs)
        if max_length is None:
            max_length = min(_JOINT_LENGTH, self.tokenizer.max_length) if self.joint else _CONTEXT_LENGTH
        self.max_length, self.stride = max_length, stride
        self.max_question_length, self.max_answer_length = max_question_length, max_answer_length
        for name in self.config_arguments:
            check_positive(name, getattr(self, name))
        splitter = tokenizer if hasattr(tokenizer, "tokenize_with_offsets") else tokenizer.splitter
        if not hasattr(splitter, "tokenize_with_offsets"):
            expected = "a splitter that returns offsets of words, `tokenize_with_offsets`"
            raise ValueError(message(expected, type(splitter).__name__, "splitter=text.WordTokenizer()"))
        self._split_with_offsets = splitter.tokenize_with_offsets
        if self.joint:
            self._check_joint()

    def _check_joint(self) -> None:
        if getattr(self.tokenizer.tokenizer, "start_token", None) is None:  # its id may be known later
            received = type(self.tokenizer.tokenizer).__name__
            raise ValueError(message("a tokenizer with a start token, the position of no answer", received))
        if self.max_length > self.tokenizer.max_length:
            expected = f"`max_length` of at most that of the tokenizer, {self.tokenizer.max_length}"
            raise ValueError(message(expected, self.max_length))
        if self.max_length <= self.max_question_length + self._num_special:
            received = f"max_length={self.max_length}, max_question_length={self.max_question_length}"
            expected = f"room for question, {self._num_special} special tokens and some of the text"
            raise ValueError(message(expected, received))

    @property
    def joint(self) -> bool:
        """True if question and text are one row."""
        return hasattr(self.tokenizer, "pack")

    @property
    def _num_special(self) -> int:
        """Number of special tokens in a joint row."""
        return 2 + int(self.tokenizer.separators) if self.joint else 0

    @classmethod
    def from_corpus(
        cls,
        questions: StringData,
        max_length: int | None = None,
        stride: int = 128,
        max_question_length: int = 64,
        max_answer_length: int = 30,
        splitter: Splitter | None = None,
        **kwargs: Any,
    ) -> Self:
        """Learns the words of questions and texts, for models that read them separately.

        Args:
            questions: `x` of the call arguments, in memory. A text counts once, however many questions it has.
            max_length: see the class, as the next three.
            stride: see the class.
            max_question_length: see the class.
            max_answer_length: see the class.
            splitter: splits texts into words and returns their offsets; see `WordFeaturizer`.
            **kwargs: arguments of `WordFeaturizer.from_tokens`.
        """
        asked, contexts = question_texts(questions)
        data = [*asked, *dict.fromkeys(contexts)]
        tokenizer = learn_words(data, splitter, **kwargs)
        return cls(tokenizer, max_length, stride, max_question_length, max_answer_length)

    def embeddings(
        self, word_dim: int = 100, char_filters: int = 0, casing_dim: int = 0, **kwargs: Any
    ) -> list[keras.layers.Layer]:
        """Returns embedding layers that fit the features of either text; see `StringPreprocessor.embeddings`.

        Raises:
            ValueError: If the tokenizer is not a `WordFeaturizer`.
        """
        if self.joint:
            received = type(self.tokenizer).__name__
            raise ValueError(message("a preprocessor with a WordFeaturizer", received, "from_corpus(questions)"))
        return super().embeddings(word_dim, char_filters, casing_dim, **kwargs)

    # === Strings to features ===

    def signature(self) -> dict[str, TFTensor]:
        return {name: tf.TensorSpec([None], tf.string, name=name) for name in SIDES}

    def columns(self, x: StringData, y: LabelData = None, sample_weight: LabelData = None) -> tuple[Any, Any, Any]:
        """Returns the columns `question` and `context`, and answers as bytes of the text, (B, 2)."""
        if self.is_split(x):
            return x, y, sample_weight
        as_tensors = isinstance(x, dict) or (isinstance(x, tuple) and all(tf.is_tensor(side) for side in x))
        questions, contexts = question_columns(x) if as_tensors else question_texts(x)
        if isinstance(y, dict):
            y = tf.stack(answer_columns(y, tf.convert_to_tensor(contexts, tf.string)), axis=1)
        elif y is not None or (not as_tensors and len(x) and hasattr(x[0], "answers")):
            in_memory = contexts if isinstance(contexts, list) else contexts.numpy().tolist()
            y = tf.constant(answer_bytes(x, in_memory, y))
        return {"question": questions, "context": contexts}, y, sample_weight

    def split(self, *x: StringData) -> tuple[Texts, Windows]:
        """Splits questions and texts into positions and windows; see `StringPreprocessor.split`."""
        columns = x if len(x) == len(SIDES) else self.columns(*x)[0].values()
        return self.tokenize(dict(zip(SIDES, columns, strict=True)))

    def tokenize(self, columns: dict[str, TFTensor]) -> tuple[Texts, Windows]:
        """Splits questions and texts, strings (B,), into positions, and these into windows."""
        texts = self._texts(*question_columns(columns))
        length = tf.constant(self.max_length, tf.int64)
        if self.joint:
            room = length - self._num_special - texts.question.row_lengths()  # (B,)
        else:
            room = tf.fill([texts.context.nrows()], length)
        return texts, windows_of(texts, room, self.stride)

    def _texts(self, questions: TFTensor, contexts: TFTensor) -> Texts:
        """Splits strings (B,) into positions: words, or subwords with the offsets of their words."""
        question, (words, starts, limits) = self.tokenizer.tokenize(questions), self._split_with_offsets(contexts)
        if self.joint:
            question = self.tokenizer.subword_ids(question).merge_dims(1, 2)
            subwords = self.tokenizer.subword_ids(words)  # (B, W, P)
            word = subwords.values.value_rowids()  # index of the word of each subword
            words = subwords.merge_dims(1, 2)
            starts, limits = (words.with_values(tf.gather(offsets.values, word)) for offsets in (starts, limits))
        return Texts(question[:, : self.max_question_length], words, starts, limits)

    def rows(
        self, columns: dict[str, TFTensor], y: LabelData, sample_weight: LabelData
    ) -> tuple[dict[str, TFTensor], Any, Any]:
        """Returns a row for each window: ragged `question` and `context`, labels (M, 2) and weights (M,)."""
        texts, windows = self.tokenize(columns)
        if y is not None:
            found = labels_of(texts, windows, y[:, 0], y[:, 1])
            y = tf.where(found < 0, 0, found + self._offset(windows.question)[:, None])
        if sample_weight is not None:
            sample_weight = tf.gather(tf.cast(tf.reshape(sample_weight, [-1]), tf.float32), windows.rows)
        return {"question": windows.question, "context": windows.context}, y, sample_weight

    def lengths(self, tokens: dict[str, TFTensor]) -> Any:
        """Returns the number of positions of the text in each window."""
        return tokens["context"].row_lengths().numpy()

    def _offset(self, question: TFTensor) -> TFTensor:
        """Returns the index of the first position of each window's text among the scores, (M,) int32.

        The position before it, or the first of all, is that of "no answer".
        """
        if not self.joint:
            return tf.ones_like(question.row_lengths(), tf.int32)
        return tf.cast(question.row_lengths(), tf.int32) + 1 + int(self.tokenizer.separators)

    def encode(self, tokens: Tokens, names: Iterable[str] | None = None) -> Features:
        """Computes dense features of windows.

        Args:
            tokens: ragged `question` and `context` (M, None); `start_mask` and `end_mask`, which the decoder reads,
                become dense too.
            names: names of the features to compute; `None` for all.
        """
        question, context = tokens["question"], tokens["context"]
        names = None if names is None else tuple(names)
        masks: dict[str, TFTensor] = {name: tokens[name] for name in ("start_mask", "end_mask") if name in tokens}
        if not self.joint:
            features = self._separate(question, context, names)
            length = tf.shape(features["context_padding_mask"])[1]
            return features | {f"context_{name}": dense(mask, length, False) for name, mask in masks.items()}
        # No row is longer than `max_length`, but the tokenizer may pad beyond the positions of the encoder.
        features = {name: x[:, : self.max_length] for name, x in self.tokenizer.pack([question, context]).items()}
        length = tf.shape(features["token_ids"])[1]
        offset = self._offset(question)
        shift = tf.RaggedTensor.from_row_lengths(tf.zeros([tf.reduce_sum(offset)], tf.bool), tf.cast(offset, tf.int64))
        masks["answer_mask"] = tf.ones_like(context, tf.bool)
        return features | {name: dense(tf.concat([shift, mask], 1), length, False) for name, mask in masks.items()}

    def _separate(self, question: TFTensor, context: TFTensor, names: tuple[str, ...] | None) -> Features:
        features: Features = {}
        for side, tokens in zip(SIDES, (question, context), strict=True):
            prefix = f"{side}_"
            wanted = None
            if names is not None:
                wanted = ["padding_mask", *(name.removeprefix(prefix) for name in names if name.startswith(prefix))]
            made = self.tokenizer.encode(tokens, names=wanted)
            features |= {prefix + name: value for name, value in made.items()}
        return features

    def dataset(
        self,
        x: StringData,
        y: LabelData = None,
        sample_weight: LabelData = None,
        batch_size: int = 32,
        seed: int | None = None,
    ) -> Dataset:
        """Returns a `tf.data.Dataset` of batches of windows of similar length; see `StringPreprocessor.dataset`.

        Args:
            x: questions in memory; see the class.
            y: answers; see the class.
            sample_weight: a weight for each question.
            batch_size: windows in a batch.
            seed: seed of the shuffling, which differs in every epoch; `None` sorts by length.

        Raises:
            ValueError: If there are no questions, or an answer does not occur in its text. The message names the
                question.
        """
        if y is None and not isinstance(x, (str, bytes)):
            questions: Sequence[Any] = x
            missing = next((one for one in questions if not hasattr(one, "answers")), None)
            if missing is not None:
                raise ValueError(message("answers `y`, or a list of corpora.Question", f"{missing!r} without answer"))
        return super().dataset(x, y, sample_weight, batch_size, seed)

    def postprocess(  # type: ignore[override]
        self,
        contexts: TFTensor,
        texts: Texts,
        windows: Windows,
        found: dict[str, Tensor],
        threshold: float | Tensor,
    ) -> dict[str, TFTensor]:
        """Converts the best spans of windows to answers, in TensorFlow graph code; see `find_answers`."""
        return find_answers(contexts, texts, windows, self._offset(windows.question), found, threshold)
