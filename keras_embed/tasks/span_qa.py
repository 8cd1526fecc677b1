"""Questions about texts, answered by a span of the text."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from keras_embed._backend import predict_batch
from keras_embed._errors import check_positive, check_rate, message
from keras_embed.caching.encoder_cache import named_outputs
from keras_embed.layers.answer_spans import SpanDecode, SpanHead
from keras_embed.losses import SpanLoss
from keras_embed.metrics import SpanF1, SpanMatch, squad_scores
from keras_embed.preprocessors import SpanPreprocessor
from keras_embed.preprocessors.answer_windows import Windows, some_windows
from keras_embed.preprocessors.batching import similar_length_batches
from keras_embed.preprocessors.features import pick
from keras_embed.preprocessors.questions import question_columns, question_texts
from keras_embed.tasks._parts import check_parts
from keras_embed.tasks._string_task import Made, StringTask
from keras_embed.tasks.answered_question import AnsweredQuestion, answered_questions

#: Questions that are answered at a time.
_CHUNK = 512


@keras.saving.register_keras_serializable(package="keras_embed")
class SpanQA(StringTask):
    """Finds the answer to a question in a text, or says that it is not there: backbone, and scores of starts and ends.

    `fit` and `evaluate` take questions as `corpora.Questions`, as a list of `corpora.Question`, or as pairs of strings
    with answers beside them; or a `tf.data.Dataset` of batches `({"question": ..., "context": ...}, {"text": ...,
    "start": ...})`. Texts of any length are cut into windows. `answer` gives answers with their places and
    probabilities, `report` the scores of SQuAD's scripts, `export` writes a SavedModel from two strings to an answer.
    The training graph ends in logits (B, 2, T), see `layers.SpanHead`.

    Args:
        backbone: one that reads question and text in a row, of Keras Hub or of `keras_embed.backbones`, with a
            `sequence_output` (B, T, D); or side by side, with `start_output` and `end_output`, such as
            `BiDAFBackbone`.
        preprocessor: `SpanPreprocessor`, or `None` to feed features and labels.
        dropout: before the scores.
        threshold: probability of "no answer" above which that is the answer. 1, so that every question is answered,
            suits data like SQuAD 1.1; see `tune_threshold`.
        max_answer_length: most positions of an answer, where there is no preprocessor.
        **kwargs: `name`, `compile`.

    Raises:
        ValueError: for parts that do not belong together, and numbers out of range.

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
        backbone: Any,
        preprocessor: Any = None,
        dropout: float = 0.0,
        threshold: float = 1.0,
        max_answer_length: int = 30,
        **kwargs: Any,
    ) -> None:
        check_parts(self, backbone, preprocessor)
        check_rate("dropout", dropout)
        _check_threshold(threshold)
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
        starts, ends = _outputs(backbone(inputs))
        drop = keras.layers.Dropout(dropout, name="output_dropout")
        starts, ends = drop(starts), None if ends is None else drop(ends)
        if joint:
            inputs["answer_mask"] = keras.Input((None,), dtype="bool", name="answer_mask")
        mask = inputs["answer_mask" if joint else "context_padding_mask"]
        logits = SpanHead(learnt_none=not joint, name="span")(starts, ends, mask=mask)  # (B, 2, T)
        # Set before `super().__init__`, which compiles.
        self.backbone = backbone
        self.preprocessor = preprocessor
        self.max_answer_length = max_answer_length
        super().__init__(inputs=inputs, outputs=logits, **kwargs)

        # === Config ===
        self.joint = joint
        self.dropout = dropout
        self.threshold = threshold
        self._made = Made()

    def compile(self, optimizer: Any = "auto", loss: Any = "auto", *, metrics: Any = "auto", **kwargs: Any) -> None:
        """Like `keras.Model.compile`; "auto" is a choice that suits finding answers.

        Args:
            optimizer: "auto": Adam; learning rate 5e-5 for encoders of Keras Hub, which are pretrained as a rule, 1e-3
                for other backbones; each gradient clipped to a global norm of 5.
            loss: "auto": `losses.SpanLoss`.
            metrics: "auto": `metrics.SpanMatch` and `metrics.SpanF1`.
            **kwargs: for `keras.Model.compile`.
        """
        if isinstance(optimizer, str) and optimizer == "auto":
            optimizer = keras.optimizers.Adam(5e-5 if self.is_hub_backbone else 1e-3, global_clipnorm=5.0)
        if isinstance(loss, str) and loss == "auto":
            loss = SpanLoss()
        if isinstance(metrics, str) and metrics == "auto":
            metrics = [SpanMatch(self.max_answer_length), SpanF1(self.max_answer_length)]
        super().compile(optimizer=optimizer, loss=loss, metrics=metrics, **kwargs)

    def answer(self, questions: Any, num_best: int = 1, batch_size: int = 32) -> list[AnsweredQuestion]:
        """Answers questions.

        Args:
            questions: `corpora.Questions`, a list of `corpora.Question`, or of pairs of strings `(question, text)`.
                Texts may have any length.
            num_best: how many spans to give as `candidates`.
            batch_size: windows at a time.

        Returns:
            one `AnsweredQuestion` each, in order.

        Raises:
            ValueError: for what is no list of questions with texts, and `num_best` below one.
        """
        self.check_preprocessor()
        check_positive("num_best", num_best)
        asked = list(zip(*question_texts(questions), strict=True))
        answers: list[AnsweredQuestion] = []
        for start in range(0, len(asked), _CHUNK):
            answers += self._answers(asked[start : start + _CHUNK], num_best, batch_size)
        return answers

    def _answers(self, asked: list[tuple[bytes, bytes]], num_best: int, batch_size: int) -> list[AnsweredQuestion]:
        columns = question_columns(asked)
        texts, windows = self.preprocessor.split(*columns)
        decoder = self.decoder(num_best)
        found: dict[str, Any] = {}
        for rows in similar_length_batches(windows.context.row_lengths().numpy(), batch_size):
            batch = self.window_features(some_windows(windows, rows))
            batch = {name: np.asarray(value) for name, value in batch.items()}
            for name, value in predict_batch(decoder, batch).items():
                whole = found.setdefault(name, np.zeros((len(windows.first), *value.shape[1:]), value.dtype))
                whole[rows] = value[: len(rows)]
        return answered_questions(
            self.preprocessor.postprocess(columns[1], texts, windows, found, np.float32(self.threshold))
        )

    def window_features(self, windows: Windows) -> dict[str, Any]:
        """What `decoder` reads of windows, in TensorFlow graph code."""
        names = ("question", "context", "start_mask", "end_mask")
        inputs = self.decoder(1).input
        features = self.preprocessor.features.encode({name: getattr(windows, name) for name in names}, inputs)
        return pick(features, inputs)

    def predict(self, x: Any, batch_size: int = 32, **kwargs: Any) -> Any:
        """The answer to each question, a string; without a preprocessor, `keras.Model.predict`: logits."""
        if self.preprocessor is None:
            return super().predict(x, batch_size=batch_size, **kwargs)
        return [answer.text for answer in self.answer(x, batch_size=batch_size)]

    def report(self, questions: Any, version: str = "2.0", batch_size: int = 32) -> Mapping[str, float]:
        """Exact match and F1 on questions with answers; see `metrics.squad_scores`, whose answer it is.

        Args:
            questions: `corpora.Questions` or a list of `corpora.Question`.
            version: of SQuAD's script, "1.1" or "2.0".
            batch_size: windows at a time.
        """
        return squad_scores(list(questions), self.predict(questions, batch_size), version=version)

    def tune_threshold(self, questions: Any, batch_size: int = 32) -> float:
        """Sets the threshold of "no answer" to the one with the best F1 on questions that were not trained on.

        Args:
            questions: `corpora.Questions` or a list of `corpora.Question`, some of them without answers.
            batch_size: windows at a time.

        Returns:
            the threshold, which is the model's from now on.
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

    def decoder(self, num_best: int = 1) -> Any:
        """The model from features to `layers.SpanDecode`'s dict, sharing all weights; made once for each `num_best`."""
        if num_best not in self._made.models:
            prefix = "" if self.joint else "context_"
            masks = {
                name: keras.Input((None,), dtype="bool", name=name)
                for name in (f"{prefix}start_mask", f"{prefix}end_mask")
            }
            decode = SpanDecode(self.max_answer_length, num_best, learnt_none=not self.joint, name="decode")
            found = decode(self.output, *masks.values())
            self._made.models[num_best] = keras.Model({**self.input, **masks}, found, name="decoder")
        return self._made.models[num_best]

    def get_config(self) -> dict[str, Any]:
        alone = {} if self.preprocessor else {"max_answer_length": self.max_answer_length}
        return {**super().get_config(), **alone, "dropout": self.dropout, "threshold": self.threshold}


def _check_threshold(threshold: float) -> None:
    if not 0.0 <= threshold <= 1.0:
        raise ValueError(message("`threshold` in [0, 1], a probability", threshold))


def _outputs(outputs: Any) -> tuple[Any, Any]:
    """What says where an answer starts, and where it ends; `None` for the same."""
    outputs = named_outputs(outputs)
    if "start_output" in outputs and "end_output" in outputs:
        return outputs["start_output"], outputs["end_output"]
    if "sequence_output" not in outputs or len(outputs["sequence_output"].shape) != 3:
        expected = "a backbone that gives `sequence_output` (B, T, D), or `start_output` and `end_output`"
        raise ValueError(message(expected, sorted(outputs)))
    return outputs["sequence_output"], None
