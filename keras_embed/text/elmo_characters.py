"""Words as rows of character ids, as published ELMo models read them, and features of whole sentences in NumPy."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras_embed._backend import tf
from keras_embed._errors import message
from keras_embed._types import Config, PathLike, TFTensor
from keras_embed.text import _files
from keras_embed.text.strings import IdLookup
from keras_embed.text.vocabulary import Vocabulary

#: The words at the beginning and the end of a sentence.
BOUNDARIES = ("<S>", "</S>")
_MIN_CHARACTERS = 3  # word beginning, one character, word end
_FORM = ("keras_embed.ElmoCodePoints", 1)
_SPECIAL = ("<oov>", "<bos>", "<eos>", "<bow>", "<eow>", "<pad>")


class ElmoMarks:
    """Ids of an ELMo model's special characters.

    Args:
        sentence_beginning: the only character of the word before a sentence.
        sentence_end: the only character of the word after a sentence.
        word_beginning: the first character of each word.
        word_end: the last character of each word.
        padding: fills rows up.

    Example:
    >>> ElmoMarks(257, 258, 259, 260, 261).row([106, 117], width=6)
    [259, 106, 117, 260, 261, 261]
    """

    def __init__(
        self, sentence_beginning: int, sentence_end: int, word_beginning: int, word_end: int, padding: int
    ) -> None:
        self.sentence_beginning, self.sentence_end = sentence_beginning, sentence_end
        self.word_beginning, self.word_end, self.padding = word_beginning, word_end, padding

    def row(self, characters: list[int], width: int) -> list[int]:
        """Returns a word's row: word beginning, characters (truncated to fit), word end, padding."""
        word = [self.word_beginning, *characters[: width - 2], self.word_end]
        return word + [self.padding] * (width - len(word))

    def rows(self, characters: TFTensor, lengths: TFTensor, width: int) -> TFTensor:
        """Computes `row` of many words in TensorFlow graph code.

        Args:
            characters: int32 (N, width - 2), of which the first `lengths` are real.
            lengths: int32 (N,).
            width: of the rows.
        """
        first = tf.fill(tf.stack([tf.shape(characters)[0], 1]), self.word_beginning)
        last = tf.fill(tf.stack([tf.shape(characters)[0], 1]), self.padding)
        rows = tf.concat([first, characters, last], axis=1)  # (N, width)
        positions, ends = tf.range(width)[None, :], lengths[:, None] + 1
        rows = tf.where(positions > ends, self.padding, rows)
        return tf.where(positions == ends, self.word_end, rows)

    def boundary_rows(self, width: int) -> tuple[list[int], list[int]]:
        """Returns the rows of the words before and after a sentence."""
        return self.row([self.sentence_beginning], width), self.row([self.sentence_end], width)

    def as_tuple(self) -> tuple[int, int, int, int, int]:
        """Returns the ids in the order of the arguments."""
        return self.sentence_beginning, self.sentence_end, self.word_beginning, self.word_end, self.padding


#: Published ids plus 1, so that 0 is free for padding words.
BYTE_MARKS = ElmoMarks(257, 258, 259, 260, 261)


