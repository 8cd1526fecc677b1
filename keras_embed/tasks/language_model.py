"""Language models: probabilities of texts, and generation of texts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from keras_embed._backend import graph_function, predict_batch, tf
from keras_embed._backend.ragged import encoded_texts
from keras_embed._errors import check_one_of, message
from keras_embed._types import Features, Labels, Samples, Tensor, TFFunction, TFModule, TFTensor
from keras_embed.backbones import RecurrentLanguageModelBackbone, TransformerLanguageModelBackbone
from keras_embed.decoding import Sampling, Searcher
from keras_embed.functional.crossentropy import crossentropy
from keras_embed.preprocessors import LanguageModelPreprocessor
from keras_embed.preprocessors.batching import padded_batch
from keras_embed.tasks._text_writer import NO_PADDING_NO_START, Search, TextWriter, with_num_samples
from keras_embed.tokenizers.subword_tokenizer import END_ID, START_ID

_ARCHITECTURES: dict[str, type[keras.Model]] = {
    "recurrent": RecurrentLanguageModelBackbone,
    "transformer": TransformerLanguageModelBackbone,
}
_UNITS = ("piece", "word", "character")
#: Scored windows are padded to at least this length.
_SHORTEST = 8


@dataclass(frozen=True)
class Continuation:
    """One continuation of a prompt.

    Attributes:
        text: The whole text, prompt included, as its subwords are joined.
        continuation: The text after the prompt.
        score: The value that texts are ranked by, the log-probability with the search's penalties; higher is better.
        log_probability: Natural logarithm of the probability of all subwords, those of the prompt and the end token
            included.
        tokens: All subwords, without the end token.
        finished: True if the model ended the text, False if `max_length` did.
    """

    text: str
    continuation: str
    score: float
    log_probability: float
    tokens: tuple[str, ...] = field(repr=False)
    finished: bool


@dataclass(frozen=True)
class GeneratedText:
    """The continuations of a prompt.

    Attributes:
        prompt: Beginning of the texts.
        continuations: At least one; those of a beam search best first, samples in the order in which they were drawn.
    """

    prompt: str
    continuations: tuple[Continuation, ...]

    @property
    def text(self) -> str:
        """The first text."""
        return self.continuations[0].text

    @property
    def continuation(self) -> str:
        """The first text after the prompt."""
        return self.continuations[0].continuation

    @property
    def score(self) -> float:
        """The score of the first text."""
        return self.continuations[0].score

    def __str__(self) -> str:
        return self.text


@keras.saving.register_keras_serializable(package="keras_embed")
class LanguageModel(TextWriter):
    """Predicts each subword of a text from those before it; scores texts and generates them.

    Args:
        backbone: `backbones.RecurrentLanguageModelBackbone`, `backbones.TransformerLanguageModelBackbone`, or any with
            their inputs, outputs, `begin` and `step`.
        preprocessor: `preprocessors.LanguageModelPreprocessor`, or `None` to feed features.
        search: Default search, also of an exported model: `decoding.Sampling`, `Greedy` or `BeamSearch`. `None`:
            sampling from the 50 most probable subwords at a temperature of 0.8.
        **kwargs: `name`, `compile`.

    Raises:
        ValueError: If the vocabulary of the backbone is not the preprocessor's.

    References:
        Bengio et al. 2003, A Neural Probabilistic Language Model; Mikolov et al. 2010, Recurrent neural network based
        language model; Radford et al. 2019, Language Models are Unsupervised Multitask Learners.

    Example:
    >>> from keras_embed.decoding import Greedy
    >>> texts = ["the cat sat on the mat", "a dog ran to the park"]
    >>> model = LanguageModel.from_corpus(texts, "recurrent", kind="words", embedding_dim=16, hidden_dim=16)
    >>> model.compile(optimizer=keras.optimizers.Adam(0.02))
    >>> history = model.fit(texts, epochs=60, verbose=0)
    >>> model.generate(["the cat", "a dog"], search=Greedy())[0].text
    'the cat sat on the mat'
    >>> 1 < model.perplexity(texts) < 2
    True
    """

    kind = "language model"
    preprocessor_cls = LanguageModelPreprocessor

    def __init__(
        self,
        backbone: keras.Model,
        preprocessor: LanguageModelPreprocessor | None = None,
        search: Search | None = None,
        **kwargs: Any,
    ) -> None:
        search = Sampling(0.8, top_k=50) if search is None else search
        super().__init__(backbone, preprocessor, search, **kwargs)

    @classmethod
    def from_corpus(
        cls,
        texts: Sequence[str],
        architecture: str = "transformer",
        preprocessor: LanguageModelPreprocessor | None = None,
        kind: str = "bpe",
        vocabulary_size: int | None = 10000,
        max_length: int = 128,
        lowercase: bool = False,
        min_count: int = 1,
        search: Search | None = None,
        **backbone: Any,
    ) -> "LanguageModel":
        """Returns a new language model with the vocabulary of a corpus.

        Args:
            texts: Strings.
            architecture: "recurrent" or "transformer".
            preprocessor: `LanguageModelPreprocessor`; `None`: learnt from the corpus.
            kind: "bpe", "wordpiece", "sentencepiece" or "words"; like the next four arguments, for
                `LanguageModelPreprocessor.from_corpus`.
            vocabulary_size, max_length, lowercase, min_count: See there.
            search: See the class.
            **backbone: For `RecurrentLanguageModelBackbone`, such as `cell="gru"`, or
                `TransformerLanguageModelBackbone`.

        Raises:
            ValueError: If the architecture is unknown.
        """
        check_one_of("architecture", architecture, _ARCHITECTURES)
        if preprocessor is None:
            preprocessor = LanguageModelPreprocessor.from_corpus(
                texts, kind, vocabulary_size, lowercase, min_count=min_count, max_length=max_length
            )
        if architecture == "transformer":
            backbone.setdefault("max_length", preprocessor.max_length)
        size = preprocessor.tokenizer.vocabulary_size()
        return cls(_ARCHITECTURES[architecture](size, **backbone), preprocessor, search)

    @classmethod
    def check_parts(cls, backbone: keras.Model, preprocessor: LanguageModelPreprocessor | None) -> None:
        """Raises `ValueError` if the backbone's vocabulary is not the preprocessor's."""
        super().check_parts(backbone, preprocessor)
        if (
            preprocessor is None or not preprocessor.tokenizer.has_vocabulary
        ):  # the subwords of a saved one are loaded later
            return
        size = preprocessor.tokenizer.vocabulary_size()
        if backbone.vocabulary_size != size:
            expected = f"a backbone for the preprocessor's vocabulary of {size} subwords"
            raise ValueError(message(expected, f"one for {backbone.vocabulary_size}", "LanguageModel.from_corpus"))

    def text_columns(self, x: Samples, y: Labels) -> tuple[Sequence[str]]:
        if y is not None:
            raise ValueError(message("texts alone: a language model makes its own labels", y, "fit(texts)"))
        return (x,)

    # === Scores ===

    def score(self, texts: Sequence[str], overlap: int | None = None, batch_tokens: int = 4096) -> NDArray[np.float64]:
        """Returns the log-probability of each text, of all its subwords and the end token; natural logarithm.

        Args:
            texts: Strings.
            overlap: Number of subwords that each window of a longer text shares with the previous one; they are read,
                but not scored again. 0: as in training. `None`: half of `max_length`, so that each subword has at least
                as many before it.
            batch_tokens: Subwords in a batch.
        """
        return self._score(texts, overlap, batch_tokens)[0]

    def perplexity(
        self, texts: Sequence[str], per: str = "piece", overlap: int | None = None, batch_tokens: int = 4096
    ) -> float:
        """Returns `exp` of the mean cross-entropy of texts.

        Args:
            texts: Strings.
            per: Unit of the mean: "piece" (subword); or "word" (between whitespace) or "character", by which models
                with different vocabularies can be compared, if these contain all words. The end of each text counts as
                one.
            overlap: See `score`.
            batch_tokens: See `score`.
        """
        texts = list(texts) if not isinstance(texts, (str, bytes)) else texts
        scores, num_subwords = self._score(texts, overlap, batch_tokens)
        return float(np.exp(-scores.sum() / _num_units(texts, per, num_subwords)))

    def _score(self, texts: Sequence[str], overlap: int | None, batch_tokens: int) -> tuple[NDArray[np.float64], int]:
        """Returns the log-probabilities (N,), and the number of all subwords and end tokens."""
        self.check_preprocessor()
        max_length = self.preprocessor.max_length
        overlap = max_length // 2 if overlap is None else overlap
        batches = self.preprocessor.token_batches(texts, batch_tokens=batch_tokens, overlap=overlap)
        scorer = self.derived_model("scorer", lambda: _Scorer(self.backbone))
        totals = np.zeros(len(texts))  # log P(text) = sum over its windows of sum_t log P(w_t | w_<t)
        for indices, features, labels in batches.numbered():  # a batch of windows; several may be of one text
            rows, length = labels.shape
            # Padded to powers of two, so that a compiler meets few shapes. The labels of padding are -1.
            more = (_next_power(rows) - rows, min(max(_next_power(length), _SHORTEST), max_length) - length)
            widths = [(0, more[0]), (0, more[1])]
            padded = {name: np.pad(x, widths) for name, x in features.items()}
            padded["labels"] = np.pad(labels, widths, constant_values=-1)
            found = np.asarray(predict_batch(scorer, padded))[:rows]
            np.add.at(totals, indices, found.astype(np.float64))
        return totals, batches.num_labels

    # === Texts ===

    def generate(
        self,
        prompts: Sequence[str] = ("",),
        search: Search | None = None,
        max_length: int | None = None,
        constraints: Sequence[Any] = (),
        num_samples: int | None = None,
        batch_size: int = 32,
    ) -> list[GeneratedText]:
        """Generates texts that begin with prompts.

        Args:
            prompts: List of texts, which may be empty.
            search: `decoding.Sampling`, `Greedy` or `BeamSearch`. `None`: the model's own.
            max_length: Maximum number of subwords of a text, its prompt and end token included. `None`: that of the
                preprocessor.
            constraints: Of `decoding`: `MinimumLength`, `NoRepeatedNgrams`, `ForbiddenTokens` ... They do not apply to
                prompts.
            num_samples: Number of texts for each prompt, for `Sampling` and `BeamSearch`. `None`: that of the search.
            batch_size: Prompts at a time, of similar length.

        Returns:
            A `GeneratedText` for each, in order; `str` returns the first text.

        Raises:
            ValueError: If a prompt is not shorter than `max_length`.
        """
        self.check_preprocessor()
        if isinstance(prompts, (str, bytes)):
            raise ValueError(message("a list of prompts", prompts, "model.generate([prompt])"))
        prompts = list(prompts)
        max_length = self.preprocessor.max_length if max_length is None else max_length
        search = with_num_samples(self.search if search is None else search, num_samples)
        searcher = self.searcher(search, max_length, tuple(constraints))

        def answer(rows: NDArray[np.int64]) -> list[GeneratedText]:
            return self._generate_batch(searcher, [prompts[row] for row in rows], max_length)

        return self.answer_in_batches([len(prompt) for prompt in prompts], batch_size, answer)

    def _generate_batch(self, searcher: Searcher, prompts: list[str], max_length: int) -> list[GeneratedText]:
        preprocessor = self.preprocessor
        strings = np.array(encoded_texts(prompts), object)
        features = preprocessor.prompts(padded_batch(strings, np.arange(len(prompts))))
        features = {name: tensor.numpy() for name, tensor in features.items()}
        counts = features["padding_mask"].sum(axis=1) - 1  # without the start token
        for prompt, count in zip(prompts, counts, strict=False):
            if count >= max_length:
                expected = f"prompts of fewer than max_length={max_length} subwords"
                raise ValueError(message(expected, f"{count} in {prompt!r}", f"max_length={2 * int(count)}"))
        found = {name: np.asarray(value) for name, value in predict_batch(searcher, features).items()}
        texts = [part.numpy() for part in preprocessor.written(features["token_ids"], found["token_ids"])]
        id_to_token = preprocessor.tokenizer.id_to_token

        def continuation(row: int, n: int) -> Continuation:
            ids = found["token_ids"][row, n, : found["lengths"][row, n]]
            text, new = (part[row, n].decode("utf-8", "replace") for part in texts)
            score, log_probability = (float(found[name][row, n]) for name in ("scores", "log_probabilities"))
            tokens = tuple(id_to_token(int(id)) for id in ids if id != END_ID)
            return Continuation(text, new, score, log_probability, tokens, bool(END_ID in ids))

        count = found["token_ids"].shape[1]
        return [
            GeneratedText(
                prompt,
                # A search may find fewer than `count` texts.
                tuple(continuation(row, n) for n in range(count) if n == 0 or found["lengths"][row, n] > 0),
            )
            for row, prompt in enumerate(prompts)
        ]

    def predict(self, x: Samples, batch_size: int = 32, **kwargs: Any) -> Any:
        """Returns a text for each prompt; without a preprocessor, logits as Keras does."""
        if self.preprocessor is None:
            return super().predict(x, batch_size=batch_size, **kwargs)
        return [str(text) for text in self.generate(x, batch_size=batch_size)]

    def searcher(
        self, search: Search | None = None, max_length: int | None = None, constraints: Sequence[Any] = ()
    ) -> Searcher:
        """Returns the model from `preprocessor.prompts` to the dict of `decoding.decode`, which shares all weights.

        Arguments are those of `generate`.
        """
        search = self.search if search is None else search
        max_length = self.preprocessor.max_length if max_length is None else max_length

        def build() -> Searcher:
            return Searcher(
                self.backbone,
                max_length,
                search,
                (NO_PADDING_NO_START, *constraints),
                start_id=START_ID,
                end_id=END_ID,
                prompt="token_ids",
            )

        return self.derived_model((repr(search), max_length, tuple(map(repr, constraints))), build)

    def serving_signatures(self, module: TFModule) -> dict[str, TFFunction]:
        """Returns the signatures of a model that uses its own `search`, with N texts for each prompt.

        - `serving_default`: `prompt` (B,) string to `text` and `continuation` (B,) string, the first whole text and its
          part after the prompt; `texts` and `continuations` (B, N) string, all of them; `scores` (B, N) float32.
          Samples are new in each call and each process, whatever the seed of the search.
        - `seeded`: `prompt` and `seed`, an int64 scalar; only if the search is `Sampling`. Equal seeds and prompts give
          equal texts, on either backend.

        Texts have at most `preprocessor.max_length` subwords; a prompt that is not shorter is an error.
        """
        preprocessor, length = self.preprocessor, self.preprocessor.max_length
        axes = {name: f"(batch, {length + 1})" for name in ("token_ids", "padding_mask")}
        search, module.model = graph_function(self.searcher(), {**axes, **self.draw_axes(length)})
        module.resources = preprocessor.resources()

        def answer(prompt: TFTensor, draws: Features) -> Features:
            features = preprocessor.prompts(prompt, length + 1)
            longest = tf.reduce_sum(tf.cast(features["padding_mask"], tf.int32), axis=1) - 1
            room = tf.debugging.assert_less(longest, length, f"Expected prompts of fewer than {length} subwords.")
            with tf.control_dependencies([room]):
                found = search({**features, **draws})
            texts, continuations = preprocessor.written(features["token_ids"], found["token_ids"])  # (B, N) each
            firsts = {"text": texts[:, 0], "continuation": continuations[:, 0]}
            return {**firsts, "texts": texts, "continuations": continuations, "scores": found["scores"]}

        return self.generating_signatures(length, tf.TensorSpec([None], tf.string, name="prompt"), answer)


class _Scorer(keras.Model):
    """From features and `labels` (B, T) to the log-probability of the labels of each row, (B,)."""

    def __init__(self, backbone: keras.Model) -> None:
        super().__init__(name="scorer")
        self.backbone = backbone
        self.built = True

    def call(self, features: Features) -> Tensor:
        features = dict(features)
        labels = features.pop("labels")
        logits = self.backbone(features, training=False)["logits"]  # (B, T, V)
        return -ops.sum(crossentropy(labels, logits), axis=-1)


def _num_units(texts: Sequence[str | bytes], per: str, num_subwords: int) -> int:
    """Returns the number of subwords, words or characters; the end of each text counts as one."""
    check_one_of("per", per, _UNITS)
    if per == "piece":
        return num_subwords
    strings = [text.decode("utf-8", "replace") if isinstance(text, bytes) else text for text in texts]
    return len(strings) + sum(len(text.split() if per == "word" else text) for text in strings)


def _next_power(number: int) -> int:
    return 1 << (number - 1).bit_length()
