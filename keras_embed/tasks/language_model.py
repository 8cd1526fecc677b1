"""Texts that go on, and how probable a text is."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from keras_embed._backend import predict_batch
from keras_embed._backend.ragged import encoded_texts
from keras_embed._errors import check_one_of, message
from keras_embed.backbones import RecurrentLanguageModelBackbone, TransformerLanguageModelBackbone
from keras_embed.decoding import Sampling, Searcher
from keras_embed.preprocessors import LanguageModelPreprocessor
from keras_embed.preprocessors.batching import padded_batch, similar_length_batches
from keras_embed.tasks._scoring import Scorer, log_probabilities, units
from keras_embed.tasks._text_writer import NO_PADDING_NO_START, TextWriter, several
from keras_embed.tasks.generated_text import Continuation, GeneratedText
from keras_embed.tokenizers.subword_tokenizer import END_ID, START_ID

_ARCHITECTURES: dict[str, Any] = {
    "recurrent": RecurrentLanguageModelBackbone,
    "transformer": TransformerLanguageModelBackbone,
}


@keras.saving.register_keras_serializable(package="keras_embed")
class LanguageModel(TextWriter):
    """Reads a text from left to right and says what comes next: it scores texts, and writes them.

    Args:
        backbone: `backbones.RecurrentLanguageModelBackbone`, `backbones.TransformerLanguageModelBackbone`, or any with
            their inputs, outputs, `begin` and `step`.
        preprocessor: `preprocessors.LanguageModelPreprocessor`; without one, the model reads features.
        search: how texts are written unless told otherwise, and in an exported model: `decoding.Sampling`, `Greedy` or
            `BeamSearch`. `None`: samples from the 50 most probable pieces, at a temperature of 0.8.
        **kwargs: `name`.

    Raises:
        ValueError: for a backbone whose vocabulary is not the preprocessor's.

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

    def __init__(self, backbone: Any, preprocessor: Any = None, search: Any = None, **kwargs: Any) -> None:
        if preprocessor is not None and preprocessor.tokenizer.has_vocabulary:  # None while a saved one is loaded
            size = preprocessor.tokenizer.vocabulary_size()
            if backbone.vocabulary_size != size:
                expected = f"a backbone for the preprocessor's vocabulary of {size} pieces"
                raise ValueError(message(expected, f"one for {backbone.vocabulary_size}", "LanguageModel.from_corpus"))
        search = Sampling(0.8, top_k=50) if search is None else search
        super().__init__(backbone, preprocessor, search, **kwargs)

    @classmethod
    def from_corpus(
        cls,
        texts: Sequence[str],
        architecture: str = "transformer",
        preprocessor: Any = None,
        kind: str = "bpe",
        vocabulary_size: int | None = 10000,
        max_length: int = 128,
        lowercase: bool = False,
        min_count: int = 1,
        search: Any = None,
        **backbone: Any,
    ) -> "LanguageModel":
        """A fresh language model whose vocabulary is that of a corpus.

        Args:
            texts: strings.
            architecture: "recurrent" or "transformer".
            preprocessor: `LanguageModelPreprocessor`, instead of one that is learnt from the corpus.
            kind: "bpe", "wordpiece", "sentencepiece" or "words"; of what is learnt, as the next four, see
                `LanguageModelPreprocessor.from_corpus`.
            vocabulary_size, max_length, lowercase, min_count: see there.
            search: see the class.
            **backbone: for `RecurrentLanguageModelBackbone`, such as `cell="gru"`, or
                `TransformerLanguageModelBackbone`.

        Raises:
            ValueError: for another `architecture`.
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

    def _columns(self, x: Any, y: Any) -> tuple[Any, ...]:
        if y is not None:
            raise ValueError(message("texts alone: a language model makes its own labels", y, "fit(texts)"))
        return (x,)

    # === Scores ===

    def score(self, texts: Sequence[str], overlap: int | None = None, batch_tokens: int = 4096) -> NDArray[np.float64]:
        """The log-probability of each text, of all its pieces and its end; natural logarithm.

        Args:
            texts: strings.
            overlap: pieces that each window of a longer text shares with the one before, where they are read only;
                0: as in training. `None`: half of `max_length`, so that each piece but the first has as many before it.
            batch_tokens: pieces in a batch.
        """
        return self._scored(texts, overlap, batch_tokens)[0]

    def perplexity(
        self, texts: Sequence[str], per: str = "piece", overlap: int | None = None, batch_tokens: int = 4096
    ) -> float:
        """`exp` of the mean cross-entropy of texts.

        Args:
            texts: strings.
            per: what the mean is over: "piece"; or "word" (between blanks) or "character", by which models of other
                vocabularies can be compared, as far as these know all words. The end of each text counts as one.
            overlap: see `score`.
            batch_tokens: see `score`.
        """
        texts = list(texts) if not isinstance(texts, (str, bytes)) else texts
        found, num_pieces = self._scored(texts, overlap, batch_tokens)
        return float(np.exp(-found.sum() / units(texts, per, num_pieces)))

    def _scored(self, texts: Sequence[str], overlap: int | None, batch_tokens: int) -> tuple[NDArray[np.float64], int]:
        self.check_preprocessor()
        longest = self.preprocessor.max_length
        overlap = longest // 2 if overlap is None else overlap
        batches = self.preprocessor.token_batches(texts, batch_tokens=batch_tokens, overlap=overlap)
        if "scorer" not in self._made.models:
            self._made.models["scorer"] = Scorer(self.backbone)
        found = log_probabilities(self._made.models["scorer"], batches, len(texts), longest)
        return found, batches.num_labels

    # === Texts ===

    def generate(
        self,
        prompts: Sequence[str] = ("",),
        search: Any = None,
        max_length: int | None = None,
        constraints: Sequence[Any] = (),
        num_samples: int | None = None,
        batch_size: int = 32,
    ) -> list[GeneratedText]:
        """Writes texts that begin with prompts.

        Args:
            prompts: list of texts; from an empty one, the model writes what it likes.
            search: `decoding.Sampling`, `Greedy` or `BeamSearch`. `None`: the model's own.
            max_length: most pieces of a text, its prompt and its end included. `None`: as many as are read at a time.
            constraints: of `decoding`: `MinimumLength`, `NoRepeatedNgrams`, `ForbiddenTokens` ... They have no say in
                prompts.
            num_samples: texts for each prompt, for `Sampling` and `BeamSearch`. `None`: as the search says.
            batch_size: prompts at a time, of similar length.

        Returns:
            one `GeneratedText` each, in order; `str` of it is the first text.

        Raises:
            ValueError: for a prompt that leaves no room for more.
        """
        self.check_preprocessor()
        if isinstance(prompts, (str, bytes)):
            raise ValueError(message("a list of prompts", prompts, "model.generate([prompt])"))
        prompts = list(prompts)
        max_length = self.preprocessor.max_length if max_length is None else max_length
        search = several(self.search if search is None else search, num_samples)
        searcher = self.searcher(search, max_length, tuple(constraints))
        answers: dict[int, GeneratedText] = {}
        lengths = [len(prompt) for prompt in prompts]
        for rows in similar_length_batches(lengths, batch_size):
            found = self._written(searcher, [prompts[row] for row in rows], max_length)
            answers.update(zip(rows.tolist(), found, strict=True))
        return [answers[row] for row in range(len(prompts))]

    def _written(self, searcher: Any, prompts: list[str], max_length: int) -> list[GeneratedText]:
        strings = np.array(encoded_texts(prompts), object)
        features = self.preprocessor.prompts(padded_batch(strings, np.arange(len(prompts))))
        features = {name: tensor.numpy() for name, tensor in features.items()}
        counts = features["padding_mask"].sum(axis=1) - 1
        for prompt, count in zip(prompts, counts, strict=False):
            if count >= max_length:
                expected = f"prompts of fewer than max_length={max_length} pieces"
                raise ValueError(message(expected, f"{count} in {prompt!r}", f"max_length={2 * int(count)}"))
        found = {name: np.asarray(value) for name, value in predict_batch(searcher, features).items()}
        texts = [part.numpy() for part in self.preprocessor.written(features["token_ids"], found["token_ids"])]
        piece = self.preprocessor.tokenizer.id_to_token

        def continuation(row: int, number: int) -> Continuation:
            ids = found["token_ids"][row, number, : found["lengths"][row, number]]
            text, new = (part[row, number].decode("utf-8", "replace") for part in texts)
            score, total = (float(found[name][row, number]) for name in ("scores", "log_probabilities"))
            tokens = tuple(piece(int(one)) for one in ids if one != END_ID)
            return Continuation(text, new, score, total, tokens, bool(END_ID in ids))

        numbers = range(found["token_ids"].shape[1])
        return [
            GeneratedText(
                prompt,
                tuple(continuation(row, n) for n in numbers if n == 0 or found["lengths"][row, n] > 0),
            )
            for row, prompt in enumerate(prompts)
        ]

    def predict(self, x: Any, batch_size: int = 32, **kwargs: Any) -> Any:
        """A text for each prompt; without a preprocessor, `keras.Model.predict`: logits."""
        if self.preprocessor is None:
            return super().predict(x, batch_size=batch_size, **kwargs)
        return [str(text) for text in self.generate(x, batch_size=batch_size)]

    def searcher(self, search: Any = None, max_length: int | None = None, constraints: Sequence[Any] = ()) -> Any:
        """The model from `preprocessor.prompts` to `decoding.decode`'s dict, sharing all weights; one for each choice.

        Arguments are those of `generate`.
        """
        search = self.search if search is None else search
        max_length = self.preprocessor.max_length if max_length is None else max_length
        key = (repr(search), max_length, tuple(map(repr, constraints)))
        if key not in self._made.models:
            self._made.models[key] = Searcher(
                self.backbone,
                max_length,
                search,
                (NO_PADDING_NO_START, *constraints),
                start_id=START_ID,
                end_id=END_ID,
                prompt="token_ids",
            )
        return self._made.models[key]
