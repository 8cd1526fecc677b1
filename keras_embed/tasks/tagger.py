"""Sequence tagging: named entities, parts of speech, slots."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from keras_embed._backend import tf
from keras_embed._errors import check_one_of, message
from keras_embed._types import Config, Features, KerasObject, Samples, Tensor, TFFunction, TFModule, TFTensor
from keras_embed.backbones.outputs import named_outputs
from keras_embed.functional import linear_chain
from keras_embed.layers import CRF, CRFDecode
from keras_embed.layers.crf import IndependentTags, TagConstraints
from keras_embed.layers.windows import WindowRows, WordsOfWindows
from keras_embed.losses import CRFLoss
from keras_embed.metrics import EntityF1, TagAccuracy
from keras_embed.preprocessors import TaggerPreprocessor
from keras_embed.preprocessors.batching import padded_batch
from keras_embed.preprocessors.features import PREFIX, pick
from keras_embed.tasks.string_task import StringTask
from keras_embed.text import allowed_transitions

_HEADS = ("crf", "softmax", "constrained")


@dataclass(frozen=True, slots=True)
class TaggedSpan:
    """A span found in a sentence.

    Attributes:
        start: Index of its first token.
        end: Index after its last token.
        type: Such as "PER".
        text: Its tokens, joined by spaces.
        score: Its probability under the model, from exact marginals.
    """

    start: int
    end: int
    type: str
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class TaggedSentence:
    """Answer of a tagger for one sentence.

    Attributes:
        tokens: Words.
        tags: One for each token.
        scores: Probability of each tag.
        spans: In reading order; empty if the tags have no scheme.
    """

    tokens: tuple[str, ...]
    tags: tuple[str, ...]
    scores: tuple[float, ...]
    spans: tuple[TaggedSpan, ...]


def tagged_sentences(answer: Features) -> list[TaggedSentence]:
    """Converts the dense tensors of `TaggerPreprocessor.postprocess`, or of a served tagger."""
    arrays = {name: np.asarray(value) for name, value in answer.items()}
    tagged = []
    for row, length in enumerate(arrays["lengths"].tolist()):
        tokens = tuple(word.decode("utf-8", "backslashreplace") for word in arrays["tokens"][row, :length])
        spans = []
        for start, end, kind, score in zip(
            *(arrays[f"span_{name}"][row].tolist() for name in ("starts", "ends", "types", "scores")), strict=True
        ):
            if start >= 0:  # else padding
                spans.append(TaggedSpan(start, end, kind.decode("utf-8"), " ".join(tokens[start:end]), score))
        tags = tuple(tag.decode("utf-8") for tag in arrays["tags"][row, :length])
        scores = tuple(arrays["token_scores"][row, :length].tolist())
        tagged.append(TaggedSentence(tokens, tags, scores, tuple(spans)))
    return tagged


@keras.saving.register_keras_serializable(package="keras_embed")
class Tagger(StringTask):
    """Tags every token of a sentence: backbone, emissions, and a linear chain over the tags.

    `fit` and `evaluate` take sentences and tags as strings: a `corpora.Corpus`; or lists of words and lists of tags; or
    a `tf.data.Dataset` of batches `(ragged words, ragged tags)`. They batch sentences of similar length in few fixed
    shapes. A tag "" is unknown: the loss sums over all tags it may be.
    `tag` returns tags, spans and their probabilities; `export` writes the same as a SavedModel. The outputs of the
    model are the potentials of the chain; see `layers.CRF`.

    Args:
        backbone: Any backbone with an output `sequence_output` (B, T, D) and an input `padding_mask`, of `keras_embed`
            or Keras Hub.
        preprocessor: `TaggerPreprocessor`, or `None` to feed features and tag ids. With an `EncoderTokenizer` the
            backbone reads subwords, and a word is tagged by the vector of its first subword (Devlin et al. 2019);
            sentences longer than the backbone reads are cut into windows that overlap by half, see
            `preprocessors.word_windows`.
        head: "crf" (pairs of tags have scores, and the rules of the preprocessor's tag scheme apply in the loss too),
            "softmax" (independent tags), or "constrained" (trained as independent tags, but `tag` finds the best
            sequence that the rules allow).
        num_tags: K, required without a preprocessor.
        dropout: Rate before the emissions; recurrent backbones have dropout of their own.
        subwords: Without a preprocessor: whether the backbone reads subwords.
        **kwargs: `name`, `compile`.

    Raises:
        ValueError: If backbone and preprocessor do not fit together, `head` is unknown, or both `preprocessor` and
            `num_tags` are missing.

    Example:
    >>> import keras_embed as ke
    >>> words, tags = [["Ada", "lives", "in", "Rome"]], [["B-PER", "O", "O", "B-LOC"]]
    >>> preprocessor = ke.preprocessors.TaggerPreprocessor.from_corpus(words, tags)
    >>> backbone = ke.backbones.RecurrentBackbone(preprocessor.embeddings(word_dim=8, char_filters=4), hidden_dim=4)
    >>> tagger = ke.Tagger(backbone, preprocessor=preprocessor)
    >>> history = tagger.fit(words, tags, epochs=1, verbose=0)
    >>> [tagged] = tagger.tag(["Ada lives in Rome"])
    >>> tagged.tokens
    ('Ada', 'lives', 'in', 'Rome')

    References:
        Huang et al. 2015, https://arxiv.org/abs/1508.01991; Lample et al. 2016, https://arxiv.org/abs/1603.01360;
        Ma and Hovy 2016, https://arxiv.org/abs/1603.01354; Devlin et al. 2019, https://aclanthology.org/N19-1423.
    """

    kind = "tagger"
    needs = "tags"
    preprocessor_cls = TaggerPreprocessor

    def __init__(
        self,
        backbone: keras.Model,
        preprocessor: TaggerPreprocessor | None = None,
        head: str = "crf",
        num_tags: int | None = None,
        dropout: float = 0.0,
        subwords: bool = False,
        **kwargs: Any,
    ) -> None:
        self.check_parts(backbone, preprocessor)
        check_one_of("head", head, _HEADS)
        if preprocessor is None and num_tags is None:
            raise ValueError(message("a `preprocessor` or `num_tags`", "neither", "Tagger(backbone, num_tags=17)"))
        scheme = None if preprocessor is None else preprocessor.scheme
        if head == "constrained" and scheme is None:
            expected = "a preprocessor whose tags have a scheme, for head='constrained'"
            raise ValueError(message(expected, "none", "head='softmax'"))
        subwords = subwords if preprocessor is None else preprocessor.subwords

        # === Layers ===
        num_tags = len(preprocessor.tags) if preprocessor is not None else num_tags or 0
        constraints = None
        if preprocessor is not None and scheme is not None:
            constraints = allowed_transitions(preprocessor.tags, scheme)
        chain = CRF(num_tags, constraints, name="crf") if head == "crf" else IndependentTags(name="softmax")

        # === Functional Model ===
        inputs, x, mask = _window_vectors(backbone) if subwords else _word_vectors(backbone)  # (B, T, D), (B, T)
        x = keras.layers.Dropout(dropout, name="output_dropout")(x)
        emissions = keras.layers.Dense(num_tags, name="emissions")(x)  # (B, T, K)
        potentials = chain(emissions, mask=mask)  # (B, K+2+T, K+1)
        super().__init__(backbone, preprocessor, inputs, potentials, **kwargs)

        # === Config ===
        self.head = head
        self.num_tags = num_tags
        self.dropout = dropout
        self.subwords = subwords

    def default_optimizer(self) -> keras.optimizers.Optimizer:
        """Returns Adam; for encoders of Keras Hub at 5e-5 with gradients clipped to a norm of 1, else at 2e-3 and 5."""
        rate, norm = (5e-5, 1.0) if self.is_hub_backbone else (2e-3, 5.0)
        return keras.optimizers.Adam(rate, global_clipnorm=norm)

    def default_loss(self) -> KerasObject:
        """Returns `losses.CRFLoss`."""
        return CRFLoss()

    def default_weighted_metrics(self) -> KerasObject:
        """Returns `metrics.EntityF1` if the tags have a scheme, else `metrics.TagAccuracy`."""
        known = self.preprocessor
        return [TagAccuracy() if known is None or known.scheme is None else EntityF1(known.tags, known.scheme)]

    def tag(self, sentences: Sequence[str] | Sequence[Sequence[str]], batch_size: int = 32) -> list[TaggedSentence]:
        """Tags texts or tokenized sentences.

        Args:
            sentences: List of texts, which the preprocessor's tokenizer splits, or of lists of words. Each may be
                empty.
            batch_size: Sentences at a time.

        Returns:
            A `TaggedSentence` for each, in order.

        Raises:
            ValueError: If `sentences` is not a list, a token is not a string, or the tagger has no preprocessor.
        """
        self.check_preprocessor()
        if isinstance(sentences, (str, bytes)) or not isinstance(sentences, Iterable):
            raise ValueError(message("a list of sentences", sentences, "tagger.tag([text])"))
        sentences = list(sentences)
        if not sentences:
            return []
        preprocessor, decoder = self.preprocessor, self.decoder()
        tokens = preprocessor.tokens_of(sentences)

        def answer(rows: NDArray[np.int64]) -> list[TaggedSentence]:
            batch = padded_batch(tokens, rows)
            decoded = self.predict_features(decoder, preprocessor.encode(batch, self.input))
            return tagged_sentences(preprocessor.postprocess(batch, decoded))

        return self.answer_in_batches(tokens.row_lengths().numpy(), batch_size, answer)

    def predict(self, x: Samples, batch_size: int = 32, **kwargs: Any) -> Any:
        """Returns the tags of each sentence, lists of strings; without a preprocessor, potentials as Keras does."""
        if self.preprocessor is None:
            return super().predict(x, batch_size=batch_size, **kwargs)
        words = self.preprocessor.words_of(x) if hasattr(x, "tokens") else x
        return [list(tagged.tags) for tagged in self.tag(words, batch_size)]

    def decoder(self) -> keras.Model:
        """Returns the model from features to the dict of `layers.CRFDecode`, which shares all weights."""

        def build() -> keras.Model:
            potentials = self.output
            if self.head == "constrained":
                rules = allowed_transitions(self.preprocessor.tags, self.preprocessor.scheme)
                potentials = TagConstraints(rules, name="constraints")(potentials)
            return keras.Model(self.input, CRFDecode(name="decode")(potentials), name="decoder")

        return self.derived_model("decoder", build)

    def serving_signatures(self, module: TFModule) -> dict[str, TFFunction]:
        """Returns two signatures with the dict of `TaggerPreprocessor.postprocess` as outputs.

        `serving_default` takes `text` (B,) string; `tokens` takes `tokens` (N,) string, the words of all sentences
        concatenated, and `row_lengths` (B,) int64.
        """
        preprocessor = self.preprocessor
        text_spec = tf.TensorSpec([None], tf.string, name="text")
        token_specs = [tf.TensorSpec([None], tf.string, "tokens"), tf.TensorSpec([None], tf.int64, "row_lengths")]

        def features(tokens: TFTensor) -> Features:
            return pick(preprocessor.encode(tokens, self.input), self.input)

        def features_of_text(text: TFTensor) -> Features:
            return features(preprocessor.tokenizer.tokenize(text))

        decode = self.exported_network(module, self.decoder(), features_of_text, text_spec)
        module.resources = preprocessor.resources()

        def tag_tokens(tokens: TFTensor) -> Features:
            answer: Features = preprocessor.postprocess(tokens, decode(features(tokens)))
            return answer

        @tf.function(autograph=False, input_signature=[text_spec])
        def serving_default(text: TFTensor) -> Features:
            return tag_tokens(preprocessor.tokenizer.tokenize(text))

        @tf.function(autograph=False, input_signature=token_specs)
        def tokens(tokens: TFTensor, row_lengths: TFTensor) -> Features:
            return tag_tokens(tf.RaggedTensor.from_row_lengths(tokens, row_lengths))

        return {"serving_default": serving_default, "tokens": tokens}

    def network_outputs(self) -> Features:
        """Returns `emissions` (B, T, K), `transitions` (K, K), `start` (K,) and `end` (K,) of the chain."""
        outputs: Features = _Unpacked(dtype="float32")(self.output)
        return outputs

    def get_config(self) -> Config:
        alone = {} if self.preprocessor else {"num_tags": self.num_tags, "subwords": self.subwords}
        return {**super().get_config(), **alone, "head": self.head, "dropout": self.dropout}


def _word_vectors(backbone: keras.Model) -> tuple[Features, Tensor, Tensor]:
    """Returns the inputs, the vectors of the words (B, T, D), and their mask (B, T) bool."""
    inputs = dict(backbone.input)
    return inputs, _sequence(backbone(inputs)), inputs["padding_mask"]


def _window_vectors(backbone: keras.Model) -> tuple[Features, Tensor, Tensor]:
    """As `_word_vectors`, for windows of subwords (B, N, T); a word has the vector of its first subword."""
    inputs = {
        PREFIX + name: keras.Input((None, *x.shape[1:]), dtype=x.dtype, name=PREFIX + name)
        for name, x in backbone.input.items()
    }
    features = {name: WindowRows(name=f"{PREFIX}{name}_rows")(inputs[PREFIX + name]) for name in backbone.input}
    inputs["word_positions"] = keras.Input((None,), dtype="int32", name="word_positions")  # (B, W)
    inputs["word_mask"] = keras.Input((None,), dtype="bool", name="word_mask")  # (B, W)
    x = _sequence(backbone(features))  # (B N, T, D)
    return inputs, WordsOfWindows(name="words")(x, inputs["word_positions"]), inputs["word_mask"]


def _sequence(outputs: Tensor | Features) -> Tensor:
    outputs = named_outputs(outputs)
    if "sequence_output" not in outputs:
        raise ValueError(message("a backbone that returns `sequence_output`", sorted(outputs)))
    return outputs["sequence_output"]


class _Unpacked(keras.layers.Layer):
    """The parts of a linear chain by name."""

    def call(self, potentials: Tensor) -> Features:
        chain = linear_chain.unpack(potentials)
        return {name: getattr(chain, name) for name in ("emissions", "transitions", "start", "end")}
