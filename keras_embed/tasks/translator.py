"""Translation, and other tasks that read one text and generate another."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from keras_embed._backend import graph_function, predict_batch, tf
from keras_embed._backend.ragged import encoded_texts
from keras_embed._errors import check_one_of, message
from keras_embed._types import Features, Labels, Samples, TFFunction, TFModule, TFTensor
from keras_embed.backbones import RecurrentSeq2SeqBackbone, TransformerSeq2SeqBackbone
from keras_embed.decoding import BeamSearch, Sampling, Searcher, replace_unknown_words
from keras_embed.preprocessors import TranslationPreprocessor
from keras_embed.preprocessors.batching import padded_batch
from keras_embed.tasks._feature_axes import feature_axes
from keras_embed.tasks._text_writer import NO_PADDING_NO_START, Search, TextWriter
from keras_embed.tokenizers import SubwordTokenizer
from keras_embed.tokenizers.subword_tokenizer import END_ID, START_ID, UNKNOWN_ID

_ARCHITECTURES: dict[str, type[keras.Model]] = {
    "recurrent": RecurrentSeq2SeqBackbone,
    "transformer": TransformerSeq2SeqBackbone,
}
# The default maximum length of a translation: _LENGTH_RATIO times its source plus _LENGTH_EXTRA, at most _MAX_LENGTH.
_LENGTH_RATIO, _LENGTH_EXTRA, _MAX_LENGTH = 2.0, 10, 256


@dataclass(frozen=True)
class Hypothesis:
    """One translation of a text.

    Attributes:
        text: The translation.
        score: The value that hypotheses are ranked by, the log-probability with the search's penalties; higher is
            better.
        log_probability: Natural logarithm of the probability of all subwords and the end token.
        tokens: Its subwords, without the end token.
        alignment: Attention while each subword was generated, float32 (subwords, source subwords), with rows that sum
            to one; `None` unless requested.
    """

    text: str
    score: float
    log_probability: float
    tokens: tuple[str, ...]
    alignment: NDArray[np.float32] | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class TranslatedText:
    """The translations of a text, best first.

    Attributes:
        source: The text.
        source_tokens: Its subwords and the end token, as the encoder read them.
        hypotheses: At least one.
    """

    source: str
    source_tokens: tuple[str, ...] = field(repr=False)
    hypotheses: tuple[Hypothesis, ...]

    @property
    def text(self) -> str:
        """The best translation."""
        return self.hypotheses[0].text

    @property
    def score(self) -> float:
        """The score of the best translation."""
        return self.hypotheses[0].score

    @property
    def tokens(self) -> tuple[str, ...]:
        """The subwords of the best translation."""
        return self.hypotheses[0].tokens

    @property
    def alignment(self) -> NDArray[np.float32] | None:
        """The alignment of the best translation."""
        return self.hypotheses[0].alignment

    def __str__(self) -> str:
        return self.text


@keras.saving.register_keras_serializable(package="keras_embed")
class Translator(TextWriter):
    """Translates texts, or does anything else that reads one text and generates another.

    Args:
        backbone: `backbones.RecurrentSeq2SeqBackbone`, `backbones.TransformerSeq2SeqBackbone`, or any with their
            inputs, outputs, `begin` and `step`.
        preprocessor: `preprocessors.TranslationPreprocessor`, or `None` to feed features.
        search: Default search, also of an exported model: `decoding.BeamSearch`, `Greedy` or `Sampling`. `None`: beam
            search of width 5, scores divided by the GNMT length penalty with exponent 1.
        **kwargs: `name`, `compile`.

    Raises:
        ValueError: If the vocabularies of the backbone are smaller than the preprocessor's.

    References:
        Bahdanau et al. 2015, https://arxiv.org/abs/1409.0473; Luong et al. 2015, https://arxiv.org/abs/1508.04025;
        Vaswani et al. 2017, https://arxiv.org/abs/1706.03762; Wu et al. 2016, https://arxiv.org/abs/1609.08144.

    Example:
    >>> pairs = [("ein hund", "a dog"), ("ein mann", "a man"), ("der hund", "the dog")]
    >>> translator = Translator.from_corpus(
    ...     pairs, kind="words", shared=False, num_encoder_layers=1, num_decoder_layers=1, num_heads=2, hidden_dim=16,
    ...     feed_forward_dim=16, dropout=0.0,
    ... )
    >>> translator.compile(optimizer=keras.optimizers.Adam(0.02))
    >>> history = translator.fit(pairs, epochs=40, verbose=0)
    >>> translator.translate(["der hund"])[0].text
    'the dog'
    """

    kind = "translator"
    label_smoothing = 0.1
    preprocessor_cls = TranslationPreprocessor

    def __init__(
        self,
        backbone: keras.Model,
        preprocessor: TranslationPreprocessor | None = None,
        search: Search | None = None,
        **kwargs: Any,
    ) -> None:
        search = BeamSearch(5, length_penalty=1.0, stop="likely") if search is None else search
        super().__init__(backbone, preprocessor, search, **kwargs)

    @classmethod
    def from_corpus(
        cls,
        pairs: Samples,
        architecture: str = "transformer",
        preprocessor: TranslationPreprocessor | None = None,
        kind: str = "bpe",
        vocabulary_size: int | None = 10000,
        shared: bool = True,
        lowercase: bool = False,
        min_count: int = 1,
        search: Search | None = None,
        **backbone: Any,
    ) -> "Translator":
        """Returns a new translator with the vocabularies of a corpus.

        Args:
            pairs: Texts and their translations, `corpora.Translations` or any pairs of strings.
            architecture: "recurrent" or "transformer".
            preprocessor: `TranslationPreprocessor`; `None`: learnt from the corpus.
            kind: "bpe", "wordpiece", "sentencepiece" or "words"; like the next four arguments, for
                `TranslationPreprocessor.from_corpus`.
            vocabulary_size, shared, lowercase, min_count: See there.
            search: See the class.
            **backbone: For `RecurrentSeq2SeqBackbone`, such as `attention="luong_general"`, or
                `TransformerSeq2SeqBackbone`. With one vocabulary all embeddings are tied by default.

        Raises:
            ValueError: If the architecture is unknown.
            TypeError: If the backbone has no such argument.
        """
        check_one_of("architecture", architecture, _ARCHITECTURES)
        if preprocessor is None:
            preprocessor = TranslationPreprocessor.from_corpus(
                pairs, kind, vocabulary_size, shared, lowercase, min_count=min_count
            )
        backbone.setdefault("tie_embeddings", "all" if preprocessor.shared else "target_softmax")
        return cls(_ARCHITECTURES[architecture](*_sizes(preprocessor), **backbone), preprocessor, search)

    @classmethod
    def check_parts(cls, backbone: keras.Model, preprocessor: TranslationPreprocessor | None) -> None:
        """Raises `ValueError` if the backbone's vocabularies are smaller than the preprocessor's."""
        super().check_parts(backbone, preprocessor)
        if (
            preprocessor is None or not preprocessor.tokenizer.has_vocabulary
        ):  # the subwords of a saved one are loaded later
            return
        sizes, own = _sizes(preprocessor), (backbone.source_vocabulary_size, backbone.target_vocabulary_size)
        if any(have < need for have, need in zip(own, sizes, strict=True)):
            expected = f"a backbone for the preprocessor's vocabularies of {sizes[0]} and {sizes[1]} subwords"
            raise ValueError(message(expected, f"one for {own[0]} and {own[1]}", "Translator.from_corpus"))

    def text_columns(self, x: Samples, y: Labels) -> tuple[list[str], list[str]]:
        return _source_and_target(x, y)

    def translate(
        self,
        sources: Sequence[str],
        beam: int | None = None,
        n_best: int = 1,
        length_penalty: float = 1.0,
        search: Search | None = None,
        max_length: int | None = None,
        constraints: Sequence[Any] = (),
        prefixes: Sequence[str] | None = None,
        return_alignments: bool = False,
        replace_unknown: bool = False,
        batch_size: int = 32,
    ) -> list[TranslatedText]:
        """Translates texts.

        Args:
            sources: List of texts, which may be empty.
            beam: Width of a beam search; 1 is greedy. `None`: the translator's own `search`.
            n_best: Number of hypotheses for each text, at most `beam`.
            length_penalty: Exponent of the GNMT length penalty, for `beam` or `n_best`.
            search: `decoding.BeamSearch`, `Greedy` or `Sampling`, instead of the previous three arguments.
            max_length: Maximum number of subwords of a translation, the end token included; `None`: twice the length of
                the source plus ten, at most 256.
            constraints: Of `decoding`: `MinimumLength`, `NoRepeatedNgrams`, `ForbiddenTokens` ...
            prefixes: Required beginning of each translation.
            return_alignments: Whether to return the attention.
            replace_unknown: Whether to replace unknown tokens by the source subword with the largest attention.
            batch_size: Texts at a time, of similar length.

        Returns:
            A `TranslatedText` for each, in order; `str` returns the best translation.

        Raises:
            ValueError: If `sources` is not a list of strings, or an argument is out of range.
        """
        self.check_preprocessor()
        if isinstance(sources, (str, bytes)) or not isinstance(sources, Iterable):
            raise ValueError(message("a list of texts", sources, "translator.translate([text])"))
        sources = list(sources)
        if search is None and (beam is not None or n_best > 1):
            beam = max(5, n_best) if beam is None else beam
            search = BeamSearch(beam, length_penalty=length_penalty, n_best=n_best, stop="likely")
        aligned = return_alignments or replace_unknown
        searcher = self.searcher(search, max_length, tuple(constraints), prefixes is not None, aligned)

        def answer(rows: NDArray[np.int64]) -> list[TranslatedText]:
            texts = [sources[row] for row in rows]
            begins = None if prefixes is None else [prefixes[row] for row in rows]
            return self._translate_batch(searcher, texts, begins, replace_unknown, return_alignments)

        return self.answer_in_batches([len(text) for text in encoded_texts(sources)], batch_size, answer)

    def _translate_batch(
        self,
        searcher: Searcher,
        texts: Sequence[str],
        prefixes: Sequence[str] | None,
        replace_unknown: bool,
        return_alignments: bool,
    ) -> list[TranslatedText]:
        preprocessor = self.preprocessor
        if prefixes is None:
            features = preprocessor.source_features(_string_batch(texts))
        else:
            features, _ = preprocessor(_string_batch(texts), y=_string_batch(prefixes))
        features = {name: tensor.numpy() for name, tensor in features.items()}
        found = {name: np.asarray(value) for name, value in predict_batch(searcher, features).items()}
        found["strings"] = preprocessor.postprocess(found["token_ids"]).numpy()  # (B, N)
        answers, choices = [], (replace_unknown, return_alignments)
        for row, source in enumerate(texts):
            ids = features["encoder_token_ids"][row][features["encoder_padding_mask"][row]]
            subwords = _tokens(preprocessor.source_tokenizer, ids)
            hypotheses = [
                self._hypothesis({name: value[row, n] for name, value in found.items()}, subwords, *choices)
                for n in range(found["token_ids"].shape[1])
                if n == 0 or found["lengths"][row, n] > 0  # fewer than `n_best` may have been found
            ]
            answers.append(TranslatedText(source, subwords, tuple(hypotheses)))
        return answers

    def _hypothesis(
        self, found: Features, source: tuple[str, ...], replace_unknown: bool, return_alignments: bool
    ) -> Hypothesis:
        """Returns the hypothesis of one row of the searcher's outputs."""
        tokenizer = self.preprocessor.target_tokenizer
        ids = found["token_ids"][: found["lengths"]]
        ids = ids[ids != END_ID]
        text, tokens, alignment = found["strings"].decode("utf-8", "replace"), _tokens(tokenizer, ids), None
        if "alignments" in found:
            alignment = found["alignments"][: len(ids), : len(source)]
        if replace_unknown and alignment is not None:
            unknown = tokenizer.id_to_token(UNKNOWN_ID)
            replaced = replace_unknown_words(tokens, alignment[:, :-1], source[:-1], unknown)  # the end token left out
            # The text has the unknown token once for each: put the replacements between its parts.
            parts = text.split(unknown)
            new = [word for word, token in zip(replaced, tokens, strict=True) if token == unknown]
            text = parts[0] + "".join(word + part for word, part in zip(new, parts[1:], strict=False))
            tokens = tuple(replaced)
        score, log_probability = float(found["scores"]), float(found["log_probabilities"])
        return Hypothesis(text, score, log_probability, tokens, alignment if return_alignments else None)

    def predict(self, x: Samples, batch_size: int = 32, **kwargs: Any) -> Any:
        """Returns the translation of each text; without a preprocessor, logits as Keras does."""
        if self.preprocessor is None:
            return super().predict(x, batch_size=batch_size, **kwargs)
        return [str(translation) for translation in self.translate(x, batch_size=batch_size)]

    def searcher(
        self,
        search: Search | None = None,
        max_length: int | None = None,
        constraints: Sequence[Any] = (),
        prefixed: bool = False,
        return_alignments: bool = False,
    ) -> Searcher:
        """Returns the model from the encoder's features to the dict of `decoding.decode`, which shares all weights.

        Arguments are those of `translate`; if `prefixed`, the features `decoder_token_ids` and `decoder_padding_mask`
        hold the required beginning of the translations.
        """
        search = self.search if search is None else search
        free = max_length is None

        def build() -> Searcher:
            return Searcher(
                self.backbone,
                max_length or _MAX_LENGTH,
                search,
                (NO_PADDING_NO_START, *constraints),
                start_id=START_ID,
                end_id=END_ID,
                prompt="decoder_token_ids" if prefixed else None,
                length_ratio=_LENGTH_RATIO if free else None,
                length_extra=_LENGTH_EXTRA if free else 0,
                return_alignments=return_alignments,
            )

        key = (repr(search), max_length, tuple(map(repr, constraints)), prefixed, return_alignments)
        return self.derived_model(key, build)

    def serving_signatures(self, module: TFModule) -> dict[str, TFFunction]:
        """Returns the signatures of a translator that uses its own `search`, with N hypotheses.

        - `serving_default`: `text` (B,) string to `text` (B,) string, the best translations; `hypotheses` (B, N)
          string, best first, and their `scores` (B, N) float32. Samples are new in each call and each process, whatever
          the seed of the search.
        - `seeded`: `text` and `seed`, an int64 scalar; only if the search is `Sampling`. Equal seeds and texts give
          equal translations.
        - `alignments`: `text` (B,) string to the subwords of the best translations, `source_tokens` (B, S) and
          `target_tokens` (B, T) string, their numbers `source_lengths` and `target_lengths` (B,) int32, and the
          attention `alignments` (B, T, S) float32; only of translators with attention that do not sample.
        """
        preprocessor = self.preprocessor
        spec = tf.TensorSpec([None], tf.string, name="text")
        axes = feature_axes(preprocessor.source_features, spec) | self.draw_axes(_MAX_LENGTH)
        search, module.model = graph_function(self.searcher(), axes)
        module.resources = preprocessor.resources()

        def answer(text: TFTensor, draws: Features) -> Features:
            found = search({**preprocessor.source_features(text), **draws})
            hypotheses = preprocessor.postprocess(found["token_ids"])  # (B, N)
            return {"text": hypotheses[:, 0], "hypotheses": hypotheses, "scores": found["scores"]}

        signatures = self.generating_signatures(_MAX_LENGTH, spec, answer)
        if not isinstance(self.search, Sampling) and getattr(self.backbone, "attention", True) is not None:
            signatures["alignments"] = self._alignments_signature(module, axes, spec)
        return signatures

    def _alignments_signature(self, module: TFModule, axes: dict[str, str], spec: Any) -> TFFunction:
        preprocessor = self.preprocessor
        # The same variables in the same order as in `module.model`, so the weights are saved once.
        search, _ = graph_function(self.searcher(return_alignments=True), axes, module.model)
        sources, targets = (
            tf.constant([tokenizer.id_to_token(id) for id in range(tokenizer.vocabulary_size())])
            for tokenizer in (preprocessor.source_tokenizer, preprocessor.target_tokenizer)
        )

        @tf.function(autograph=False, input_signature=[spec])
        def alignments(text: TFTensor) -> Features:
            features = preprocessor.source_features(text)
            found = search(features)
            ids = found["token_ids"][:, 0]  # (B, T), the best
            # Numbers of subwords without padding, and of the targets without the end token.
            written = tf.cast(tf.sequence_mask(found["lengths"][:, 0], tf.shape(ids)[1]), tf.int32)
            written *= tf.cast(ids != END_ID, tf.int32)
            read = tf.cast(features["encoder_padding_mask"], tf.int32)
            return {
                "source_tokens": tf.gather(sources, features["encoder_token_ids"]),
                "target_tokens": tf.gather(targets, ids),
                "source_lengths": tf.reduce_sum(read, axis=1),
                "target_lengths": tf.reduce_sum(written, axis=1),
                "alignments": found["alignments"][:, 0],
            }

        return alignments


