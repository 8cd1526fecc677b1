"""Features of words: each is one object that knows its name, how it is computed, and what is saved with it."""

from collections.abc import Sequence
from typing import Any, ClassVar

from keras_embed._backend import tf
from keras_embed._backend.ragged import bucket_length, dense, distinct_table, rows_and_zeros
from keras_embed._errors import message
from keras_embed._types import Config, PathLike, TFTensor
from keras_embed.text.characters import ByteCharacters, CharacterVocabulary, casing_ids
from keras_embed.text.elmo_characters import ElmoCharacters, ElmoCodePoints
from keras_embed.text.normalization import WordNormalizer
from keras_embed.text.subword_index import SubwordIndex
from keras_embed.text.vocabulary import Vocabulary

_SUBWORD_WIDTHS = (16, 32, 64, 128, 256)


class WordBatch:
    """Tokenised sentences and their distinct words, so that each distinct word is computed once.

    Args:
        tokens: ragged strings (B, None).
        min_length: pads at least to this length.
        bucket_lengths: ascending lengths that sentences are padded to.
        original: the same tokens before marks of predicates were removed. `None`: `tokens`.

    Attributes:
        tokens: the argument.
        original: the argument.
        length: T, int64 scalar, the bucket of the longest sentence.
        words: the N distinct words, string (N,).
        index: position in `words` of each token of the concatenated sentences, int32 (M,).
    """

    def __init__(
        self, tokens: TFTensor, min_length: int, bucket_lengths: Sequence[int], original: TFTensor | None = None
    ) -> None:
        self.tokens = tokens
        self.original = tokens if original is None else original
        self.length = bucket_length(tf.maximum(tokens.bounding_shape(axis=1), min_length), bucket_lengths)
        self.words, self.index = tf.unique(tokens.flat_values)
        # W, the rows of a table of distinct words for each sentence: two possible widths for each length.
        self._rows = tokens.nrows()
        half = (self.length + 1) // 2
        self._width = tf.where(tf.size(self.words, tf.int64) <= self._rows * half, half, self.length)

    def of_tokens(self, values: TFTensor, padding: Any = 0) -> TFTensor:
        """Pads one value for each token (M,) to (B, T)."""
        return dense(self.tokens.with_flat_values(values), self.length, padding)

    def of_words(self, values: TFTensor) -> TFTensor:
        """Distributes one value for each distinct word (N,) to their tokens, padded to (B, T)."""
        return self.of_tokens(tf.gather(values, self.index))

    def table(self, rows: TFTensor, columns: int | None = None) -> TFTensor:
        """Arranges rows of the distinct words, (N,) or (N, C), as (B, W) or (B, W, C); `char_index` points into it."""
        return distinct_table(rows, self._rows, self._width, columns)


class WordFeature:
    """Base class of a feature of each word, for `WordFeaturizer(features=[...])`.

    A subclass sets `name` and implements `compute`. If it has constructor arguments, it implements `get_config`; if it
    holds more than fits into a config, it sets `asset` and implements `save` and `load`. To be saved, the class must be
    registered with `keras.saving.register_keras_serializable`.

    Example:
    >>> import tensorflow as tf
    >>> class Lengths(WordFeature):
    ...     name = "lengths"
    ...
    ...     def compute(self, batch):
    ...         return batch.of_words(tf.strings.length(batch.words, unit="UTF8_CHAR"))
    >>> from keras_embed.tokenizers import WordFeaturizer
    >>> tokenizer = WordFeaturizer.from_tokens([["a", "cat"]], bucket_lengths=(4,), features=[Lengths()])
    >>> tokenizer.encode([["a", "cat"]])["lengths"].numpy().tolist()
    [[1, 3, 0, 0]]
    """

    #: Key in the features' dict.
    name: ClassVar[str]
    #: Names of the axes after the batch; axes of one name have equal sizes.
    axes: ClassVar[tuple[str, ...]] = ("time",)
    #: False for a feature that is computed only if it is asked for by name.
    default: ClassVar[bool] = True
    #: Name of the file that `save` writes; `None` if the config holds everything.
    asset: str | None = None

    def compute(self, batch: WordBatch) -> TFTensor:
        """Computes the feature in TensorFlow graph code, int32 (B, T) or as `axes` name."""
        raise NotImplementedError

    def resources(self) -> list[Any]:
        """Returns the objects that an exporter must track for `compute`."""
        return []

    def save(self, path: PathLike) -> None:
        """Writes the asset."""
        raise NotImplementedError

    def load(self, path: PathLike) -> None:
        """Reads the asset."""
        raise NotImplementedError

    def get_config(self) -> Config:
        """Returns the constructor's arguments, JSON-ready."""
        return {}

    @classmethod
    def from_config(cls, config: Config) -> "WordFeature":
        """Creates the feature from its config."""
        return cls(**config)


class TokenIds(WordFeature):
    """Ids of normalised words in a vocabulary."""

    name = "token_ids"
    asset = "vocabulary.json"

    def __init__(self, vocabulary: Vocabulary | None, normalizer: WordNormalizer) -> None:
        self.vocabulary, self.normalizer = vocabulary, normalizer

    def known_words(self) -> Vocabulary:
        """Returns the vocabulary.

        Raises:
            ValueError: If the asset is not loaded yet.
        """
        if self.vocabulary is None:
            tries = "keras.saving.load_model, from_preset or WordFeaturizer.from_tokens"
            raise ValueError(message("a tokenizer with a vocabulary", "one created from a config alone", tries))
        return self.vocabulary

    def compute(self, batch: WordBatch) -> TFTensor:
        """Looks the words up, int32 (B, T)."""
        return batch.of_words(self.known_words().lookup(self.normalizer(batch.words)))

    def resources(self) -> list[Any]:
        """Returns the lookup table."""
        return [self.known_words().table]

    def save(self, path: PathLike) -> None:
        """Writes the vocabulary."""
        self.known_words().save(path)

    def load(self, path: PathLike) -> None:
        """Reads the vocabulary."""
        self.vocabulary = Vocabulary.load(path)


