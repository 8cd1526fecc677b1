"""Question answering by a span of a text."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from keras_embed._backend import tf
from keras_embed._errors import check_positive, check_rate, message
from keras_embed._types import Config, Features, KerasObject, Samples, Tensor, TFFunction, TFModule, TFTensor
from keras_embed.backbones.outputs import named_outputs
from keras_embed.layers.answer_spans import SpanDecode, SpanHead
from keras_embed.losses import SpanLoss
from keras_embed.metrics import SpanF1, SpanMatch, squad_scores
from keras_embed.preprocessors import SpanPreprocessor
from keras_embed.preprocessors.answer_windows import Windows, some_windows
from keras_embed.preprocessors.features import pick
from keras_embed.preprocessors.questions import question_columns, question_texts
from keras_embed.tasks.string_task import StringTask

#: Questions whose windows are in memory at a time.
_CHUNK = 512
#: Number of spans that an exported model returns.
_NUM_EXPORTED = 5


@dataclass(frozen=True, slots=True)
class FoundAnswer:
    """A span of a text.

    Attributes:
        text: The characters of the span.
        start: Index of its first character.
        end: Index after its last character.
        probability: Among "no answer" and all spans that may be answers.
    """

    text: str
    start: int
    end: int
    probability: float


@dataclass(frozen=True, slots=True)
class AnsweredQuestion:
    """Answer to one question.

    Attributes:
        text: The answer, "" if the text does not contain one.
        start: Index of its first character in the text; `None` for no answer.
        end: Index after its last character; `None` for no answer.
        probability: Of this answer, or of no answer.
        none_probability: Of no answer.
        candidates: The best spans, even if there is no answer.
    """

    text: str
    start: int | None
    end: int | None
    probability: float
    none_probability: float
    candidates: tuple[FoundAnswer, ...]


def answered_questions(answer: Features) -> list[AnsweredQuestion]:
    """Converts the dense tensors of `SpanPreprocessor.postprocess`, or of a served model."""
    arrays = {name: np.asarray(value) for name, value in answer.items()}
    many = [arrays[name].tolist() for name in ("answers", "starts", "ends", "probabilities")]
    single = [arrays[name].tolist() for name in ("answer", "start", "end", "probability", "none_probability")]
    found = []
    for row, (text, start, end, probability, none) in enumerate(zip(*single, strict=True)):
        candidates = tuple(
            FoundAnswer(text.decode("utf-8"), start, end, probability)
            for text, start, end, probability in zip(*(column[row] for column in many), strict=True)
            if start >= 0
        )
        first, last = (start, end) if start >= 0 else (None, None)
        found.append(AnsweredQuestion(text.decode("utf-8"), first, last, probability, none, candidates))
    return found


@keras.saving.register_keras_serializable(package="keras_embed")
class SpanQA(StringTask):
    """Finds the answer to a question in a text, or that there is none: backbone, and scores of starts and ends.

    `fit` and `evaluate` take questions as `corpora.Questions`, as a list of `corpora.Question`, or as pairs of strings
    with answers as labels; or a `tf.data.Dataset` of batches `({"question": ..., "context": ...}, {"text": ...,
    "start": ...})`. Texts of any length are cut into windows. `answer` returns answers with their positions and
    probabilities, `report` the scores of SQuAD's scripts, `export` writes a SavedModel from two strings to an answer.
    The outputs of the model are logits (B, 2, T), see `layers.SpanHead`.

    Args:
        backbone: A backbone of Keras Hub or `keras_embed.backbones` that reads question and text as one sequence, with
            a `sequence_output` (B, T, D); or side by side, with `start_output` and `end_output`, such as
            `BiDAFBackbone`.
        preprocessor: `SpanPreprocessor`, or `None` to feed features and labels.
        dropout: Rate before the scores.
        threshold: Probability of "no answer" above which that is the answer. With 1, every question is answered, as in
            SQuAD 1.1; see `tune_threshold`.
        max_answer_length: Maximum number of positions of an answer, without a preprocessor.
        **kwargs: `name`, `compile`.

    Raises:
        ValueError: If backbone and preprocessor do not fit together, or an argument is out of range.

    Example:
    >>> import keras_embed as ke
    >>> asked = [("Who lives in Rome?", "Ada lives in Rome."), ("Where does Bob live?", "Bob lives in Oslo.")]
    >>> answers = [("Ada", 0), ("Oslo", 13)]
    >>> preprocessor = ke.preprocessors.SpanPreprocessor.from_corpus(asked)
    >>> backbone = ke.backbones.BiDAFBackbone(preprocessor.embeddings(word_dim=8), hidden_dim=4, num_layers=1)
    >>> model = SpanQA(backbone, preprocessor)
    >>> model.compile(keras.optimizers.Adam(0.05))
    >>> history = model.fit(asked, answers, epochs=20, verbose=0)
    >>> [answer] = model.answer([("Where does Bob live?", "Bob lives in Oslo.")])
    >>> answer.text, answer.start
    ('Oslo', 13)

    References:
        Seo et al. 2017, https://arxiv.org/abs/1611.01603; Devlin et al. 2019, https://aclanthology.org/N19-1423;
        Rajpurkar et al. 2018, https://aclanthology.org/P18-2124.
    """

    kind = "model that finds answers"
    preprocessor_cls = SpanPreprocessor

    def __init__(
        self,
        backbone: keras.Model,
        preprocessor: SpanPreprocessor | None = None,
        dropout: float = 0.0,
        threshold: float = 1.0,
        max_answer_length: int = 30,
        **kwargs: Any,
    ) -> None:
        self.check_parts(backbone, preprocessor)
        check_rate("dropout", dropout)
        if not 0.0 <= threshold <= 1.0:
            raise ValueError(message("`threshold` in [0, 1], a probability", threshold))
        if preprocessor is not None:
            max_answer_length = preprocessor.max_answer_length
        check_positive("max_answer_length", max_answer_length)

        # === Functional Model ===
        inputs = dict(backbone.input)
        joint = "context_padding_mask" not in inputs
        if preprocessor is not None and preprocessor.joint != joint:
            kinds = {True: "in a row", False: "side by side"}
            expected = f"a preprocessor for a backbone that reads question and text {kinds[joint]}"
            tokenizer = "EncoderTokenizer" if joint else "WordFeaturizer"
            raise ValueError(message(expected, f"one that puts them {kinds[not joint]}", f"an {tokenizer}"))
        starts, ends = _start_and_end(backbone(inputs))  # (B, T, D) each
        drop = keras.layers.Dropout(dropout, name="output_dropout")
        starts, ends = drop(starts), None if ends is None else drop(ends)
        if joint:
            inputs["answer_mask"] = keras.Input((None,), dtype="bool", name="answer_mask")
        mask = inputs["answer_mask" if joint else "context_padding_mask"]
        logits = SpanHead(learnt_none=not joint, name="span")(starts, ends, mask=mask)  # (B, 2, T)
        # Set before `super().__init__`, which compiles.
        self.max_answer_length = max_answer_length
        super().__init__(backbone, preprocessor, inputs, logits, **kwargs)

        # === Config ===
        self.joint = joint
        self.dropout = dropout
        self.threshold = threshold

    def default_optimizer(self) -> keras.optimizers.Optimizer:
        """Returns Adam, gradients clipped to a norm of 5; learning rate 5e-5 for encoders of Keras Hub, else 1e-3."""
        return keras.optimizers.Adam(5e-5 if self.is_hub_backbone else 1e-3, global_clipnorm=5.0)

    def default_loss(self) -> KerasObject:
        """Returns `losses.SpanLoss`."""
        return SpanLoss()

    def default_metrics(self) -> KerasObject:
        """Returns `metrics.SpanMatch` and `metrics.SpanF1`."""
        return [SpanMatch(self.max_answer_length), SpanF1(self.max_answer_length)]

    def answer(self, questions: Samples, num_best: int = 1, batch_size: int = 32) -> list[AnsweredQuestion]:
        """Answers questions.

        Args:
            questions: `corpora.Questions`, a list of `corpora.Question`, or of pairs of strings `(question, text)`.
                Texts may have any length.
            num_best: Number of spans to return as `candidates`.
            batch_size: Windows at a time.

        Returns:
            An `AnsweredQuestion` for each, in order.

        Raises:
            ValueError: If `questions` is not a list of questions with texts, or `num_best` is below one.
        """
        self.check_preprocessor()
        check_positive("num_best", num_best)
        asked = list(zip(*question_texts(questions), strict=True))
        answers: list[AnsweredQuestion] = []
        for start in range(0, len(asked), _CHUNK):
            answers += self._answer_chunk(asked[start : start + _CHUNK], num_best, batch_size)
        return answers

    def _answer_chunk(self, asked: list[tuple[bytes, bytes]], num_best: int, batch_size: int) -> list[AnsweredQuestion]:
        preprocessor, decoder = self.preprocessor, self.decoder(num_best)
        columns = question_columns(asked)
        texts, windows = preprocessor.split(*columns)
        names = sorted(decoder.output)

        def decode(rows: NDArray[np.int64]) -> list[tuple[NDArray[Any], ...]]:
            decoded = self.predict_features(decoder, self.window_features(some_windows(windows, rows)))
            return list(zip(*(decoded[name] for name in names), strict=True))

        # Windows are decoded in batches of similar length; then the windows of a text are put together.
        rows = self.answer_in_batches(windows.context.row_lengths().numpy(), batch_size, decode)
        found = {name: np.stack(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}
        threshold = np.float32(self.threshold)
        return answered_questions(preprocessor.postprocess(columns[1], texts, windows, found, threshold))

    def window_features(self, windows: Windows) -> Features:
        """Returns the features of windows that `decoder` reads; TensorFlow graph code."""
        names = ("question", "context", "start_mask", "end_mask")
        inputs = self.decoder(1).input
        features = self.preprocessor.encode({name: getattr(windows, name) for name in names}, inputs)
        return pick(features, inputs)

    def predict(self, x: Samples, batch_size: int = 32, **kwargs: Any) -> Any:
        """Returns the answer to each question, a string; without a preprocessor, logits as Keras does."""
        if self.preprocessor is None:
            return super().predict(x, batch_size=batch_size, **kwargs)
        return [answer.text for answer in self.answer(x, batch_size=batch_size)]

    def report(self, questions: Samples, version: str = "2.0", batch_size: int = 32) -> Mapping[str, float]:
        """Returns exact match and F1 on questions with answers; see `metrics.squad_scores`.

        Args:
            questions: `corpora.Questions` or a list of `corpora.Question`.
            version: Of SQuAD's script, "1.1" or "2.0".
            batch_size: Windows at a time.
        """
        return squad_scores(list(questions), self.predict(questions, batch_size), version=version)

    def tune_threshold(self, questions: Samples, batch_size: int = 32) -> float:
        """Sets the threshold of "no answer" to the one with the best F1 on held-out questions.

        Args:
            questions: `corpora.Questions` or a list of `corpora.Question`, some of them without answers.
            batch_size: Windows at a time.

        Returns:
            The new threshold.
        """
        questions, before = list(questions), self.threshold
        self.threshold = 1.0
        try:
            answers = self.answer(questions, batch_size=batch_size)
        finally:
            self.threshold = before
        none = [answer.none_probability for answer in answers]
        scores = squad_scores(questions, [answer.text for answer in answers], none)
        self.threshold = float(scores["best_f1_thresh"])
        return self.threshold

    def decoder(self, num_best: int = 1) -> keras.Model:
        """Returns the model from features to the dict of `layers.SpanDecode`, which shares all weights."""

        def build() -> keras.Model:
            prefix = "" if self.joint else "context_"
            names = (f"{prefix}start_mask", f"{prefix}end_mask")
            masks = {name: keras.Input((None,), dtype="bool", name=name) for name in names}
            decode = SpanDecode(self.max_answer_length, num_best, learnt_none=not self.joint, name="decode")
            found = decode(self.output, *masks.values())
            return keras.Model({**self.input, **masks}, found, name="decoder")

        return self.derived_model(num_best, build)

    def serving_signatures(self, module: TFModule) -> dict[str, TFFunction]:
        """Returns `serving_default`, from `question` and `context` (B,) string to `SpanPreprocessor.postprocess`.

        That is `answer` (B,) string, `start` and `end` (B,) int32, in characters, `probability` and `none_probability`
        (B,), and the five best spans, `answers` (B, 5) ... Texts may have any length.
        """
        preprocessor, threshold = self.preprocessor, self.threshold
        specs = [tf.TensorSpec([None], tf.string, name=name) for name in ("question", "context")]

        def features(question: TFTensor, context: TFTensor) -> Features:
            return self.window_features(preprocessor.split(question, context)[1])

        decode = self.exported_network(module, self.decoder(_NUM_EXPORTED), features, *specs)
        module.resources = preprocessor.resources()

        @tf.function(autograph=False, input_signature=specs)
        def serving_default(question: TFTensor, context: TFTensor) -> Features:
            question, context = question_columns({"question": question, "context": context})
            texts, windows = preprocessor.split(question, context)
            found = decode(self.window_features(windows))
            answer: Features = preprocessor.postprocess(context, texts, windows, found, threshold)
            return answer

        return {"serving_default": serving_default}

    def network_outputs(self) -> Features:
        """Returns `logits` (B, 2, T), of starts and of ends."""
        return {"logits": self.output}

    def get_config(self) -> Config:
        alone = {} if self.preprocessor else {"max_answer_length": self.max_answer_length}
        return {**super().get_config(), **alone, "dropout": self.dropout, "threshold": self.threshold}


def _start_and_end(outputs: Tensor | Features) -> tuple[Tensor, Tensor | None]:
    """Returns the vectors that starts are scored by, and those of ends; `None` for the same."""
    outputs = named_outputs(outputs)
    if "start_output" in outputs and "end_output" in outputs:
        return outputs["start_output"], outputs["end_output"]
    if "sequence_output" not in outputs or len(outputs["sequence_output"].shape) != 3:
        expected = "a backbone that returns `sequence_output` (B, T, D), or `start_output` and `end_output`"
        raise ValueError(message(expected, sorted(outputs)))
    return outputs["sequence_output"], None
