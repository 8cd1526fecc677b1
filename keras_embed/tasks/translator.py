"""Texts in one language to texts in another."""

from collections.abc import Iterable, Sequence
from typing import Any

import keras

from keras_embed._backend.ragged import encoded_texts
from keras_embed._errors import check_one_of, message
from keras_embed.backbones import RecurrentSeq2SeqBackbone, TransformerSeq2SeqBackbone
from keras_embed.decoding import BeamSearch
from keras_embed.preprocessors import TranslationPreprocessor
from keras_embed.preprocessors.batching import similar_length_batches
from keras_embed.tasks._text_writer import TextWriter
from keras_embed.tasks._translations import check_sizes, make_searcher, pairs_of, translations
from keras_embed.tasks.translated_text import TranslatedText

_ARCHITECTURES: dict[str, Any] = {"recurrent": RecurrentSeq2SeqBackbone, "transformer": TransformerSeq2SeqBackbone}


@keras.saving.register_keras_serializable(package="keras_embed")
class Translator(TextWriter):
    """Translates, or does anything else that reads one text and writes another.

    Args:
        backbone: `backbones.RecurrentSeq2SeqBackbone`, `backbones.TransformerSeq2SeqBackbone`, or any with their
            inputs, outputs, `begin` and `step`.
        preprocessor: `preprocessors.TranslationPreprocessor`; without one, the translator reads features.
        search: how it is translated unless told otherwise, and in an exported model: `decoding.BeamSearch`, `Greedy`
            or `Sampling`. `None`: a beam of 5, scores divided by the GNMT length penalty with exponent 1.
        **kwargs: `name`.

    Raises:
        ValueError: for a backbone whose vocabularies are not the preprocessor's.

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

    def __init__(self, backbone: Any, preprocessor: Any = None, search: Any = None, **kwargs: Any) -> None:
        if preprocessor is not None:
            check_sizes(backbone, preprocessor)
        search = BeamSearch(5, length_penalty=1.0, stop="likely") if search is None else search
        super().__init__(backbone, preprocessor, search, **kwargs)

    @classmethod
    def from_corpus(
        cls,
        pairs: Any,
        architecture: str = "transformer",
        preprocessor: Any = None,
        kind: str = "bpe",
        vocabulary_size: int | None = 10000,
        shared: bool = True,
        lowercase: bool = False,
        min_count: int = 1,
        search: Any = None,
        **backbone: Any,
    ) -> "Translator":
        """A fresh translator whose vocabularies are those of a corpus.

        Args:
            pairs: texts and their translations, `corpora.Translations` or any pairs of strings.
            architecture: "recurrent" or "transformer".
            preprocessor: `TranslationPreprocessor`, instead of one that is learnt from the corpus.
            kind: "bpe", "wordpiece", "sentencepiece" or "words"; of what is learnt, as the next four, see
                `TranslationPreprocessor.from_corpus`.
            vocabulary_size, shared, lowercase, min_count: see there.
            search: see the class.
            **backbone: for `RecurrentSeq2SeqBackbone`, such as `attention="luong_general"`, or
                `TransformerSeq2SeqBackbone`. With one vocabulary all embeddings are tied unless told otherwise.

        Raises:
            ValueError: for another `architecture`.
            TypeError: for arguments that its backbone does not have.
        """
        check_one_of("architecture", architecture, _ARCHITECTURES)
        if preprocessor is None:
            preprocessor = TranslationPreprocessor.from_corpus(
                pairs, kind, vocabulary_size, shared, lowercase, min_count=min_count
            )
        backbone.setdefault("tie_embeddings", "all" if preprocessor.shared else "target_softmax")
        sizes = (preprocessor.source_tokenizer.vocabulary_size(), preprocessor.target_tokenizer.vocabulary_size())
        return cls(_ARCHITECTURES[architecture](*sizes, **backbone), preprocessor, search)

    def _columns(self, x: Any, y: Any) -> tuple[Any, ...]:
        return pairs_of(x, y)

    def translate(
        self,
        sources: Sequence[str],
        beam: int | None = None,
        n_best: int = 1,
        length_penalty: float = 1.0,
        search: Any = None,
        max_length: int | None = None,
        constraints: Sequence[Any] = (),
        prefixes: Sequence[str] | None = None,
        return_alignments: bool = False,
        replace_unknown: bool = False,
        batch_size: int = 32,
    ) -> list[TranslatedText]:
        """Translates texts.

        Args:
            sources: list of texts. An empty one is translated like any other.
            beam: width of a beam search; 1 is greedy. `None`: the translator's own `search`.
            n_best: hypotheses of each text, at most `beam`.
            length_penalty: exponent of the GNMT length penalty, for `beam` or `n_best`.
            search: `decoding.BeamSearch`, `Greedy` or `Sampling`, instead of the last three.
            max_length: most pieces of a translation, its end included; `None`: twice as many as the source has, and
                ten, and at most 256.
            constraints: of `decoding`: `MinimumLength`, `NoRepeatedNgrams`, `ForbiddenTokens` ...
            prefixes: what each translation has to begin with.
            return_alignments: whether to keep the attention.
            replace_unknown: put the source's piece with the largest attention where a translation has the unknown one.
            batch_size: texts at a time, of similar length.

        Returns:
            one `TranslatedText` each, in order; `str` of it is the best one's text.

        Raises:
            ValueError: for what is no list of strings, and numbers out of range.
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
        answers: dict[int, TranslatedText] = {}
        lengths = [len(text) for text in encoded_texts(sources)]
        for rows in similar_length_batches(lengths, batch_size):
            texts = [sources[row] for row in rows]
            begins = None if prefixes is None else [prefixes[row] for row in rows]
            found = translations(self.preprocessor, searcher, texts, begins, replace_unknown, return_alignments)
            answers.update(zip(rows.tolist(), found, strict=True))
        return [answers[row] for row in range(len(sources))]

    def predict(self, x: Any, batch_size: int = 32, **kwargs: Any) -> Any:
        """The translation of each text; without a preprocessor, `keras.Model.predict`: logits."""
        if self.preprocessor is None:
            return super().predict(x, batch_size=batch_size, **kwargs)
        return [str(translation) for translation in self.translate(x, batch_size=batch_size)]

    def searcher(
        self,
        search: Any = None,
        max_length: int | None = None,
        constraints: Sequence[Any] = (),
        prefixed: bool = False,
        return_alignments: bool = False,
    ) -> Any:
        """The model from the encoder's features to `decoding.decode`'s dict, sharing all weights; one for each choice.

        Arguments are those of `translate`; where `prefixed`, features say what translations begin with, as
        `decoder_token_ids` and `decoder_padding_mask`.
        """
        search = self.search if search is None else search
        key = (repr(search), max_length, tuple(map(repr, constraints)), prefixed, return_alignments)
        if key not in self._made.models:
            self._made.models[key] = make_searcher(
                self.backbone, search, max_length, constraints, prefixed, return_alignments
            )
        return self._made.models[key]
