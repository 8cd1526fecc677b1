"""Questions about texts in, windows of features and places of answers out; and back to strings."""

from collections.abc import Sequence
from typing import Any

import keras
import keras_hub
import numpy as np

from keras_embed._backend import tf
from keras_embed._errors import check_positive, message
from keras_embed.preprocessors._learnt_words import learnt_words
from keras_embed.preprocessors._question_texts import answer_bytes, answer_columns, question_columns, question_texts
from keras_embed.preprocessors._word_embeddings import word_embeddings
from keras_embed.preprocessors.answer_windows import Texts, Windows, labels_of
from keras_embed.preprocessors.batching import batched_dataset
from keras_embed.preprocessors.found_answers import found_answers
from keras_embed.preprocessors.span_features import SpanFeatures
from keras_embed.tokenizers.any_backbone import ANY_BACKBONE
from keras_embed.tokenizers.word_featurizer import WordFeaturizer

#: Questions whose texts are split at a time.
_CHUNK = 1024
_JOINT_LENGTH, _CONTEXT_LENGTH = 384, 400


@keras.saving.register_keras_serializable(package="keras_embed")
class SpanPreprocessor(keras_hub.models.Preprocessor):
    """Turns questions about texts into what a model is trained on to find answers, and its answers back into strings.

    A text that is longer than the model reads is cut into windows, each of which is a row for the model. In training, a
    window that does not hold the whole answer has the label "no answer".

    Args:
        tokenizer: `EncoderTokenizer`, for encoders that read question and text in a row, such as BERT; or
            `WordFeaturizer`, for backbones that read them side by side, such as `BiDAFBackbone`.
        max_length: positions that a model reads at once: of question, text and marks in a row; or of the text alone.
            `None`: 384 in a row, or what the tokenizer has if that is less; 400 words side by side.
        stride: positions from one window of a long text to the next.
        max_question_length: positions that a question is cut to.
        max_answer_length: most positions of an answer that is found.
        **kwargs: `name`, `config_file`.

    Call arguments:
        x: `corpora.Questions`, a list of `corpora.Question` or of pairs `(question, text)`; a dict with `question` and
            `context`, strings (B,); or windows, as `dataset` gives them.
        y: an answer for each question, `None`, a string or `(string, first character)`, the first of each
            `corpora.Question` where that is what `x` holds; or a dict with `text`, strings (B,), and `start`, the
            numbers of their first characters, (B,); or labels, with windows.
        sample_weight: (B,) floats, a weight for each question.
        names: the features to make; `None`: all but ELMo's.

    Returns:
        features of the windows (M, ...), or `(features, labels)`, or with the weights too. Labels are int32 (M, 2),
        the first and the last position of the answer among the T of the model's scores, (0, 0) for no answer.

    Raises:
        ValueError: unless all numbers are positive integers that leave room for some of the text.

    Example:
    >>> from keras_embed.preprocessors import SpanPreprocessor
    >>> pairs, answers = [("Where does Ada live?", "Ada lives in Rome.")], [("Rome", 13)]
    >>> preprocessor = SpanPreprocessor.from_corpus(pairs)
    >>> features, labels = preprocessor(pairs, y=answers)
    >>> features["context_token_ids"].numpy()[0].tolist(), labels.numpy().tolist()
    ([2, 8, 6, 9, 3, 0, 0, 0], [[4, 4]])
    """

    backbone_cls = ANY_BACKBONE
    tokenizer_cls = WordFeaturizer

    def __init__(
        self,
        tokenizer: Any,
        max_length: int | None = None,
        stride: int = 128,
        max_question_length: int = 64,
        max_answer_length: int = 30,
        **kwargs: Any,
    ) -> None:
        kwargs.pop("dtype", None)
        super().__init__(dtype="float32", **kwargs)
        if max_length is None:
            joint = hasattr(tokenizer, "pack")
            max_length = min(_JOINT_LENGTH, tokenizer.max_length) if joint else _CONTEXT_LENGTH
        settings = {"max_length": max_length, "stride": stride, "max_question_length": max_question_length}
        for name, value in {**settings, "max_answer_length": max_answer_length}.items():
            check_positive(name, value)
        self.tokenizer = tokenizer
        self.max_length, self.stride = max_length, stride
        self.max_question_length, self.max_answer_length = max_question_length, max_answer_length
        self.features = SpanFeatures(tokenizer, max_length, stride, max_question_length)
        self.built = True

    @property
    def joint(self) -> bool:
        """Whether question and text stand in a row."""
        return self.features.joint

    @classmethod
    def from_corpus(
        cls,
        questions: Any,
        max_length: int | None = None,
        stride: int = 128,
        max_question_length: int = 64,
        max_answer_length: int = 30,
        splitter: Any = None,
        **kwargs: Any,
    ) -> "SpanPreprocessor":
        """Learns the words of questions and texts, for models that read them side by side.

        Args:
            questions: `x` of the call arguments, in memory. A text counts once, however many questions there are.
            max_length: see the class, as the next three.
            stride: see the class.
            max_question_length: see the class.
            max_answer_length: see the class.
            splitter: what splits texts into words; see `WordFeaturizer`. It has to tell where they stand.
            **kwargs: for `WordFeaturizer.from_tokens`.
        """
        asked, contexts = question_texts(questions)
        data = [*asked, *dict.fromkeys(contexts)]
        tokenizer = learnt_words(data, splitter, **kwargs)
        return cls(tokenizer, max_length, stride, max_question_length, max_answer_length)

    def embeddings(
        self, word_dim: int = 100, char_filters: int = 0, casing_dim: int = 0, **kwargs: Any
    ) -> list[keras.layers.Layer]:
        """Embedding layers that fit the features of either text, for a backbone: words alone unless asked for more.

        Args:
            word_dim: of `layers.WordEmbedding`; 0 leaves it out, as it does for the other two.
            char_filters: output width of the character encoder.
            casing_dim: of `layers.CasingEmbedding`.
            **kwargs: the other arguments of `TaggerPreprocessor.embeddings`, such as `weights`, pretrained vectors.

        Raises:
            ValueError: without a `WordFeaturizer`.
        """
        if self.joint:
            received = type(self.tokenizer).__name__
            raise ValueError(message("a preprocessor with a WordFeaturizer", received, "from_corpus(questions)"))
        return word_embeddings(self.tokenizer, word_dim, char_filters, casing_dim, **kwargs)

    def call(self, x: Any, y: Any = None, sample_weight: Any = None, names: Any = None) -> Any:
        if isinstance(x, dict) and "question" in x and isinstance(x["question"], tf.RaggedTensor):
            return keras.utils.pack_x_y_sample_weight(self.features.encode(x, names), y, sample_weight)
        questions, contexts = question_columns(x)
        texts, windows = self.split(questions, contexts)
        features = self.features.encode({"question": windows.question, "context": windows.context}, names)
        if isinstance(y, dict):
            y = self._labels(texts, windows, *answer_columns(y, contexts))
        elif y is not None or (not isinstance(x, dict) and len(x) and hasattr(x[0], "answers")):
            places = tf.constant(answer_bytes(x, contexts.numpy().tolist(), y))
            y = self._labels(texts, windows, places[:, 0], places[:, 1])
        if sample_weight is not None:
            sample_weight = tf.gather(tf.cast(tf.reshape(sample_weight, [-1]), tf.float32), windows.rows)
        return keras.utils.pack_x_y_sample_weight(features, y, sample_weight)

    def build(self, input_shape: Any = None) -> None:
        """Nothing to build."""

    def split(self, questions: Any, contexts: Any) -> tuple[Texts, Windows]:
        """Strings (B,) each, in UTF-8, as positions and as windows of these; in graph code."""
        texts = self.features.texts(questions, contexts)
        return texts, self.features.windows(texts)

    def _labels(self, texts: Texts, windows: Windows, start: Any, limit: Any) -> Any:
        found = labels_of(texts, windows, start, limit)
        return tf.where(found < 0, 0, found + self.features.offset(windows.question)[:, None])

    def dataset(
        self, x: Any, y: Any = None, sample_weight: Any = None, batch_size: int = 32, seed: int | None = None
    ) -> Any:
        """A `tf.data.Dataset` of batches of windows of similar length: split, checked, not padded.

        Args:
            x: questions in memory; see the class.
            y: answers; see the class.
            sample_weight: a weight for each question.
            batch_size: windows in a batch.
            seed: shuffles anew every epoch; `None` sorts by length.

        Raises:
            ValueError: for no questions, or an answer that does not stand in its text. It names the question.
        """
        questions, contexts = question_texts(x)
        if not questions:
            raise ValueError(message("at least one question", "none"))
        places = answer_bytes(x, contexts, y)
        chunks = [
            self._chunk(questions[at : at + _CHUNK], contexts[at : at + _CHUNK], places[at : at + _CHUNK], at)
            for at in range(0, len(questions), _CHUNK)
        ]
        windows = {name: tf.concat([chunk[0][name] for chunk in chunks], 0) for name in chunks[0][0]}
        columns: list[Any] = [windows, tf.concat([chunk[1] for chunk in chunks], 0)]
        if sample_weight is not None:
            rows = np.concatenate([chunk[2] for chunk in chunks])
            columns.append(tf.constant(np.asarray(sample_weight, np.float32)[rows]))
        return batched_dataset(tuple(columns), batch_size, seed, windows["context"].row_lengths().numpy())

    def _chunk(self, questions: Sequence[bytes], contexts: Sequence[bytes], places: Any, start: int) -> Any:
        texts, windows = self.split(tf.constant(questions, tf.string), tf.constant(contexts, tf.string))
        labels = self._labels(texts, windows, tf.constant(places[:, 0]), tf.constant(places[:, 1]))
        ragged = {"question": windows.question, "context": windows.context}
        return ragged, labels, windows.rows.numpy() + start

    def postprocess(self, contexts: Any, texts: Texts, windows: Windows, found: Any, threshold: Any) -> dict[str, Any]:
        """The best spans of windows as answers, in TensorFlow graph code; see `found_answers`."""
        return found_answers(contexts, texts, windows, self.features.offset(windows.question), found, threshold)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "max_length": self.max_length,
            "stride": self.stride,
            "max_question_length": self.max_question_length,
            "max_answer_length": self.max_answer_length,
        }