class ElmoCharacters:
    """A word's bytes between two special characters, as all published English and Russian models read them.

    A word is its UTF-8 bytes, truncated to `max_characters - 2`, even inside a character. Bytes have ids 1 to 256,
    special characters 257 to 261, and 0 is padding: the published ids plus 1, as at inference. The words "<S>" and
    "</S>" are a sentence's boundaries.

    Args:
        max_characters: L, width of a row; a model's `max_characters_per_token`.
        extra_tokens: words with one id, 1 to 256, in place of their bytes, preferably the id of a byte that does not
            occur in UTF-8 (AllenNLP's `tokens_to_add`, plus 1).

    Raises:
        ValueError: If `max_characters` is below 3, or if an id of `extra_tokens` is outside 1 to 256.

    Example:
    >>> ElmoCharacters(max_characters=6).encode_python("it")
    [259, 106, 117, 260, 261, 261]
    """

    def __init__(self, max_characters: int = 50, extra_tokens: Mapping[str, int] | None = None) -> None:
        if not isinstance(max_characters, int) or max_characters < _MIN_CHARACTERS:
            raise ValueError(
                message(f"`max_characters` of at least {_MIN_CHARACTERS}", max_characters, "max_characters=50")
            )
        self.max_characters = max_characters
        self.extra_tokens = dict(extra_tokens or {})
        for token, id_ in self.extra_tokens.items():
            if not 1 <= id_ <= 256:
                raise ValueError(message("ids from 1 to 256 for `extra_tokens`", f"{token!r}: {id_}"))
        self._special = dict(zip(BOUNDARIES, BYTE_MARKS.as_tuple(), strict=False)) | self.extra_tokens

    def __len__(self) -> int:
        return BYTE_MARKS.padding + 1

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ElmoCharacters) and self.get_config() == other.get_config()

    def __hash__(self) -> int:
        return hash(self.max_characters)

    @property
    def marks(self) -> ElmoMarks:
        """Ids of the special characters."""
        return BYTE_MARKS

    def encode(self, tokens: TFTensor) -> TFTensor:
        """Computes the rows of some words in TensorFlow graph code.

        Args:
            tokens: string tensor (N,).

        Returns:
            int32 (N, L).
        """
        width = self.max_characters - 2
        cut = tf.strings.substr(tokens, 0, width)
        characters = tf.cast(tf.io.decode_raw(cut, tf.uint8, fixed_length=width), tf.int32) + 1  # (N, L - 2)
        rows = BYTE_MARKS.rows(characters, tf.strings.length(cut), self.max_characters)  # (N, L)
        for token, id_ in self._special.items():
            row = tf.constant(BYTE_MARKS.row([id_], self.max_characters))
            rows = tf.where((tokens == token)[:, None], row, rows)
        return tf.ensure_shape(rows, [None, self.max_characters])

    def encode_python(self, token: str) -> list[int]:
        """Computes the row of one word in Python. Characters that UTF-8 cannot encode are dropped."""
        id_ = self._special.get(token)
        characters = [byte + 1 for byte in token.encode("utf-8", "ignore")] if id_ is None else [id_]
        return BYTE_MARKS.row(characters, self.max_characters)

    def resources(self) -> list[TFTensor]:
        """Returns the TensorFlow resources that an exporter must track: none."""
        return []

    def get_config(self) -> Config:
        """Returns the arguments."""
        return {"max_characters": self.max_characters, "extra_tokens": self.extra_tokens}

    @classmethod
    def from_config(cls, config: Config) -> "ElmoCharacters":
        """Creates the object from its config."""
        return cls(**config)


