"""Sequence tagging: named entities, parts of speech, slots."""

import warnings
from collections.abc import Sequence
from typing import Any

import keras
import keras_hub

from keras_embed._checks import check_one_of, message
from keras_embed.layers import CRF, CRFDecode, IndependentTags
from keras_embed.losses import CRFLoss
from keras_embed.metrics import EntityF1, TagAccuracy
from keras_embed.preprocessors import TaggerPreprocessor
from keras_embed.preprocessors._any_backbone import ANY_BACKBONE
from keras_embed.preprocessors.batching import gather_rows, similar_length_batches
from keras_embed.tasks.tagged_sentence import TaggedSentence, tagged_sentences
from keras_embed.text import allowed_transitions

HEADS = ("crf", "softmax")


@keras.saving.register_keras_serializable(package="keras_embed")
class Tagger(keras_hub.models.Task):
    """Tags every token of a sentence: backbone, emissions, and a linear chain over the tags.

    `fit` and `evaluate` take sentences and tags as strings, and batch sentences of similar length in few fixed shapes.
    `tag` gives tags, spans and their probabilities; `export` writes the same as a SavedModel. The training graph emits
    the chain's potentials; see `layers.CRF`.

    Args:
        backbone: any backbone with an output `sequence_output` (B, T, D) and an input `padding_mask`.
        preprocessor: `TaggerPreprocessor`, or `None` to feed features and tag ids.
        head: "crf" (pairs of tags have scores, and the rules of the preprocessor's tag scheme hold in the loss too)
            or "softmax" (independent tags).
        num_tags: K, needed where there is no preprocessor.
        dropout: before the emissions; recurrent backbones have their own.
        **kwargs: `name`, `compile`.

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
        Ma and Hovy 2016, https://arxiv.org/abs/1603.01354.
    """

    backbone_cls = ANY_BACKBONE
    preprocessor_cls = TaggerPreprocessor

    def __init__(
        self,
        backbone: Any,
        preprocessor: Any = None,
        head: str = "crf",
        num_tags: int | None = None,
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        check_one_of("head", head, HEADS)
        if preprocessor is None and num_tags is None:
            raise ValueError(message("a `preprocessor` or `num_tags`", "neither", "Tagger(backbone, num_tags=17)"))
        scheme = None if preprocessor is None else preprocessor.scheme

        # === Layers ===
        num_tags = len(preprocessor.tags) if preprocessor is not None else num_tags or 0
        constraints = None if scheme is None else allowed_transitions(preprocessor.tags, scheme)
        chain = CRF(num_tags, constraints, name="crf") if head == "crf" else IndependentTags(name="softmax")

        # === Functional Model ===
        inputs = backbone.input
        x = backbone(inputs)["sequence_output"]  # (B, T, D)
        x = keras.layers.Dropout(dropout, name="output_dropout")(x)
        emissions = keras.layers.Dense(num_tags, name="emissions")(x)  # (B, T, K)
        potentials = chain(emissions, mask=inputs["padding_mask"])  # (B, K+2+T, K+1)
        # Set before `super().__init__`, which compiles.
        self.backbone = backbone
        self.preprocessor = preprocessor
        super().__init__(inputs=inputs, outputs=potentials, **kwargs)

        # === Config ===
        self.head = head
        self.num_tags = num_tags
        self.dropout = dropout
        self._made = _Made()

    def compile(
        self, optimizer: Any = "auto", loss: Any = "auto", *, weighted_metrics: Any = "auto", **kwargs: Any
    ) -> None:
        """Like `keras.Model.compile`; "auto" is a choice that suits tagging.

        Args:
            optimizer: "auto": Adam, learning rate 2e-3, each gradient clipped to a global norm of 5.
            loss: "auto": `losses.CRFLoss`.
            weighted_metrics: "auto": `metrics.EntityF1` where the tags have a scheme, else `metrics.TagAccuracy`.
            **kwargs: for `keras.Model.compile`.
        """
        if optimizer == "auto":
            optimizer = keras.optimizers.Adam(2e-3, global_clipnorm=5.0)
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

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Restores optimizer, loss and metrics of a saved tagger: all that `compile` resolved was saved."""
        self.compile(**keras.saving.deserialize_keras_object(config))
        if self.optimizer is not None and self.built:
            self.optimizer.build(self.trainable_variables)

    def preprocess_samples(self, x: Any, y: Any = None, sample_weight: Any = None) -> Any:
        """Strings to the features that the backbone reads, and no others.

        A Functional model that gets one feature too many pairs them by position, without an error.
        """
        if self.preprocessor is None:
            return super().preprocess_samples(x, y, sample_weight)
        data = self.preprocessor(x, y=y, sample_weight=sample_weight)
        features, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        features = {name: features[name] for name in self.input}
        return keras.utils.pack_x_y_sample_weight(features, y, sample_weight)

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int = 32,
        sample_weight: Any = None,
        validation_data: Any = None,
        shuffle: bool = True,
        **kwargs: Any,
    ) -> Any:
        """Trains on tagged sentences.

        Args:
            x: `corpora.Corpus`; or lists of words with `y` the lists of tags; or a `tf.data.Dataset` of batches
                `(ragged words, ragged tags)`. A tag "" is not known: the loss sums over what it may be.
            y: see `x`.
            batch_size: sentences in a batch.
            sample_weight: (B,) a weight for each sentence.
            validation_data: a corpus, `(words, tags)`, or a dataset.
            shuffle: anew in every epoch.
            **kwargs: for `keras.Model.fit`.
        """
        if self.preprocessor is not None:
            seed = int(keras.random.randint((), 0, 2**31 - 1)) if shuffle else None
            x, y, sample_weight = self._batched(x, y, sample_weight, batch_size, seed), None, None
            shuffle = False  # the dataset does
            if validation_data is not None:
                if not isinstance(validation_data, tuple):
                    validation_data = (validation_data,)
                x_val, y_val, weight_val = keras.utils.unpack_x_y_sample_weight(validation_data)
                validation_data = self._batched(x_val, y_val, weight_val, batch_size, None)
        kwargs.update(sample_weight=sample_weight, validation_data=validation_data, shuffle=shuffle)
        return super().fit(x, y, batch_size=batch_size if self.preprocessor is None else None, **kwargs)

    def evaluate(
        self, x: Any = None, y: Any = None, batch_size: int = 32, sample_weight: Any = None, **kwargs: Any
    ) -> Any:
        """Loss and metrics on tagged sentences; arguments as for `fit`."""
        if self.preprocessor is not None and not kwargs.get("_use_cached_eval_dataset", False):
            return super().evaluate(self._batched(x, y, sample_weight, batch_size, None), **kwargs)
        return super().evaluate(x, y, batch_size=batch_size, sample_weight=sample_weight, **kwargs)

    def _batched(self, x: Any, y: Any, sample_weight: Any, batch_size: int, seed: int | None) -> Any:
        """Sentences in memory as a dataset of batches; a dataset stays as it is."""
        return x if hasattr(x, "element_spec") else self.preprocessor.dataset(x, y, sample_weight, batch_size, seed)

    def tag(self, sentences: Sequence[Any], batch_size: int = 32) -> list[TaggedSentence]:
        """Tags texts or tokenised sentences.

        Args:
            sentences: list of texts, which the preprocessor's tokenizer splits, or of lists of words. An empty one
                gets an empty answer.
            batch_size: sentences at a time.

        Returns:
            one `TaggedSentence` each, in order.
        """
        if self.preprocessor is None:
            raise ValueError(
                message("a tagger with a preprocessor", "preprocessor=None", "Tagger(..., preprocessor=...)")
            )
        if isinstance(sentences, (str, bytes)):
            raise ValueError(message("a list of sentences", sentences, "tagger.tag([text])"))
        sentences = list(sentences)
        if not sentences:
            return []
        tokens = self.preprocessor.tokens_of(sentences)
        answers: dict[int, TaggedSentence] = {}
        for rows in similar_length_batches(tokens.row_lengths().numpy(), batch_size):
            answers.update(zip(rows.tolist(), self._tag_batch(gather_rows(tokens, rows)), strict=False))
        return [answers[row] for row in range(len(sentences))]

    def _tag_batch(self, tokens: Any) -> list[TaggedSentence]:
        features = self.preprocessor.tokenizer.encode(tokens)
        decoded = self.decoder().predict_on_batch({name: features[name].numpy() for name in self.input})
        return tagged_sentences(self.preprocessor.postprocess(tokens, decoded))

    def predict(self, x: Any, batch_size: int = 32, **kwargs: Any) -> Any:
        """The tags of each sentence, as lists of strings; without a preprocessor, `keras.Model.predict`."""
        if self.preprocessor is None:
            return super().predict(x, batch_size=batch_size, **kwargs)
        words = list(x.tokens) if hasattr(x, "tokens") else x
        return [list(tagged.tags) for tagged in self.tag(words, batch_size)]

    def decoder(self) -> Any:
        """The model from features to `layers.CRFDecode`'s dict, sharing all weights; made once."""
        if self._made.decoder is None:
            self._made.decoder = keras.Model(self.input, CRFDecode(name="decode")(self.output), name="decoder")
        return self._made.decoder

    def export(self, filepath: Any, format: str = "tf_saved_model", **kwargs: Any) -> None:
        """Writes a SavedModel that takes strings and gives tags and spans; see `serving.export_tagger`.

        Args:
            filepath: folder to make. One that exists is replaced once the new one is complete.
            format: "tf_saved_model"; other formats go to `keras.Model.export`, without strings.
            **kwargs: for `keras.Model.export`.
        """
        if format != "tf_saved_model":
            super().export(filepath, format=format, **kwargs)
            return
        from keras_embed.serving import export_tagger

        export_tagger(self, filepath)

    def load_task_weights(self, filepath: Any) -> None:
        """The weights that are not the backbone's. A preset's optimizer state is left alone, without a word."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Skipping variable loading for optimizer")
            super().load_task_weights(filepath)

    def get_config(self) -> dict[str, Any]:
        num_tags = self.num_tags if self.preprocessor is None else None
        return {**super().get_config(), "head": self.head, "num_tags": num_tags, "dropout": self.dropout}


class _Made:
    """Keeps the decoder out of Keras' sight: it has no weights of its own to save."""

    decoder: Any = None
