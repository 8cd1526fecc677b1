"""Words as rows of code points beside a number of their own, as ELMoForManyLangs reads them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from keras_embed._backend import tf
from keras_embed._errors import message
from keras_embed.text import _json_file
from keras_embed.text.elmo_characters import BOUNDARIES, ElmoMarks

_FORM = ("keras_embed.ElmoCodePoints", 1)
_NEEDED = ("<oov>", "<bos>", "<eos>", "<bow>", "<eow>", "<pad>")


class ElmoCodePoints:
    """The characters and words of an ELMoForManyLangs model.

    A word is its Unicode code points, cut to the first `max_characters - 2`, each with its number in the model's list,
    and a number of its own where the model lists words. All numbers are the lists' plus 1: 0 is left for words that
    are padding. A quirk of the published models is kept: the mark before a word is what the list calls its end, and
    the other way round.

    Args:
        characters: character -> number, `char.dic`. With "<oov>", "<bos>", "<eos>", "<bow>", "<eow>" and "<pad>".
        words: word -> number, `word.dic`, with "<oov>", "<bos>" and "<eos>"; None: words have no number.
        max_characters: L, width of a row.

    Raises:
        ValueError: for characters among which the marks are not.

    Example:
    >>> marks = ["<oov>", "<bos>", "<eos>", "<bow>", "<eow>", "<pad>"]
    >>> characters = {name: number for number, name in enumerate([*marks, "i", "t"])}
    >>> ElmoCodePoints(characters, max_characters=6).encode_python("it!")
    [5, 7, 8, 1, 4, 6]
    """

    def __init__(
        self, characters: Mapping[str, int], words: Mapping[str, int] | None = None, max_characters: int = 50
    ) -> None:
        self._characters = dict(characters)
        self._words = None if words is None else dict(words)
        self.max_characters = max_characters
        self._table: Any = None
        if not self._characters:
            return  # of a config alone: `load` brings the lists
        for name in _NEEDED:
            if name not in self._characters:
                raise ValueError(message(f"{name!r} among the characters", f"{len(self._characters)} others"))
        number = {name: self._characters[name] + 1 for name in _NEEDED}
        self.marks = ElmoMarks(number["<bos>"], number["<eos>"], number["<eow>"], number["<bow>"], number["<pad>"])
        letters = sorted((ord(name), at + 1) for name, at in self._characters.items() if len(name) == 1)
        # The sentinel, above every code point, keeps the search inside an array that is never empty.
        self._points = np.array([point for point, _ in letters] + [0x110000], np.int32)
        self._numbers = np.array([at for _, at in letters] + [number["<oov>"]], np.int32)

    def __len__(self) -> int:
        return max(self._characters.values()) + 2

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ElmoCodePoints) and self._content() == other._content()

    def __hash__(self) -> int:
        return hash((len(self._characters), self.max_characters))

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_table": None}  # a TensorFlow resource: it cannot be copied or pickled

    @property
    def num_words(self) -> int:
        """How many numbers words have, padding included; 0 where they have none."""
        return 0 if self._words is None else max(self._words.values()) + 2

    def boundary_words(self) -> tuple[int, int]:
        """The numbers of a sentence's beginning and end as words."""
        return (0, 0) if self._words is None else (self._words["<bos>"] + 1, self._words["<eos>"] + 1)

    def encode(self, tokens: Any) -> Any:
        """The rows of some words, string tensor (N,), in TensorFlow graph code; int32 (N, L)."""
        width = self.max_characters - 2
        cut = tf.strings.substr(tokens, 0, width, unit="UTF8_CHAR")
        points = tf.strings.unicode_decode(cut, "UTF-8")
        place = tf.searchsorted(self._points, points.flat_values)
        known = tf.gather(self._points, place) == points.flat_values
        numbers = tf.where(known, tf.gather(self._numbers, place), self._numbers[-1])
        letters = points.with_flat_values(numbers).to_tensor(shape=[None, width])
        rows = self.marks.rows(letters, tf.cast(points.row_lengths(), tf.int32), self.max_characters)
        for token, row in zip(BOUNDARIES, self.marks.boundary_rows(self.max_characters), strict=True):
            rows = tf.where((tokens == token)[:, None], tf.constant(row), rows)
        return tf.ensure_shape(rows, [None, self.max_characters])

    def encode_python(self, token: str) -> list[int]:
        """What `encode` gives for one word."""
        if token in BOUNDARIES:
            return self.marks.boundary_rows(self.max_characters)[BOUNDARIES.index(token)]
        unknown = self._characters["<oov>"]
        letters = [self._characters.get(character, unknown) + 1 for character in token]
        return self.marks.row(letters, self.max_characters)

    def word_ids(self, tokens: Any) -> Any:
        """The words' own numbers, int32 (N,), in TensorFlow graph code; unknown words share that of "<oov>"."""
        return self.table.lookup(tokens)

    def word_ids_python(self, token: str) -> int:
        """What `word_ids` gives for one word."""
        return self._numbered_words().get(token, (self._words or {})["<oov>"] + 1)

    @property
    def table(self) -> Any:
        """The `tf.lookup.StaticHashTable` behind `word_ids`, made at first use. An exporter must track it."""
        if self._table is None:
            numbered = self._numbered_words()
            with tf.init_scope():  # outside of any graph being traced, so that every later graph can use it
                keys = tf.constant([word.encode("utf-8", "surrogatepass") for word in numbered], tf.string)
                values = tf.constant(list(numbered.values()), tf.int32)
                unknown = numbered["<oov>"]
                self._table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, values), unknown)
        return self._table

    def resources(self) -> list[Any]:
        """What an exporter must hold."""
        return [] if self._words is None else [self.table]

    def _numbered_words(self) -> dict[str, int]:
        if self._words is None:
            raise ValueError(message("a model that lists words", "one that lists characters alone"))
        beginning, end = self.boundary_words()
        return {word: number + 1 for word, number in self._words.items()} | dict(
            zip(BOUNDARIES, (beginning, end), strict=True)
        )

    def get_config(self) -> dict[str, Any]:
        """The settings, without the lists, which `save` writes."""
        return {"max_characters": self.max_characters}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "ElmoCodePoints":
        """One without lists, which `load` brings."""
        return cls(characters={}, **config)

    def _content(self) -> dict[str, Any]:
        return {**self.get_config(), "characters": self._characters, "words": self._words}

    def save(self, path: str | Path) -> None:
        """Writes a JSON file. It appears whole or not at all."""
        _json_file.write(path, _FORM, self._content())

    @classmethod
    def load(cls, path: str | Path) -> "ElmoCodePoints":
        """Reads what `save` wrote.

        Raises:
            ValueError: for another file.
        """
        return cls(**_json_file.read(path, _FORM, "characters of ELMoForManyLangs"))