class CasingIds(WordFeature):
    """Casing classes of words."""

    name = "casing_ids"

    def compute(self, batch: WordBatch) -> TFTensor:
        """Computes the classes, int32 (B, T)."""
        return batch.of_words(casing_ids(batch.words))


class CharacterIds(WordFeature):
    """Character ids of the distinct words of a batch."""

    name = "char_ids"
    axes = ("words", "characters")

    def __init__(self, characters: CharacterVocabulary | ByteCharacters, max_characters: int) -> None:
        self.characters, self.max_characters = characters, max_characters

    def compute(self, batch: WordBatch) -> TFTensor:
        """Computes the table, int32 (B, W, C)."""
        return batch.table(self.characters.encode(batch.words, self.max_characters), self.max_characters)


class CharacterIndex(WordFeature):
    """Row of each token in the tables of distinct words: `char_ids`, `elmo_ids` and the like."""

    name = "char_index"

    def compute(self, batch: WordBatch) -> TFTensor:
        """Returns the rows, int32 (B, T)."""
        return batch.of_tokens(batch.index)


class PaddingMask(WordFeature):
    """True for tokens, False for padding."""

    name = "padding_mask"

    def compute(self, batch: WordBatch) -> TFTensor:
        """Computes the mask, bool (B, T)."""
        return tf.sequence_mask(batch.tokens.row_lengths(), batch.length)


class SubwordIds(WordFeature):
    """Ids of words and their character n-grams, for `layers.SubwordEmbedding`."""

    name = "subword_ids"
    axes = ("time", "subwords")
    asset = "subwords.json"

    def __init__(self, index: SubwordIndex) -> None:
        self.index = index

    def compute(self, batch: WordBatch) -> TFTensor:
        """Computes the ids, int32 (B, T, N), 0 = padding."""
        rows = rows_and_zeros(self.index.encode(batch.words), _SUBWORD_WIDTHS)  # (words + 1, N), the last row zero
        return tf.gather(rows, batch.of_tokens(batch.index, tf.size(batch.words)))

    def resources(self) -> list[Any]:
        """Returns the lookup table."""
        return [self.index.table]

    def save(self, path: PathLike) -> None:
        """Writes the index."""
        self.index.save(path)

    def load(self, path: PathLike) -> None:
        """Reads the index."""
        self.index = SubwordIndex.load(path)


class ElmoIds(WordFeature):
    """ELMo's characters of the distinct words of a batch."""

    name = "elmo_ids"
    axes = ("words", "letters")
    default = False

    def __init__(self, characters: ElmoCharacters | ElmoCodePoints) -> None:
        self.characters = characters
        self.asset = "elmo_characters.json" if isinstance(characters, ElmoCodePoints) else None

    def compute(self, batch: WordBatch) -> TFTensor:
        """Computes the table, int32 (B, W, L)."""
        return batch.table(self.characters.encode(batch.words))

    def resources(self) -> list[Any]:
        """Returns the lookup table, if words have ids."""
        return self.characters.resources()

    def save(self, path: PathLike) -> None:
        """Writes the characters and words of an ELMoForManyLangs model."""
        if isinstance(self.characters, ElmoCodePoints):
            self.characters.save(path)

    def load(self, path: PathLike) -> None:
        """Reads the characters and words of an ELMoForManyLangs model."""
        self.characters = ElmoCodePoints.load(path)


class ElmoWordIds(WordFeature):
    """Word ids of an ELMoForManyLangs model, of the distinct words of a batch."""

    name = "elmo_word_ids"
    axes = ("words",)
    default = False

    def __init__(self, elmo_ids: ElmoIds) -> None:
        self.elmo_ids = elmo_ids

    def compute(self, batch: WordBatch) -> TFTensor:
        """Computes the table, int32 (B, W)."""
        if not isinstance(self.elmo_ids.characters, ElmoCodePoints):
            raise ValueError(message("`elmo_characters` with word ids", self.elmo_ids.characters, "ElmoCodePoints"))
        return batch.table(self.elmo_ids.characters.word_ids(batch.words))


class ElmoCacheIds(WordFeature):
    """Ids of words with cached ELMo vectors, of the distinct words of a batch."""

    name = "elmo_cache_ids"
    axes = ("words",)
    default = False
    asset = "elmo_vocabulary.json"

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary

    def compute(self, batch: WordBatch) -> TFTensor:
        """Computes the table, int32 (B, W)."""
        return batch.table(self.vocabulary.lookup(batch.words))

    def resources(self) -> list[Any]:
        """Returns the lookup table."""
        return [self.vocabulary.table]

    def save(self, path: PathLike) -> None:
        """Writes the vocabulary."""
        self.vocabulary.save(path)

    def load(self, path: PathLike) -> None:
        """Reads the vocabulary."""
        self.vocabulary = Vocabulary.load(path)


class PredicateIds(WordFeature):
    """1 for words marked as predicates, 0 for the others."""

    name = "predicate_ids"

    def compute(self, batch: WordBatch) -> TFTensor:
        """Compares the words with and without marks, int32 (B, T)."""
        return batch.of_tokens(tf.cast(batch.original.flat_values != batch.tokens.flat_values, tf.int32))
