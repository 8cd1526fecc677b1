"""From text to words, and from words to the numbers that embedding layers read."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import keras_hub

from keras_embed import text
from keras_embed._backend import tf
from keras_embed._checks import check_positive, message
from keras_embed.preprocessors._tensors import bucket_length, dense

_VOCABULARY = "vocabulary.json"
_SUBWORDS = "subwords.json"
#: Lengths that batches are padded to: few enough for compilers that build one program for each shape.
BUCKET_LENGTHS = (8, 16, 24, 32, 48, 64, 96, 128, 256, 512)
_SUBWORD_WIDTHS = (16, 32, 64, 128, 256)


@keras.saving.register_keras_serializable(package="keras_embed")
class FeatureTokenizer(keras_hub.tokenizers.Tokenizer):
    """Splits text into words, and gives each word its features: number, characters, casing.

    All of it is TensorFlow graph code, on every backend, so it runs inside `tf.data` and inside a SavedModel.

    Args:
        vocabulary: `text.Vocabulary` of normalised words. `None` only while a saved tokenizer is loaded.
        characters: `text.CharacterVocabulary` or `text.ByteCharacters`.
        splitter: what splits raw text: any object whose `tokenize(strings)` gives ragged strings, such as those of
            `keras_embed.text`, TensorFlow Text and Keras Hub. `None`: `text.WordTokenizer()`.
        normalizer: `text.WordNormalizer`, applied before a word is looked up. Characters and casing see the word as
            it is. `None`: lower case, digits to 0.
        max_characters: C, the width of the character table; longer words keep their beginning.
        bucket_lengths: rising lengths that sentences are padded to. Longer sentences are padded to a multiple of the
            last.
        subwords: `text.SubwordIndex`, to give words the ids that `layers.SubwordEmbedding` reads; it sees the word as
            it is. `None`: no such feature.
        **kwargs: `name`, `config_file`.

    Example:
    >>> from keras_embed.preprocessors import FeatureTokenizer
    >>> tokenizer = FeatureTokenizer.from_tokens([["the", "cat"], ["the", "dog"]])
    >>> features = tokenizer.encode([["The", "cow"]])
    >>> features["token_ids"].numpy().tolist(), features["casing_ids"].numpy().tolist()
    ([[2, 1, 0, 0, 0, 0, 0, 0]], [[3, 1, 0, 0, 0, 0, 0, 0]])
    """

    def __init__(
        self,
        vocabulary: Any = None,
        characters: Any = None,
        splitter: Any = None,
        normalizer: Any = None,
        max_characters: int = 20,
        bucket_lengths: Sequence[int] = BUCKET_LENGTHS,
        subwords: Any = None,
        **kwargs: Any,
    ) -> None:
        kwargs.pop("dtype", None)
        super().__init__(dtype="int32", **kwargs)
        check_positive("max_characters", max_characters)
        if not bucket_lengths or sorted(set(bucket_lengths)) != list(bucket_lengths) or bucket_lengths[0] < 1:
            raise ValueError(message("`bucket_lengths` to rise", bucket_lengths, "bucket_lengths=(16, 32, 64)"))
        self.vocabulary = vocabulary
        self.characters = characters if characters is not None else text.ByteCharacters()
        self.splitter = text.as_tokenizer(splitter)
        self.normalizer = normalizer if normalizer is not None else text.WordNormalizer()
        self.max_characters = max_characters
        self.bucket_lengths = tuple(int(length) for length in bucket_lengths)
        self.subwords = subwords
        self.file_assets = [_VOCABULARY] if subwords is None else [_VOCABULARY, _SUBWORDS]
        self.built = True

    @classmethod
    def from_tokens(
        cls,
        sentences: Any,
        min_count: int = 1,
        max_size: int | None = None,
        min_character_count: int = 1,
        normalizer: Any = None,
        **kwargs: Any,
    ) -> "FeatureTokenizer":
        """Learns the vocabulary and the alphabet of some tokenised sentences.

        Args:
            sentences: lists of words, any iterable.
            min_count: rarer (normalised) words become unknown.
            max_size: greatest size of the vocabulary, its two reserved entries included.
            min_character_count: rarer characters become unknown.
            normalizer: see the class.
            **kwargs: for the constructor.
        """
        normalizer = normalizer if normalizer is not None else text.WordNormalizer()
        counts: dict[str, int] = {}
        for sentence in sentences:
            for word in sentence:
                counts[word] = counts.get(word, 0) + 1
        # The graph's own normaliser, so that the vocabulary and the look-up can never disagree.
        words = normalizer(tf.constant([word.encode("utf-8") for word in counts], tf.string)).numpy()
        normalized: dict[str, int] = {}
        for word, count in zip(words, counts.values(), strict=True):
            key = word.decode("utf-8")
            normalized[key] = normalized.get(key, 0) + count
        return cls(
            vocabulary=text.Vocabulary.from_counts(normalized, min_count, max_size),
            characters=kwargs.pop("characters", None)
            or text.CharacterVocabulary.from_counts(counts, min_character_count),
            normalizer=normalizer,
            **kwargs,
        )

    def tokenize(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Splits texts, string (B,), into words, ragged string (B, None)."""
        return self.splitter.tokenize(inputs)

    def encode(self, tokens: Any, min_length: int = 0) -> dict[str, Any]:
        """The features of tokenised sentences.

        Args:
            tokens: ragged strings (B, None), or lists of lists of words.
            min_length: pad at least to this length.

        Returns:
            dict of tensors, T the bucket of the longest sentence:
                `token_ids` (B, T) int32, `casing_ids` (B, T) int32, `padding_mask` (B, T) bool, True = real;
                `char_ids` (B, W, C) int32, the distinct words of the whole batch, row after row, and `char_index`
                (B, T) int32, each token's row in that table. W is half of T where that is enough, else T: two shapes
                for each T; and, where there are `subwords`, `subword_ids` (B, T, N) int32, N one of few widths.
        """
        tokens = tokens if isinstance(tokens, tf.RaggedTensor) else tf.ragged.constant(tokens, tf.string, ragged_rank=1)
        batch = tokens.nrows()
        length = bucket_length(tf.maximum(tokens.bounding_shape(axis=1), min_length), self.bucket_lengths)
        words, index = tf.unique(tokens.flat_values)
        half = (length + 1) // 2
        width = tf.where(tf.size(words, tf.int64) <= batch * half, half, length)
        # Everything that depends on the word alone is computed once for each distinct word.
        token_ids = self._vocabulary().lookup(self.normalizer(words))
        characters = self.characters.encode(words, self.max_characters)  # (N, <= C)
        missing = tf.stack([batch * width, tf.constant(self.max_characters, tf.int64)]) - tf.shape(characters, tf.int64)
        table = tf.pad(characters, tf.stack([tf.zeros([2], tf.int64), missing], axis=1))

        def padded(values: Any) -> Any:
            return dense(tokens.with_flat_values(values), length)

        features = {
            "token_ids": padded(tf.gather(token_ids, index)),
            "casing_ids": padded(tf.gather(text.casing_ids(words), index)),
            "char_ids": tf.reshape(table, [batch, width, self.max_characters]),
            "char_index": padded(index),
            "padding_mask": tf.sequence_mask(tokens.row_lengths(), length),
        }
        if self.subwords is not None:
            # Padding reads one row more, of zeros.
            places = dense(tokens.with_flat_values(index), length, tf.size(words))
            features["subword_ids"] = tf.gather(self._subword_table(words), places)  # (B, T, N)
        return features

    def _subword_table(self, words: Any) -> Any:
        """(N + 1, S) the subword ids of N words, and a row of zeros."""
        ids = self.subwords.encode(words)
        width = bucket_length(ids.bounding_shape(axis=1), _SUBWORD_WIDTHS)
        return tf.pad(dense(ids, width), [[0, 1], [0, 0]])

    def build(self, input_shape: Any = None) -> None:
        """Nothing to build."""

    def vocabulary_size(self) -> int:
        """Number of word ids, padding and unknown included."""
        return len(self._vocabulary())

    def get_vocabulary(self) -> list[str]:
        """Words by id."""
        return list(self._vocabulary())

    def id_to_token(self, id: int) -> str:
        """The word with this id."""
        return str(self._vocabulary().token(id))

    def token_to_id(self, token: str) -> int:
        """The id of a normalised word, 1 if it is unknown."""
        return int(self._vocabulary().id(token))

    def save_assets(self, dir_path: str) -> None:
        """Writes the vocabulary into a folder."""
        self._vocabulary().save(Path(dir_path) / _VOCABULARY)
        if self.subwords is not None:
            self.subwords.save(Path(dir_path) / _SUBWORDS)

    def load_assets(self, dir_path: str) -> None:
        """Reads what `save_assets` wrote."""
        self.vocabulary = text.Vocabulary.load(Path(dir_path) / _VOCABULARY)
        if self.subwords is not None:
            self.subwords = text.SubwordIndex.load(Path(dir_path) / _SUBWORDS)

    def _vocabulary(self) -> Any:
        if self.vocabulary is None:
            raise ValueError(
                message(
                    "a tokenizer with a vocabulary",
                    "one that was made from a config alone",
                    "keras.saving.load_model, from_preset or FeatureTokenizer.from_tokens",
                )
            )
        return self.vocabulary

    def get_config(self) -> dict[str, Any]:
        """All but the vocabulary, which is an asset."""
        return {
            **super().get_config(),
            "characters": text.serialize(self.characters),
            "splitter": text.serialize_tokenizer(self.splitter),
            "normalizer": text.serialize(self.normalizer),
            "max_characters": self.max_characters,
            "bucket_lengths": self.bucket_lengths,
            "subwords": None if self.subwords is None else text.serialize(self.subwords),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "FeatureTokenizer":
        """A tokenizer without its vocabulary, which the assets bring."""
        return cls(
            **{
                **config,
                "characters": text.deserialize(config["characters"]),
                "splitter": text.deserialize_tokenizer(config["splitter"]),
                "normalizer": text.deserialize(config["normalizer"]),
                "subwords": text.deserialize(config["subwords"]) if config.get("subwords") else None,
            }
        )