def _sizes(preprocessor: TranslationPreprocessor) -> tuple[int, int]:
    return preprocessor.source_tokenizer.vocabulary_size(), preprocessor.target_tokenizer.vocabulary_size()


def _source_and_target(x: Samples, y: Labels = None) -> tuple[list[str], list[str]]:
    """Returns the sources and targets of pairs, of a tuple `(sources, targets)`, or of two lists."""
    if y is not None:
        return list(x), list(y)
    if isinstance(x, tuple) and len(x) == 2 and not any(isinstance(side, str) for side in x):
        if not (len(x[0]) == 2 and isinstance(x[0], tuple)):  # two lists, not a tuple of two pairs
            return list(x[0]), list(x[1])
    pairs = list(x)
    for index, pair in enumerate(pairs):
        if isinstance(pair, str) or len(pair) != 2:
            expected = "pairs of a source and its translation, or sources and targets"
            raise ValueError(message(expected, f"{pair!r} at index {index}", "fit(pairs) or fit(sources, targets)"))
    return [source for source, _ in pairs], [target for _, target in pairs]


def _string_batch(texts: Sequence[str]) -> TFTensor:
    """Returns the texts, and empty ones up to a power of two."""
    return padded_batch(np.array([text.encode() for text in texts], object), np.arange(len(texts)))


def _tokens(tokenizer: SubwordTokenizer, ids: NDArray[np.int32]) -> tuple[str, ...]:
    return tuple(tokenizer.id_to_token(int(id)) for id in ids)
