"""One vector for each word of a sentence, from whatever a backbone reads and gives."""

from typing import Any

import keras

from keras_embed._errors import message
from keras_embed.caching.encoder_cache import named_outputs
from keras_embed.layers._windows import WindowRows, WordsOfWindows
from keras_embed.preprocessors.features import PREFIX


def tagger_inputs(backbone: Any, subwords: bool) -> dict[str, Any]:
    """What a tagger reads: what its backbone does; or windows of that, and where the words stand in them.

    Args:
        backbone: from a dict of features.
        subwords: whether it reads pieces of words; see `preprocessors.word_windows`.
    """
    if not subwords:
        return dict(backbone.input)
    inputs = {
        PREFIX + name: keras.Input((None, *x.shape[1:]), dtype=x.dtype, name=PREFIX + name)
        for name, x in backbone.input.items()
    }
    inputs["word_positions"] = keras.Input((None,), dtype="int32", name="word_positions")
    inputs["word_mask"] = keras.Input((None,), dtype="bool", name="word_mask")
    return inputs


def word_vectors(backbone: Any, inputs: dict[str, Any], subwords: bool) -> tuple[Any, Any]:
    """Vectors (B, T, D) and their mask (B, T) bool; those of first pieces for a backbone of `subwords`.

    Args:
        backbone: gives `sequence_output` (B, T, D), in a dict or alone.
        inputs: of `tagger_inputs`.
        subwords: see there.

    Raises:
        ValueError: for a backbone that gives no sequence.
    """
    features = inputs
    if subwords:
        rows = {name: PREFIX + name for name in backbone.input}
        features = {name: WindowRows(name=f"{row}_rows")(inputs[row]) for name, row in rows.items()}
    outputs = named_outputs(backbone(features))
    if "sequence_output" not in outputs:
        raise ValueError(message("a backbone that gives `sequence_output`", sorted(outputs)))
    x = outputs["sequence_output"]
    if not subwords:
        return x, inputs["padding_mask"]
    return WordsOfWindows(name="words")(x, inputs["word_positions"]), inputs["word_mask"]
