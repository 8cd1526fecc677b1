"""Texts to words, and words to the features that embedding layers read."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import keras
import keras_hub

from keras_embed._backend import tf
from keras_embed._errors import check_positive, message
from keras_embed._types import Config, Features, PathLike, Splitter, TFTensor
from keras_embed.text.characters import ByteCharacters, CharacterVocabulary
from keras_embed.text.elmo_characters import ElmoCharacters, ElmoCodePoints
from keras_embed.text.normalization import WordNormalizer
from keras_embed.text.serialization import deserialize, serialize
from keras_embed.text.subword_index import SubwordIndex
from keras_embed.text.vocabulary import Vocabulary
from keras_embed.tokenizers import word_features
from keras_embed.tokenizers.any_splitter import as_tokenizer, deserialize_tokenizer, serialize_tokenizer
from keras_embed.tokenizers.word_features import WordBatch, WordFeature

#: Lengths that batches are padded to: few, since compilers build one program for each shape.
BUCKET_LENGTHS = (8, 16, 24, 32, 48, 64, 96, 128, 256, 512)


@keras.saving.register_keras_serializable(package="keras_embed")
class WordFeaturizer(keras_hub.tokenizers.Tokenizer):
    """Splits texts into words, and computes features of each word: id, characters, casing.

    Everything is TensorFlow graph code, on every backend, so it runs inside `tf.data` and inside a SavedModel.

    Args:
        vocabulary: normalised words. `None` before `load_assets`.
        characters: alphabet of the words' characters. `None`: `text.ByteCharacters()`.
        splitter: splits texts into words: any object whose `tokenize(strings)` returns ragged strings, such as those of
            this package, TensorFlow Text and Keras Hub. `None`: `WordTokenizer()`.
        normalizer: applied to words before they are looked up; characters and casing are those of the original word.
            `None`: `text.WordNormalizer()`, lower case and digits to 0.
        max_characters: C, the width of the character table; longer words are truncated.
        bucket_lengths: ascending lengths that sentences are padded to; longer ones to a multiple of the last.
        subwords: for the feature `subword_ids`, which `layers.SubwordEmbedding` reads; it sees the original word.
            `None`: no such feature.
        elmo_characters: for the features of `layers.ElmoEmbedding`, which are computed only if asked for. `None`:
            `text.ElmoCharacters()`.
        elmo_vocabulary: the words that an ELMo has cached, for the feature `elmo_cache_ids`. `None`: no such feature.
        features: features of your own.
        **kwargs: `name`, `config_file`.

    Raises:
        ValueError: If `bucket_lengths` do not rise, or if two features have one name or one asset.

    Example:
    >>> from keras_embed.tokenizers import WordFeaturizer
    >>> tokenizer = WordFeaturizer.from_tokens([["the", "cat"], ["the", "dog"]])
    >>> features = tokenizer.encode([["The", "cow"]])
    >>> features["token_ids"].numpy().tolist(), features["casing_ids"].numpy().tolist()
    ([[2, 1, 0, 0, 0, 0, 0, 0]], [[3, 1, 0, 0, 0, 0, 0, 0]])
    """

    #: True for a tokenizer that splits words into subwords.
    splits_words = False

    def __init__(
        self,
        vocabulary: Vocabulary | None = None,
        characters: CharacterVocabulary | ByteCharacters | None = None,
        splitter: Splitter | None = None,
        normalizer: WordNormalizer | None = None,
        max_characters: int = 20,
        bucket_lengths: Sequence[int] = BUCKET_LENGTHS,
        subwords: SubwordIndex | None = None,
        elmo_characters: ElmoCharacters | ElmoCodePoints | None = None,
        elmo_vocabulary: Vocabulary | None = None,
        features: Sequence[WordFeature] = (),
        **kwargs: Any,
    ) -> None:
        kwargs.pop("dtype", None)
        super().__init__(dtype="int32", **kwargs)
        check_positive("max_characters", max_characters)
        if not bucket_lengths or sorted(set(bucket_lengths)) != list(bucket_lengths) or bucket_lengths[0] < 1:
            raise ValueError(message("`bucket_lengths` to rise", bucket_lengths, "bucket_lengths=(16, 32, 64)"))
        self.splitter = as_tokenizer(splitter)
        self.max_characters = max_characters
        self.bucket_lengths = tuple(int(length) for length in bucket_lengths)
        self._own_features = tuple(features)
        normalizer = WordNormalizer() if normalizer is None else normalizer
        self._token_ids = word_features.TokenIds(vocabulary, normalizer)
        self._char_ids = word_features.CharacterIds(
            ByteCharacters() if characters is None else characters, max_characters
        )
        self._subword_ids = None if subwords is None else word_features.SubwordIds(subwords)
        self._elmo_ids = word_features.ElmoIds(ElmoCharacters() if elmo_characters is None else elmo_characters)
        self._elmo_cache_ids = None if elmo_vocabulary is None else word_features.ElmoCacheIds(elmo_vocabulary)
        self.file_assets = [feature.asset for feature in self.features if feature.asset is not None]
        names = [feature.name for feature in self.features]
        for kind, values in (("name", names), ("asset", self.file_assets)):
            if len(set(values)) != len(values):
                raise ValueError(message(f"one feature for each {kind}", f"{values}", f"another `{kind}`"))
        self.built = True

    @property
    def features(self) -> tuple[WordFeature, ...]:
        """The features, in the order of `encode`."""
        found: list[WordFeature | None] = [
            self._token_ids,
            word_features.CasingIds(),
            self._char_ids,
            word_features.CharacterIndex(),
            word_features.PaddingMask(),
            self._subword_ids,
            *self._own_features,
            self._elmo_ids,
            word_features.ElmoWordIds(self._elmo_ids) if getattr(self.elmo_characters, "num_words", 0) else None,
            self._elmo_cache_ids,
        ]
        return tuple(feature for feature in found if feature is not None)

    @property
    def vocabulary(self) -> Vocabulary | None:
        """Normalised words with their ids; `None` before `load_assets`."""
        return self._token_ids.vocabulary

    @property
    def normalizer(self) -> WordNormalizer:
        """Normalises words before they are looked up."""
        return self._token_ids.normalizer

    @property
    def characters(self) -> CharacterVocabulary | ByteCharacters:
        """Alphabet of the words' characters."""
        return self._char_ids.characters

    @property
    def subwords(self) -> SubwordIndex | None:
        """Ids of words and their n-grams."""
        return None if self._subword_ids is None else self._subword_ids.index

    @property
    def elmo_characters(self) -> ElmoCharacters | ElmoCodePoints:
        """Characters as an ELMo reads them."""
        return self._elmo_ids.characters

    @property
    def elmo_vocabulary(self) -> Vocabulary | None:
        """Words that an ELMo has cached."""
        return None if self._elmo_cache_ids is None else self._elmo_cache_ids.vocabulary

    @classmethod
    def from_tokens(
        cls,
        sentences: Iterable[Iterable[str]],
        min_count: int = 1,
        max_size: int | None = None,
        min_character_count: int = 1,
        normalizer: WordNormalizer | None = None,
        **kwargs: Any,
    ) -> "WordFeaturizer":
        """Learns the vocabulary and the alphabet of tokenised sentences.

        Args:
            sentences: lists of words.
            min_count: rarer (normalised) words are out of vocabulary.
            max_size: greatest size of the vocabulary, its two reserved entries included.
            min_character_count: rarer characters are out of vocabulary.
            normalizer: see the class.
            **kwargs: constructor arguments.
        """
        normalizer = normalizer if normalizer is not None else WordNormalizer()
        counts = Counter(word for sentence in sentences for word in sentence)
        # Normalised in the graph, so that the vocabulary and the lookup cannot differ.
        words = normalizer(tf.constant([word.encode("utf-8") for word in counts], tf.string)).numpy()
        normalized: Counter[str] = Counter()
        for word, count in zip(words, counts.values(), strict=True):
            normalized[word.decode("utf-8")] += count
        alphabet = kwargs.pop("characters", None)
        return cls(
            vocabulary=Vocabulary.from_counts(normalized, min_count, max_size),
            characters=alphabet or CharacterVocabulary.from_counts(counts, min_character_count),
            normalizer=normalizer,
            **kwargs,
        )

    def tokenize(self, inputs: TFTensor, *args: Any, **kwargs: Any) -> TFTensor:
        """Splits texts, string (B,), into words, ragged string (B, None)."""
        return self.splitter.tokenize(inputs)

    def batch(self, tokens: TFTensor | Sequence[Sequence[str]], min_length: int = 0) -> WordBatch:
        """Returns tokenised sentences as the features read them; see `encode`."""
        tokens = tokens if isinstance(tokens, tf.RaggedTensor) else tf.ragged.constant(tokens, tf.string, ragged_rank=1)
        return WordBatch(tokens, min_length, self.bucket_lengths)

    def encode(
        self, tokens: TFTensor | Sequence[Sequence[str]], min_length: int = 0, names: Iterable[str] | None = None
    ) -> Features:
        """Computes the features of tokenised sentences.

        Args:
            tokens: ragged strings (B, None), or lists of lists of words.
            min_length: pads at least to this length.
            names: the features to compute; unknown names are ignored. `None`: all but ELMo's.

        Returns:
            dict of tensors, T the bucket of the longest sentence:
                `token_ids` (B, T) int32, `casing_ids` (B, T) int32, `padding_mask` (B, T) bool, True = real;
                `char_ids` (B, W, C) int32, the distinct words of the whole batch, row after row, and `char_index`
                (B, T) int32, each token's row in that table. W is half of T if that suffices, else T: two shapes
                for each T; and, if there are `subwords`, `subword_ids` (B, T, N) int32, N one of few widths.
                For ELMo, if asked for: `elmo_ids` (B, W, L) int32, the same words' characters, `elmo_word_ids` (B, W)
                int32, if words have ids, and `elmo_cache_ids` (B, W), if vectors are cached.
        """
        wanted = None if names is None else set(names)
        batch = self.batch(tokens, min_length)
        return {
            feature.name: feature.compute(batch)
            for feature in self.features
            if (feature.default if wanted is None else feature.name in wanted)
        }

    def resources(self) -> list[Any]:
        """Returns the objects that an exporter must track for `tokenize` and `encode`."""
        return [*(resource for feature in self.features for resource in feature.resources()), self.splitter]

    def build(self, input_shape: Any = None) -> None:
        """Does nothing: the tokenizer has no weights."""

    def vocabulary_size(self) -> int:
        """Returns the number of word ids, padding and out-of-vocabulary included."""
        return len(self._token_ids.known_words())

    def get_vocabulary(self) -> list[str]:
        """Returns the words by id."""
        return list(self._token_ids.known_words())

    def id_to_token(self, id: int) -> str:
        """Returns the word with an id."""
        return self._token_ids.known_words().token(id)

    def token_to_id(self, token: str) -> int:
        """Returns the id of a normalised word, 1 if it is out of vocabulary."""
        return self._token_ids.known_words().id(token)

    def save_assets(self, dir_path: PathLike) -> None:
        """Writes the features' assets, such as the vocabulary, into a folder."""
        for feature in self.features:
            if feature.asset is not None:
                feature.save(Path(dir_path) / feature.asset)

    def load_assets(self, dir_path: PathLike) -> None:
        """Reads what `save_assets` wrote."""
        for feature in self.features:
            if feature.asset is not None:
                feature.load(Path(dir_path) / feature.asset)

    def get_config(self) -> Config:
        """Returns the settings; the vocabulary is an asset."""
        own = {"features": [serialize(feature) for feature in self._own_features]} if self._own_features else {}
        return {
            **super().get_config(),
            "characters": serialize(self.characters),
            "splitter": serialize_tokenizer(self.splitter),
            "normalizer": serialize(self.normalizer),
            "max_characters": self.max_characters,
            "bucket_lengths": self.bucket_lengths,
            "subwords": None if self.subwords is None else serialize(self.subwords),
            "elmo_characters": serialize(self.elmo_characters),
            "elmo_vocabulary": self.elmo_vocabulary is not None,
            **own,
        }

    @classmethod
    def from_config(cls, config: Config) -> "WordFeaturizer":
        """Creates a tokenizer without a vocabulary, which `load_assets` reads."""
        return cls(
            **{
                **config,
                "characters": deserialize(config["characters"]),
                "splitter": deserialize_tokenizer(config["splitter"]),
                "normalizer": deserialize(config["normalizer"]),
                "subwords": deserialize(config["subwords"]) if config.get("subwords") else None,
                "elmo_characters": deserialize(config["elmo_characters"]) if "elmo_characters" in config else None,
                "elmo_vocabulary": Vocabulary(()) if config.get("elmo_vocabulary") else None,
                "features": [deserialize(feature) for feature in config.get("features", ())],
            }
        )