class ElmoCodePoints:
    """The characters and words of an ELMoForManyLangs model.

    A word is its Unicode code points, truncated to `max_characters - 2`, each with its id in the model's list, and a
    word id where the model lists words. All ids are the lists' plus 1: 0 is padding. A quirk of the published models
    is reproduced: the special character before a word is the one that the list calls its end, and vice versa.

    Args:
        characters: character to id, `char.dic`. With "<oov>", "<bos>", "<eos>", "<bow>", "<eow>" and "<pad>".
        words: word to id, `word.dic`, with "<oov>", "<bos>" and "<eos>"; `None`: words have no ids.
        max_characters: L, width of a row.

    Raises:
        ValueError: If a special character is missing.

    Example:
    >>> special = ["<oov>", "<bos>", "<eos>", "<bow>", "<eow>", "<pad>"]
    >>> characters = {name: id for id, name in enumerate([*special, "i", "t"])}
    >>> ElmoCodePoints(characters, max_characters=6).encode_python("it!")
    [5, 7, 8, 1, 4, 6]
    """

    def __init__(
        self, characters: Mapping[str, int], words: Mapping[str, int] | None = None, max_characters: int = 50
    ) -> None:
        self._characters = dict(characters)
        self._words = None if words is None else dict(words)
        self.max_characters = max_characters
        self._table: IdLookup | None = None
        if not self._characters:
            return  # created from a config: `load` fills the lists
        for name in _SPECIAL:
            if name not in self._characters:
                raise ValueError(message(f"{name!r} among the characters", f"{len(self._characters)} others"))
        ids = {name: self._characters[name] + 1 for name in _SPECIAL}
        self.marks = ElmoMarks(ids["<bos>"], ids["<eos>"], ids["<eow>"], ids["<bow>"], ids["<pad>"])
        letters = sorted((ord(name), id_ + 1) for name, id_ in self._characters.items() if len(name) == 1)
        # Sorted for a binary search. The sentinel, above all code points, keeps the found index inside the array.
        self._points = np.array([point for point, _ in letters] + [0x110000], np.int32)
        self._point_ids = np.array([id_ for _, id_ in letters] + [ids["<oov>"]], np.int32)
        if self._words is not None:
            word_ids = self._ids_of_words()
            encoded = [word.encode("utf-8", "surrogatepass") for word in word_ids]
            self._table = IdLookup(encoded, default=word_ids["<oov>"], ids=list(word_ids.values()))

    def __len__(self) -> int:
        return max(self._characters.values()) + 2

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ElmoCodePoints) and self._content() == other._content()

    def __hash__(self) -> int:
        return hash((len(self._characters), self.max_characters))

    @property
    def num_words(self) -> int:
        """Number of word ids, padding included; 0 if words have no ids."""
        return 0 if self._words is None else max(self._words.values()) + 2

    def boundary_words(self) -> tuple[int, int]:
        """Returns the word ids of a sentence's beginning and end."""
        return (0, 0) if self._words is None else (self._words["<bos>"] + 1, self._words["<eos>"] + 1)

    def encode(self, tokens: TFTensor) -> TFTensor:
        """Computes the rows of some words in TensorFlow graph code.

        Args:
            tokens: string tensor (N,).

        Returns:
            int32 (N, L).
        """
        width = self.max_characters - 2
        cut = tf.strings.substr(tokens, 0, width, unit="UTF8_CHAR")
        points = tf.strings.unicode_decode(cut, "UTF-8")  # ragged (N, None)
        index = tf.searchsorted(self._points, points.flat_values)
        known = tf.gather(self._points, index) == points.flat_values
        ids = tf.where(known, tf.gather(self._point_ids, index), self._point_ids[-1])
        characters = points.with_flat_values(ids).to_tensor(shape=[None, width])  # (N, L - 2)
        rows = self.marks.rows(characters, tf.cast(points.row_lengths(), tf.int32), self.max_characters)  # (N, L)
        for token, row in zip(BOUNDARIES, self.marks.boundary_rows(self.max_characters), strict=True):
            rows = tf.where((tokens == token)[:, None], tf.constant(row), rows)
        return tf.ensure_shape(rows, [None, self.max_characters])

    def encode_python(self, token: str) -> list[int]:
        """Computes the row of one word in Python."""
        if token in BOUNDARIES:
            return self.marks.boundary_rows(self.max_characters)[BOUNDARIES.index(token)]
        unknown = self._characters["<oov>"]
        characters = [self._characters.get(character, unknown) + 1 for character in token]
        return self.marks.row(characters, self.max_characters)

    def word_ids(self, tokens: TFTensor) -> TFTensor:
        """Looks up word ids, int32 (N,), in TensorFlow graph code; out-of-vocabulary words have that of "<oov>"."""
        return self.table.lookup(tokens)

    def word_ids_python(self, token: str) -> int:
        """Looks up the id of one word in Python."""
        return self._ids_of_words().get(token, (self._words or {})["<oov>"] + 1)

    @property
    def table(self) -> TFTensor:
        """The `tf.lookup.StaticHashTable` of `word_ids`, created at first use. An exporter must track it."""
        if self._table is None:
            raise ValueError(message("a model that lists words", "one that lists characters only"))
        return self._table.table

    def resources(self) -> list[TFTensor]:
        """Returns the TensorFlow resources that an exporter must track."""
        return [] if self._words is None else [self.table]

    def _ids_of_words(self) -> dict[str, int]:
        if self._words is None:
            raise ValueError(message("a model that lists words", "one that lists characters only"))
        boundaries = dict(zip(BOUNDARIES, self.boundary_words(), strict=True))
        return {word: id_ + 1 for word, id_ in self._words.items()} | boundaries

    def get_config(self) -> Config:
        """Returns the settings, without the lists, which `save` writes."""
        return {"max_characters": self.max_characters}

    @classmethod
    def from_config(cls, config: Config) -> "ElmoCodePoints":
        """Creates an object without lists, which `load` fills."""
        return cls(characters={}, **config)

    def _content(self) -> Config:
        return {**self.get_config(), "characters": self._characters, "words": self._words}

    def save(self, path: PathLike) -> None:
        """Writes a JSON file atomically."""
        _files.write(path, _FORM, self._content())

    @classmethod
    def load(cls, path: PathLike) -> "ElmoCodePoints":
        """Reads what `save` wrote.

        Raises:
            ValueError: If the file has another format.
        """
        return cls(**_files.read(path, _FORM, "characters of ELMoForManyLangs"))


