"""Documents in, examples with masked pieces out; and texts with masks in, what could stand there out."""

from collections.abc import Iterable, Sequence
from typing import Any

import keras
import keras_hub

from keras_embed import text, tokenizers
from keras_embed._backend import tf
from keras_embed._backend.ragged import bucket_length, dense
from keras_embed._errors import check_positive, check_rate, message
from keras_embed.preprocessors._masked_texts import pieces_and_masks
from keras_embed.preprocessors.encoded_documents import EncodedDocuments
from keras_embed.preprocessors.masked_examples import MaskedExamples
from keras_embed.tokenizers.any_backbone import ANY_BACKBONE
from keras_embed.tokenizers.encoder_tokenizer import EncoderTokenizer

_MASK_COUNTS = (1, 2, 4, 8, 16, 32)


@keras.saving.register_keras_serializable(package="keras_embed")
class MaskedLanguageModelPreprocessor(keras_hub.models.Preprocessor):
    """Makes examples of BERT's pre-training out of documents (Devlin et al. 2019), and reads texts with masks.

    Documents are split into sentences and cut into pieces once. What stands together in an example and which pieces
    are masked is drawn batch by batch in TensorFlow's graph, from seeds: anew in every pass through the documents
    ("dynamic", Liu et al. 2019), or anew in the first `duplicates` passes, which then come again.

    Args:
        tokenizer: `EncoderTokenizer` with a start, an end and a mask.
        sequence_length: T, positions of every example, marks and padding included; at most `tokenizer.max_length`.
        next_sentence: True: two segments, of which the second follows the first or is a random one. False: as many
            sentences of a document as there is room for.
        mask_rate: share of the pieces that are to be guessed; at least one in an example.
        mask_share: share of these that are read as the mask.
        random_share: share of these that are read as a random piece; the others stay as they are.
        whole_words: choose words with all their pieces; one that would be too much is passed over.
        max_masks: M, pieces to guess in an example at most; `None`: as many as `mask_rate` of T are.
        short_rate: share of examples that are shorter, by chance.
        duplicates: how often documents are masked anew; `None`: in every pass.
        splitter: `tokenizers.SentenceSplitter`, or any object with `split(text)`; for documents that are strings.
        **kwargs: `name`, `config_file`.

    Call arguments:
        x: texts, strings (B,), with the tokenizer's mask, such as "[MASK]", where a piece is wanted.

    Returns:
        dict of `token_ids`, `padding_mask` and `segment_ids` (B, T) as of `EncoderTokenizer`, T at most
        `sequence_length`, and `mask_positions` int32 (B, M), the masks in order, filled up with 0.

    Raises:
        ValueError: for a tokenizer without mask, and arguments outside their range.

    References:
        Devlin et al. 2019, https://arxiv.org/abs/1810.04805; Liu et al. 2019, https://arxiv.org/abs/1907.11692.

    Example:
    >>> from keras_embed.preprocessors import MaskedLanguageModelPreprocessor
    >>> documents = ["A cat sat. It slept.", "A dog ran. It barked."]
    >>> preprocessor = MaskedLanguageModelPreprocessor.from_corpus(documents, min_count=1, sequence_length=12)
    >>> features = preprocessor(["a [MASK] ran"])
    >>> [preprocessor.tokenizer.id_to_token(id) for id in features["token_ids"].numpy()[0][:5]]
    ['[CLS]', 'a', '[MASK]', 'ran', '[SEP]']
    >>> features["mask_positions"].numpy().tolist()
    [[2]]
    """

    backbone_cls = ANY_BACKBONE
    tokenizer_cls = EncoderTokenizer

    def __init__(
        self,
        tokenizer: Any,
        sequence_length: int = 128,
        next_sentence: bool = True,
        mask_rate: float = 0.15,
        mask_share: float = 0.8,
        random_share: float = 0.1,
        whole_words: bool = False,
        max_masks: int | None = None,
        short_rate: float = 0.1,
        duplicates: int | None = None,
        splitter: Any = None,
        **kwargs: Any,
    ) -> None:
        kwargs.pop("dtype", None)
        super().__init__(dtype="float32", **kwargs)
        if not hasattr(getattr(tokenizer, "tokenizer", None), "mask_token_id"):  # None until it has pieces
            received = type(getattr(tokenizer, "tokenizer", tokenizer)).__name__
            raise ValueError(message("a tokenizer with a mask", received, "EncoderTokenizer(BertTokenizer(pieces))"))
        if sequence_length < 5:
            raise ValueError(message("`sequence_length` of at least 5", sequence_length))
        if sequence_length > tokenizer.max_length:
            expected = f"`sequence_length` of at most the tokenizer's `max_length`, {tokenizer.max_length}"
            raise ValueError(message(expected, sequence_length))
        check_rate("mask_rate", mask_rate)
        check_rate("short_rate", short_rate)
        if not (0 <= mask_share and 0 <= random_share and mask_share + random_share <= 1):
            raise ValueError(message("shares whose sum is at most 1", f"{mask_share} and {random_share}"))
        for name, value in {"max_masks": max_masks, "duplicates": duplicates}.items():
            if value is not None:
                check_positive(name, value)
        self.tokenizer = tokenizer
        self.sequence_length, self.next_sentence = sequence_length, next_sentence
        self.mask_rate, self.mask_share, self.random_share = mask_rate, mask_share, random_share
        self.whole_words, self.short_rate, self.duplicates = whole_words, short_rate, duplicates
        self.max_masks = max_masks if max_masks is not None else max(1, round(sequence_length * mask_rate))
        self.splitter = tokenizers.SentenceSplitter() if splitter is None else splitter
        self.built = True

    @classmethod
    def from_corpus(
        cls,
        documents: Iterable[Any],
        vocabulary_size: int = 8000,
        lowercase: bool = True,
        min_count: int = 2,
        **kwargs: Any,
    ) -> "MaskedLanguageModelPreprocessor":
        """Learns the word pieces of documents.

        Args:
            documents: see `encode_documents`.
            vocabulary_size, lowercase, min_count: see `EncoderTokenizer.train`.
            **kwargs: for the constructor.
        """
        texts = (part for one in documents for part in ([one] if isinstance(one, str) else one))
        length = max(kwargs.get("sequence_length", 128), 512)
        tokenizer = EncoderTokenizer.train(texts, vocabulary_size, lowercase, min_count, max_length=length)
        return cls(tokenizer, **kwargs)

    def call(self, x: Any, y: Any = None, sample_weight: Any = None, names: Iterable[str] | None = None) -> Any:
        features = self.fill_features(x)
        if names is not None:
            features = {name: tensor for name, tensor in features.items() if name in set(names)}
        return keras.utils.pack_x_y_sample_weight(features, y, sample_weight)

    def build(self, input_shape: Any = None) -> None:
        """Nothing to build."""

    # === Examples ===

    def encode_documents(self, documents: Sequence[Any]) -> EncodedDocuments:
        """Documents, cut into sentences and pieces.

        Args:
            documents: strings, or lists of sentences. Sentences without a piece, and documents without a sentence,
                are left out.
        """
        return EncodedDocuments.of(documents, self.tokenizer, self.splitter)

    def examples(self, documents: Any, batch_size: int = 32, seed: int = 0, shuffle: bool = True) -> MaskedExamples:
        """Batches for `fit`.

        Args:
            documents: see `encode_documents`; or what it gave.
            batch_size, seed, shuffle: see `MaskedExamples`.
        """
        if not isinstance(documents, EncodedDocuments):
            documents = self.encode_documents(documents)
        return MaskedExamples(documents, self, batch_size, seed, shuffle)

    # === Texts with masks ===

    def fill_features(self, texts: Any) -> dict[str, Any]:
        """What the model reads of texts with masks, strings (B,), in TensorFlow graph code; see the class.

        Masks behind what is cut off, at `sequence_length`, are not there.
        """
        pieces = pieces_and_masks(texts, self.tokenizer)[:, : self.sequence_length - 2]
        features = self.tokenizer.pack([pieces])
        features = {name: tensor[:, : self.sequence_length] for name, tensor in features.items()}
        masks = features["token_ids"] == self.tokenizer.mask_id
        count = tf.reduce_max(tf.reduce_sum(tf.cast(masks, tf.int32), axis=1))
        width = bucket_length(tf.maximum(count, 1), _MASK_COUNTS)
        places = tf.ragged.boolean_mask(tf.broadcast_to(tf.range(tf.shape(masks)[1])[None], tf.shape(masks)), masks)
        return {**features, "mask_positions": dense(places, width)}

    def postprocess(self, scores: Any, k: int = 5) -> dict[str, Any]:
        """The most probable pieces at each mask, in TensorFlow graph code; marks are not among them.

        Args:
            scores: floats (B, M, V), of the model.
            k: how many; fewer where the vocabulary has fewer.

        Returns:
            `token_ids` int32, `tokens` string and `probabilities` float32, each (B, M, K), best first.
        """
        probabilities = tf.nn.softmax(tf.convert_to_tensor(scores), axis=-1)[..., : self.tokenizer.vocabulary_size()]
        special = [one for one in (*self.tokenizer.special_ids, self.tokenizer.unknown_id) if one is not None]
        marks = tf.reduce_any(tf.range(tf.shape(probabilities)[-1])[:, None] == tf.constant(special)[None], axis=1)
        k = min(k, self.tokenizer.vocabulary_size() - len(set(special)))
        found, ids = tf.math.top_k(tf.where(marks, -1.0, probabilities), k)
        names = tf.constant([self.tokenizer.id_to_token(id) for id in range(self.tokenizer.vocabulary_size())])
        return {"token_ids": ids, "tokens": tf.gather(names, ids), "probabilities": found}

    def resources(self) -> list[Any]:
        """What an exporter must hold for this to be saved in a graph."""
        return list(self.tokenizer.resources())

    def get_config(self) -> dict[str, Any]:
        """The settings; the pieces are an asset of the tokenizer."""
        lengths, rates = "sequence_length max_masks duplicates", "mask_rate mask_share random_share short_rate"
        names = f"{lengths} {rates} next_sentence whole_words"
        return {
            **super().get_config(),
            **{name: getattr(self, name) for name in names.split()},
            "splitter": text.serialization.serialize(self.splitter),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "MaskedLanguageModelPreprocessor":
        """A preprocessor without pieces, which the assets bring."""
        if isinstance(config.get("splitter"), dict):
            config = {**config, "splitter": text.serialization.deserialize(config["splitter"])}
        return super().from_config(config)
