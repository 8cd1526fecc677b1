"""From text to words, and from words to the numbers that embedding layers read."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import keras
import keras_hub

from keras_embed import text
from keras_embed._backend import tf
from keras_embed._backend.ragged import bucket_length, dense, distinct_table, rows_and_zeros
from keras_embed._errors import check_positive, message

#: File -> the attribute whose `save` and `load` write and read it.
_ASSETS = {
    "vocabulary.json": "vocabulary",
    "subwords.json": "subwords",
    "elmo_characters.json": "elmo_characters",
    "elmo_vocabulary.json": "elmo_vocabulary",
}
#: Lengths that batches are padded to: few enough for compilers that build one program for each shape.
BUCKET_LENGTHS = (8, 16, 24, 32, 48, 64, 96, 128, 256, 512)
_SUBWORD_WIDTHS = (16, 32, 64, 128, 256)


@keras.saving.register_keras_serializable(package="keras_embed")
class WordFeaturizer(keras_hub.tokenizers.Tokenizer):
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
        bucket_lengths: rising lengths that sentences are padded to, longer ones to a multiple of the last. Others are
            a `ValueError`.
        subwords: `text.SubwordIndex`, to give words the ids that `layers.SubwordEmbedding` reads; it sees the word as
            it is. `None`: no such feature.
        elmo_characters: `text.ElmoCharacters` or `text.ElmoCodePoints`, for the features of `layers.ElmoEmbedding`,
            which are made where they are asked for. `None`: `text.ElmoCharacters()`.
        elmo_vocabulary: `text.Vocabulary` of the words that an ELMo has cached. `None`: no such feature.
        **kwargs: `name`, `config_file`.

    Example:
    >>> from keras_embed.tokenizers import WordFeaturizer
    >>> tokenizer = WordFeaturizer.from_tokens([["the", "cat"], ["the", "dog"]])
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
        elmo_characters: Any = None,
        elmo_vocabulary: Any = None,
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
        self.elmo_characters: Any = elmo_characters if elmo_characters is not None else text.ElmoCharacters()
        self.elmo_vocabulary = elmo_vocabulary
        # A vocabulary may come later; the others are there from the start, if empty.
        self.file_assets = [
            file for file, name in _ASSETS.items() if name == "vocabulary" or hasattr(getattr(self, name), "save")
        ]
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
    ) -> "WordFeaturizer":
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
        alphabet = kwargs.pop("characters", None)
        return cls(
            vocabulary=text.Vocabulary.from_counts(normalized, min_count, max_size),
            characters=alphabet or text.CharacterVocabulary.from_counts(counts, min_character_count),
            normalizer=normalizer,
            **kwargs,
        )

    def tokenize(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Splits texts, string (B,), into words, ragged string (B, None)."""
        return self.splitter.tokenize(inputs)

    def encode(self, tokens: Any, min_length: int = 0, names: Iterable[str] | None = None) -> dict[str, Any]:
        """The features of tokenised sentences.

        Args:
            tokens: ragged strings (B, None), or lists of lists of words.
            min_length: pad at least to this length.
            names: the features to make; names of none are passed over. `None`: all but ELMo's.

        Returns:
            dict of tensors, T the bucket of the longest sentence:
                `token_ids` (B, T) int32, `casing_ids` (B, T) int32, `padding_mask` (B, T) bool, True = real;
                `char_ids` (B, W, C) int32, the distinct words of the whole batch, row after row, and `char_index`
                (B, T) int32, each token's row in that table. W is half of T where that is enough, else T: two shapes
                for each T; and, where there are `subwords`, `subword_ids` (B, T, N) int32, N one of few widths.
                For ELMo, if asked for: `elmo_ids` (B, W, L) int32, the same words' characters, `elmo_word_ids` (B, W)
                int32, where words have numbers of their own, and `elmo_cache_ids` (B, W), where vectors are cached.
        """
        tokens = tokens if isinstance(tokens, tf.RaggedTensor) else tf.ragged.constant(tokens, tf.string, ragged_rank=1)
        batch = tokens.nrows()
        length = bucket_length(tf.maximum(tokens.bounding_shape(axis=1), min_length), self.bucket_lengths)
        words, index = tf.unique(tokens.flat_values)
        half = (length + 1) // 2
        width = tf.where(tf.size(words, tf.int64) <= batch * half, half, length)

        def padded(values: Any, padding: Any = 0) -> Any:
            return dense(tokens.with_flat_values(values), length, padding)

        def table(rows: Any, columns: int | None = None) -> Any:
            return distinct_table(rows, batch, width, columns)

        # Everything that depends on the word alone is computed once for each distinct word.
        makers = {
            "token_ids": lambda: padded(tf.gather(self._vocabulary().lookup(self.normalizer(words)), index)),
            "casing_ids": lambda: padded(tf.gather(text.casing_ids(words), index)),
            "char_ids": lambda: table(self.characters.encode(words, self.max_characters), self.max_characters),
            "char_index": lambda: padded(index),
            "padding_mask": lambda: tf.sequence_mask(tokens.row_lengths(), length),
        }
        if self.subwords is not None:
            makers["subword_ids"] = lambda: tf.gather(
                rows_and_zeros(self.subwords.encode(words), _SUBWORD_WIDTHS), padded(index, tf.size(words))
            )
        names = tuple(makers) if names is None else tuple(names)
        makers["elmo_ids"] = lambda: table(self.elmo_characters.encode(words))
        if getattr(self.elmo_characters, "num_words", 0):
            makers["elmo_word_ids"] = lambda: table(self.elmo_characters.word_ids(words))
        if self.elmo_vocabulary is not None:
            makers["elmo_cache_ids"] = lambda: table(self.elmo_vocabulary.lookup(words))
        return {name: make() for name, make in makers.items() if name in names}

    def resources(self) -> list[Any]:
        """What an exporter must hold for `tokenize` and `encode` to be saved in a graph."""
        others = [self.elmo_vocabulary, self.subwords]
        tables = [self._vocabulary().table, *(thing.table for thing in others if thing is not None)]
        return [*tables, *self.elmo_characters.resources(), self.splitter]

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
        """Writes the vocabulary, and whatever else is no setting, into a folder."""
        self._vocabulary()
        for file in self.file_assets:
            getattr(self, _ASSETS[file]).save(Path(dir_path) / file)

    def load_assets(self, dir_path: str) -> None:
        """Reads what `save_assets` wrote."""
        self.vocabulary = self.vocabulary or text.Vocabulary(())
        for file in self.file_assets:
            empty = getattr(self, _ASSETS[file])
            setattr(self, _ASSETS[file], type(empty).load(Path(dir_path) / file))

    def _vocabulary(self) -> Any:
        if self.vocabulary is None:
            raise ValueError(
                message(
                    "a tokenizer with a vocabulary",
                    "one that was made from a config alone",
                    "keras.saving.load_model, from_preset or WordFeaturizer.from_tokens",
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
            "elmo_characters": text.serialize(self.elmo_characters),
            "elmo_vocabulary": self.elmo_vocabulary is not None,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "WordFeaturizer":
        """A tokenizer without its vocabulary, which the assets bring."""
        return cls(
            **{
                **config,
                "characters": text.deserialize(config["characters"]),
                "splitter": text.deserialize_tokenizer(config["splitter"]),
                "normalizer": text.deserialize(config["normalizer"]),
                "subwords": text.deserialize(config["subwords"]) if config.get("subwords") else None,
                "elmo_characters": text.deserialize(config["elmo_characters"]) if "elmo_characters" in config else None,
                "elmo_vocabulary": text.Vocabulary(()) if config.get("elmo_vocabulary") else None,
            }
        )