def elmo_features(
    sentences: Sequence[Sequence[str]],
    characters: ElmoCharacters | ElmoCodePoints | None = None,
    vocabulary: Vocabulary | None = None,
) -> dict[str, NDArray[Any]]:
    """Computes the features that `backbones.ElmoBackbone` reads, each distinct word once.

    Inside a `tf.data` pipeline or a task, `tokenizers.WordFeaturizer` computes the same.

    Args:
        sentences: lists of words.
        characters: encodes words; `None`: `ElmoCharacters()`.
        vocabulary: words with cached vectors, of a backbone returned by `cache_vocabulary`.

    Returns:
        dict of arrays, T the number of words of the longest sentence, at least 1: `elmo_ids` int32 (B, W, L),
        `char_index` int32 (B, T), `padding_mask` bool (B, T); `elmo_word_ids` int32 (B, W) if words have ids;
        `elmo_cache_ids` int32 (B, W) if there is a `vocabulary`.

    Raises:
        ValueError: If there are no sentences, or if a sentence is not a list of words.

    Example:
    >>> features = elmo_features([["so", "so"], ["it", "goes", "so"]])
    >>> {name: array.shape for name, array in features.items()}
    {'char_index': (2, 3), 'padding_mask': (2, 3), 'elmo_ids': (2, 2, 50)}
    """
    for sentence in sentences:
        if isinstance(sentence, (str, bytes)):
            raise ValueError(message("every sentence as a list of words", repr(sentence), "sentence.split()"))
    if not len(sentences):
        raise ValueError(message("at least one sentence", "none"))
    characters = ElmoCharacters() if characters is None else characters
    rows_of_words: dict[str, int] = {}  # distinct word -> its row in the batch's table, by first occurrence
    index = [[rows_of_words.setdefault(word, len(rows_of_words)) for word in sentence] for sentence in sentences]
    # The table of distinct words is spread over the batch axis, W rows for each sentence.
    steps = max([1, *map(len, index)])
    width = max(1, -(-len(rows_of_words) // len(index)))
    char_index = np.zeros((len(index), steps), np.int32)
    mask = np.zeros((len(index), steps), bool)
    for row, indices in enumerate(index):
        char_index[row, : len(indices)] = indices
        mask[row, : len(indices)] = True

    def table(compute: Callable[[str], int | list[int]]) -> NDArray[np.int32]:
        values = [compute(word) for word in rows_of_words]
        array = np.zeros((len(index) * width, *np.shape(values[0] if values else compute(""))), np.int32)
        array[: len(values)] = np.array(values, np.int32).reshape(len(values), *array.shape[1:])
        return array.reshape(len(index), width, *array.shape[1:])  # (B, W, ...)

    features = {"char_index": char_index, "padding_mask": mask, "elmo_ids": table(characters.encode_python)}
    if isinstance(characters, ElmoCodePoints) and characters.num_words:
        features["elmo_word_ids"] = table(characters.word_ids_python)
    if vocabulary is not None:
        features["elmo_cache_ids"] = table(vocabulary.id)
    return features
