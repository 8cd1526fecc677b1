"""Sequence tagging: named entities, parts of speech, slots."""

from collections.abc import Iterable, Sequence
from typing import Any

import keras

from keras_embed._backend import predict_batch
from keras_embed._errors import check_one_of, message
from keras_embed.layers import CRF, CRFDecode
from keras_embed.layers.crf import IndependentTags, TagConstraints
from keras_embed.losses import CRFLoss
from keras_embed.metrics import EntityF1, TagAccuracy
from keras_embed.preprocessors import TaggerPreprocessor
from keras_embed.preprocessors.batching import padded_batch, similar_length_batches
from keras_embed.preprocessors.features import pick
from keras_embed.tasks._parts import check_parts
from keras_embed.tasks._string_task import Made, StringTask
from keras_embed.tasks._tagged_vectors import tagger_inputs, word_vectors
from keras_embed.tasks.tagged_sentence import TaggedSentence, tagged_sentences
from keras_embed.text import allowed_transitions

HEADS = ("crf", "softmax", "constrained")


@keras.saving.register_keras_serializable(package="keras_embed")
class Tagger(StringTask):
    """Tags every token of a sentence: backbone, emissions, and a linear chain over the tags.

    `fit` and `evaluate` take sentences and tags as strings: a `corpora.Corpus`; or lists of words and lists of tags; or
    a `tf.data.Dataset` of batches `(ragged words, ragged tags)`. They batch sentences of similar length in few fixed
    shapes. A tag "" is not known: the loss sums over what it may be.
    `tag` gives tags, spans and their probabilities; `export` writes the same as a SavedModel. The training graph emits
    the chain's potentials; see `layers.CRF`.

    Args:
        backbone: any backbone with an output `sequence_output` (B, T, D) and an input `padding_mask`, ours or one of
            Keras Hub.
        preprocessor: `TaggerPreprocessor`, or `None` to feed features and tag ids. With an `EncoderTokenizer` the
            backbone reads pieces of words, and a word is tagged by the vector of its first piece (Devlin et al. 2019);
            of sentences longer than the backbone reads, it reads windows that overlap by half, see
            `preprocessors.word_windows`.
        head: "crf" (pairs of tags have scores, and the rules of the preprocessor's tag scheme hold in the loss too)
            or "softmax" (independent tags), or "constrained" (trained as independent tags, but `tag` looks for the best
            sequence that the rules allow).
        num_tags: K, needed where there is no preprocessor.
        dropout: before the emissions; recurrent backbones have their own.
        subwords: whether the backbone reads pieces of words, where there is no preprocessor.
        **kwargs: `name`, `compile`.

    Raises:
        ValueError: for parts that do not belong together, another `head`, and neither `preprocessor` nor `num_tags`.

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
        backbone: Any,
        preprocessor: Any = None,
        head: str = "crf",
        num_tags: int | None = None,
        dropout: float = 0.0,
        subwords: bool = False,
        **kwargs: Any,
    ) -> None:
        check_parts(self, backbone, preprocessor)
        check_one_of("head", head, HEADS)
        if preprocessor is None and num_tags is None:
            raise ValueError(message("a `preprocessor` or `num_tags`", "neither", "Tagger(backbone, num_tags=17)"))
        scheme = None if preprocessor is None else preprocessor.scheme
        if head == "constrained" and scheme is None:
            expected = "a preprocessor whose tags have a scheme, for head='constrained'"
            raise ValueError(message(expected, "none", "head='softmax'"))
        subwords = subwords if preprocessor is None else preprocessor.subwords

        # === Layers ===
        num_tags = len(preprocessor.tags) if preprocessor is not None else num_tags or 0
        constraints = None if scheme is None else allowed_transitions(preprocessor.tags, scheme)
        chain = CRF(num_tags, constraints, name="crf") if head == "crf" else IndependentTags(name="softmax")

        # === Functional Model ===
        inputs = tagger_inputs(backbone, subwords)
        x, mask = word_vectors(backbone, inputs, subwords)  # (B, T, D), (B, T)
        x = keras.layers.Dropout(dropout, name="output_dropout")(x)
        emissions = keras.layers.Dense(num_tags, name="emissions")(x)  # (B, T, K)
        potentials = chain(emissions, mask=mask)  # (B, K+2+T, K+1)
        # Set before `super().__init__`, which compiles.
        self.backbone = backbone
        self.preprocessor = preprocessor
        super().__init__(inputs=inputs, outputs=potentials, **kwargs)

        # === Config ===
        self.head = head
        self.num_tags = num_tags
        self.dropout = dropout
        self.subwords = subwords
        self._made = Made()

    def compile(
        self, optimizer: Any = "auto", loss: Any = "auto", *, weighted_metrics: Any = "auto", **kwargs: Any
    ) -> None:
        """Like `keras.Model.compile`; "auto" is a choice that suits tagging.

        Args:
            optimizer: "auto": Adam, learning rate 2e-3, each gradient clipped to a global norm of 5; for pretrained
                encoders of Keras Hub 5e-5, and a norm of 1.
            loss: "auto": `losses.CRFLoss`.
            weighted_metrics: "auto": `metrics.EntityF1` where the tags have a scheme, else `metrics.TagAccuracy`.
            **kwargs: for `keras.Model.compile`.
        """
        if optimizer == "auto":
            rate, norm = (5e-5, 1.0) if self.is_hub_backbone else (2e-3, 5.0)
            optimizer = keras.optimizers.Adam(rate, global_clipnorm=norm)
        if isinstance(weighted_metrics, str) and weighted_metrics == "auto":
            known = self.preprocessor
            spans = known is not None and known.scheme is not None
            weighted_metrics = [EntityF1(known.tags, known.scheme) if spans else TagAccuracy()]
        super().compile(
            optimizer=optimizer,
            loss=CRFLoss() if isinstance(loss, str) and loss == "auto" else loss,
            weighted_metrics=weighted_metrics,
            **kwargs,
        )

    def tag(self, sentences: Sequence[Any], batch_size: int = 32) -> list[TaggedSentence]:
        """Tags texts or tokenised sentences.

        Args:
            sentences: list of texts, which the preprocessor's tokenizer splits, or of lists of words. An empty one
                gets an empty answer.
            batch_size: sentences at a time.

        Returns:
            one `TaggedSentence` each, in order.

        Raises:
            ValueError: for what is no list, a token that is no string, and a tagger without a preprocessor.
        """
        self.check_preprocessor()
        if isinstance(sentences, (str, bytes)) or not isinstance(sentences, Iterable):
            raise ValueError(message("a list of sentences", sentences, "tagger.tag([text])"))
        sentences = list(sentences)
        if not sentences:
            return []
        tokens = self.preprocessor.tokens_of(sentences)
        answers: dict[int, TaggedSentence] = {}
        for rows in similar_length_batches(tokens.row_lengths().numpy(), batch_size):
            answers.update(zip(rows.tolist(), self._tag_batch(padded_batch(tokens, rows)), strict=False))
        return [answers[row] for row in range(len(sentences))]

    def _tag_batch(self, tokens: Any) -> list[TaggedSentence]:
        features = pick(self.preprocessor.features(tokens, self.input), self.input)
        decoded = predict_batch(self.decoder(), {name: tensor.numpy() for name, tensor in features.items()})
        return tagged_sentences(self.preprocessor.postprocess(tokens, decoded))

    def predict(self, x: Any, batch_size: int = 32, **kwargs: Any) -> Any:
        """The tags of each sentence, as lists of strings; without a preprocessor, `keras.Model.predict`."""
        if self.preprocessor is None:
            return super().predict(x, batch_size=batch_size, **kwargs)
        words = self.preprocessor.words_of(x) if hasattr(x, "tokens") else x
        return [list(tagged.tags) for tagged in self.tag(words, batch_size)]

    def decoder(self) -> Any:
        """The model from features to `layers.CRFDecode`'s dict, sharing all weights; made once."""
        if self._made.model is None:
            potentials = self.output
            if self.head == "constrained":
                known = self.preprocessor
                rules = allowed_transitions(known.tags, known.scheme)
                potentials = TagConstraints(rules, name="constraints")(potentials)
            self._made.model = keras.Model(self.input, CRFDecode(name="decode")(potentials), name="decoder")
        return self._made.model

    def get_config(self) -> dict[str, Any]:
        alone = {} if self.preprocessor else {"num_tags": self.num_tags, "subwords": self.subwords}
        return {**super().get_config(), **alone, "head": self.head, "dropout": self.dropout}
