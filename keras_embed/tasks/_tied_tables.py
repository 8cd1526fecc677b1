"""The vectors of a backbone's pieces, where it has one table of them."""

from typing import Any

import keras

from keras_embed._errors import message
from keras_embed.tasks._parts import pieces_of


def token_embedding(backbone: Any) -> Any:
    """The `keras.layers.Embedding` that reads `token_ids`; `None` where there is none, or one of many.

    Args:
        backbone: one of Keras Hub, with `token_embedding`, or over a list of `embeddings`.
    """
    found = [getattr(backbone, "token_embedding", None)]
    for layer in getattr(backbone, "embeddings", None) or ():
        if "token_ids" in getattr(layer, "features", ()):
            found.append(getattr(layer, "embedding", None))
    tables = [layer for layer in found if isinstance(layer, keras.layers.Embedding)]
    return tables[0] if len(tables) == 1 else None


def num_pieces(backbone: Any, preprocessor: Any, embedding: Any, asked: int | None) -> int:
    """How many pieces can be guessed: what is asked for, or what a table, a backbone or a preprocessor tells.

    Raises:
        ValueError: where that is less than the preprocessor's number, or nothing tells.
    """
    known = embedding.input_dim if embedding is not None else getattr(backbone, "vocabulary_size", None)
    made = pieces_of(preprocessor)
    size = next((one for one in (asked, known, made) if one is not None), None)
    if size is None:
        received = "a backbone without a table of pieces and no preprocessor"
        raise ValueError(message("`vocabulary_size`", received, "MaskedLanguageModel(..., vocabulary_size=30522)"))
    if made is not None and size < made:
        raise ValueError(message(f"a backbone for the preprocessor's {made} pieces", f"one for {size}"))
    return int(size)
