"""Sentences as what ELMo reads, without TensorFlow."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_embed._errors import message
from keras_embed.text.elmo_characters import ElmoCharacters


def elmo_features(sentences: Sequence[Sequence[str]], characters: Any = None, vocabulary: Any = None) -> dict[str, Any]:
    """The features that `backbones.ElmoBackbone` reads, of some sentences; every distinct word stands there once.

    Inside of a `tf.data` pipeline or a task, `tokenizers.WordFeaturizer` makes the same.

    Args:
        sentences: lists of words.
        characters: `ElmoCharacters` or `ElmoCodePoints`; None: `ElmoCharacters()`.
        vocabulary: `Vocabulary` of a backbone that `cache_vocabulary` made.

    Returns:
        dict of arrays, as many steps T as the longest sentence has words, at least one: `elmo_ids` int32 (B, W, L),
        `char_index` int32 (B, T), `padding_mask` bool (B, T); `elmo_word_ids` int32 (B, W) where words have numbers of
        their own; `elmo_cache_ids` int32 (B, W) where there is a `vocabulary`.

    Raises:
        ValueError: for no sentences, and a sentence that is no list of words.

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
    places: dict[str, int] = {}
    index = [[places.setdefault(word, len(places)) for word in sentence] for sentence in sentences]
    steps = max([1, *map(len, index)])
    width = max(1, -(-len(places) // len(index)))
    char_index = np.zeros((len(index), steps), np.int32)
    mask = np.zeros((len(index), steps), bool)
    for row, places_of_row in enumerate(index):
        char_index[row, : len(places_of_row)] = places_of_row
        mask[row, : len(places_of_row)] = True

    def table(of_word: Any) -> Any:
        rows = [of_word(word) for word in places]
        array = np.zeros((len(index) * width, *np.shape(rows[0] if rows else of_word(""))), np.int32)
        array[: len(rows)] = np.array(rows, np.int32).reshape(len(rows), *array.shape[1:])
        return array.reshape(len(index), width, *array.shape[1:])

    features = {"char_index": char_index, "padding_mask": mask, "elmo_ids": table(characters.encode_python)}
    if getattr(characters, "num_words", 0):
        features["elmo_word_ids"] = table(characters.word_ids_python)
    if vocabulary is not None:
        features["elmo_cache_ids"] = table(vocabulary.id)
    return features
