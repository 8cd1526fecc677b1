"""Preprocessor of masked language models: documents to examples with masked tokens, and texts with masks to answers."""

from collections.abc import Iterable, Sequence
from typing import Any, Self

import keras

from keras_embed import text, tokenizers
from keras_embed._backend import tf
from keras_embed._backend.ragged import bucket_length, dense
from keras_embed._errors import check_positive, check_rate, message
from keras_embed._types import Config, Features, LabelData, StringData, TFTensor
from keras_embed.preprocessors.masked_examples import EncodedDocuments, MaskedExamples
from keras_embed.preprocessors.preprocessor import StringPreprocessor, text_column
from keras_embed.tokenizers.encoder_tokenizer import EncoderTokenizer

_MASK_COUNTS = (1, 2, 4, 8, 16, 32)


@keras.saving.register_keras_serializable(package="keras_embed")
class MaskedLanguageModelPreprocessor(StringPreprocessor):
    """Makes BERT's pre-training examples from documents (Devlin et al. 2019), and features of texts with masks.

    Documents are split into sentences and subwords once. The segments of an example and its masked tokens are drawn
    batch by batch in TensorFlow's graph, from seeds: anew in every pass over the documents ("dynamic masking", Liu et
    al. 2019), or anew in the first `duplicates` passes, which are then repeated.

    Args:
        tokenizer: `EncoderTokenizer` with a start, an end and a mask token.
        sequence_length: T, positions of every example, special tokens and padding included; at most
            `tokenizer.max_length`.
        next_sentence: True: two segments, of which the second follows the first or is a random one. False: as many
            sentences of a document as there is room for.
        mask_rate: share of the tokens to predict; at least one in an example.
        mask_share: share of these that are replaced by the mask token.
        random_share: share of these that are replaced by a random token; the others are left unchanged.
        whole_words: choose words with all their subwords; a word that would exceed the number of masks is skipped.
        max_masks: M, maximum number of tokens to predict in an example; `None`: `mask_rate` of T.
        short_rate: share of examples of a random, shorter length.
        duplicates: number of passes with different masks; `None`: all passes.
        splitter: `tokenizers.SentenceSplitter`, or any object with `split(text)`; for documents that are strings.
        **kwargs: `name`, `config_file`.

    Call arguments:
        x: texts, strings (B,), with the tokenizer's mask, such as "[MASK]", where a token is to be predicted.

    Returns:
        dict of `token_ids`, `padding_mask` and `segment_ids` (B, T) as of `EncoderTokenizer`, T at most
        `sequence_length`, and `mask_positions` int32 (B, M), the positions of the masks in order, padded with 0.

    Raises:
        ValueError: If the tokenizer has no mask, or an argument is out of range.

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

    tokenizer_cls = EncoderTokenizer
    config_arguments = (
        "sequence_length",
        "max_masks",
        "duplicates",
        "mask_rate",
        "mask_share",
        "random_share",
        "short_rate",
        "next_sentence",
        "whole_words",
    )

    def __init__(
        self,
        tokenizer: EncoderTokenizer,
        sequence_length: int = 128,
        next_sentence: bool = True,
        mask_rate: float = 0.15,
        mask_share: float = 0.8,
        random_share: float = 0.1,
        whole_words: bool = False,
        max_masks: int | None = None,
        short_rate: float = 0.1,
        duplicates: int | None = None,
        splitter: tokenizers.SentenceSplitter | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(tokenizer, **kwargs)
        # The id of the mask is `None` until the vocabulary is loaded; the attribute exists.
        if not hasattr(getattr(tokenizer, "tokenizer", None), "mask_token_id"):
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
        self.sequence_length, self.next_sentence = sequence_length, next_sentence
        self.mask_rate, self.mask_share, self.random_share = mask_rate, mask_share, random_share
        self.whole_words, self.short_rate, self.duplicates = whole_words, short_rate, duplicates
        self.max_masks = max_masks if max_masks is not None else max(1, round(sequence_length * mask_rate))
        self.splitter = tokenizers.SentenceSplitter() if splitter is None else splitter

    @classmethod
    def from_corpus(
        cls,
        documents: Iterable[str | Sequence[str]],
        vocabulary_size: int = 8000,
        lowercase: bool = True,
        min_count: int = 2,
        **kwargs: Any,
    ) -> Self:
        """Learns the subwords of documents.

        Args:
            documents: see `encode_documents`.
            vocabulary_size: see `EncoderTokenizer.train`.
            lowercase: see `EncoderTokenizer.train`.
            min_count: see `EncoderTokenizer.train`.
            **kwargs: arguments of the constructor.
        """
        texts = (part for one in documents for part in ([one] if isinstance(one, str) else one))
        length = max(kwargs.get("sequence_length", 128), 512)
        tokenizer = EncoderTokenizer.train(texts, vocabulary_size, lowercase, min_count, max_length=length)
        return cls(tokenizer, **kwargs)

    # === Examples ===

    def encode_documents(self, documents: Sequence[str | Sequence[str]]) -> EncodedDocuments:
        """Splits documents into sentences and subwords.

        Args:
            documents: strings, or lists of sentences. Sentences without a subword, and documents without a sentence,
                are left out.
        """
        return EncodedDocuments.of(documents, self.tokenizer, self.splitter)

    def examples(
        self,
        documents: Sequence[str | Sequence[str]] | EncodedDocuments,
        batch_size: int = 32,
        seed: int = 0,
        shuffle: bool = True,
    ) -> MaskedExamples:
        """Returns an endless stream of batches for `fit`.

        Args:
            documents: see `encode_documents`; or what it returned.
            batch_size: examples in a batch.
            seed: seed of all randomness.
            shuffle: False uses the documents in order.

        Returns:
            an object with `dataset()`, `num_examples`, `steps_per_pass`, and `position` and `seek` to resume.
        """
        if not isinstance(documents, EncodedDocuments):
            documents = self.encode_documents(documents)
        return MaskedExamples(documents, self, batch_size, seed, shuffle)

    # === Texts with masks ===

    def signature(self) -> dict[str, TFTensor]:
        return {"text": tf.TensorSpec([None], tf.string, name="text")}

    def columns(self, x: StringData, y: LabelData = None, sample_weight: LabelData = None) -> tuple[Any, Any, Any]:
        """Returns the column `text`: texts with masks."""
        return (x if self.is_split(x) else {"text": text_column(x)}), y, sample_weight

    def tokenize(self, columns: dict[str, TFTensor]) -> TFTensor:
        """Returns the ids of texts, ragged int32 (B, P); the tokenizer's mask, written out, is one id.

        Words around masks are split into subwords as if the masks were words.
        """
        tokenizer = self.tokenizer
        mask = tokenizer.id_to_token(tokenizer.mask_id)
        parts = tf.strings.split(columns["text"], mask)  # (B, masks + 1)
        words = tokenizer.tokenize(parts.values)  # (B * parts, W)
        masks = tf.fill(tf.stack([tf.size(parts.values), 1]), mask)  # after each part
        rows = parts.with_values(tf.concat([words, masks], axis=1)).merge_dims(1, 2)[:, :-1]  # except the last part
        subwords = tokenizer.subword_ids(rows)  # (B, W, P)
        ragged, is_mask = subwords.values, rows.values == mask  # (N, P), (N,)
        # The first subword of a mask becomes the mask's id, and the others are dropped.
        masked = tf.repeat(is_mask, ragged.row_lengths())
        index = tf.range(tf.size(masked, tf.int64)) - tf.repeat(ragged.row_starts(), ragged.row_lengths())
        used = ~masked | (index == 0)
        ids = tf.boolean_mask(tf.where(masked, tokenizer.mask_id, ragged.values), used)
        counts = tf.where(is_mask, tf.ones_like(ragged.row_lengths()), ragged.row_lengths())
        return rows.with_values(tf.RaggedTensor.from_row_lengths(ids, counts)).merge_dims(1, 2)

    def encode(self, tokens: TFTensor, names: Iterable[str] | None = None) -> Features:
        """Computes features of ids with masks; masks beyond `sequence_length` are cut off."""
        features = self.tokenizer.pack([tokens[:, : self.sequence_length - 2]])
        features = {name: tensor[:, : self.sequence_length] for name, tensor in features.items()}
        masks = features["token_ids"] == self.tokenizer.mask_id  # (B, T)
        count = tf.reduce_max(tf.reduce_sum(tf.cast(masks, tf.int32), axis=1))
        width = bucket_length(tf.maximum(count, 1), _MASK_COUNTS)
        positions = tf.broadcast_to(tf.range(tf.shape(masks)[1])[None], tf.shape(masks))
        features["mask_positions"] = dense(tf.ragged.boolean_mask(positions, masks), width)  # (B, M)
        return features if names is None else {name: features[name] for name in names if name in features}

    def fill_features(self, texts: StringData) -> Features:
        """Computes the features of texts with masks, strings (B,), in TensorFlow graph code; see the class."""
        return self.encode(self.split(texts))

    def postprocess(self, scores: TFTensor, k: int = 5) -> dict[str, TFTensor]:  # type: ignore[override]
        """Returns the most probable tokens at each mask, without special tokens, in TensorFlow graph code.

        Args:
            scores: floats (B, M, V), of the model.
            k: number of tokens; fewer if the vocabulary has fewer.

        Returns:
            `token_ids` int32, `tokens` string and `probabilities` float32, each (B, M, K), best first.
        """
        probabilities = tf.nn.softmax(tf.convert_to_tensor(scores), axis=-1)[..., : self.tokenizer.vocabulary_size()]
        ids = [one for one in (*self.tokenizer.special_ids, self.tokenizer.unknown_id) if one is not None]
        special = tf.reduce_any(
            tf.range(tf.shape(probabilities)[-1])[:, None] == tf.constant(ids)[None], axis=1
        )  # (V,)
        k = min(k, self.tokenizer.vocabulary_size() - len(set(ids)))
        best, best_ids = tf.math.top_k(tf.where(special, -1.0, probabilities), k)
        names = tf.constant([self.tokenizer.id_to_token(id) for id in range(self.tokenizer.vocabulary_size())])
        return {"token_ids": best_ids, "tokens": tf.gather(names, best_ids), "probabilities": best}

    # === Config ===

    def get_config(self) -> Config:
        return {**super().get_config(), "splitter": text.serialization.serialize(self.splitter)}

    @classmethod
    def from_config(cls, config: Config) -> Self:
        """Returns a preprocessor without subwords, which are an asset of the tokenizer."""
        if isinstance(config.get("splitter"), dict):
            config = {**config, "splitter": text.serialization.deserialize(config["splitter"])}
        return super().from_config(config)
