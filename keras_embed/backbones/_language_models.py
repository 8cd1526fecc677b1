"""What backbones share that read a text and say, at each token, what comes next."""

from typing import Any

import keras

from keras_embed import _errors
from keras_embed.backbones._frozen import FreezableBackbone
from keras_embed.backbones._seq2seq import embedding_tables


class LanguageModelBackbone(FreezableBackbone):
    """A backbone with `begin` and `step`, whose arguments are in `arguments`."""

    arguments: dict[str, Any]

    @property
    def vocabulary_size(self) -> int:
        """V."""
        return int(self.arguments["vocabulary_size"])

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {**super().get_config(), **self.arguments}


def token_inputs() -> dict[str, Any]:
    """The two features: token numbers and their mask."""
    return {
        "token_ids": keras.Input((None,), dtype="int32", name="token_ids"),
        "padding_mask": keras.Input((None,), dtype="bool", name="padding_mask"),
    }


def token_embedding(size: int, dim: int, tied: bool, dtype: Any) -> Any:
    """Vectors of the tokens; it also makes logits, float32, with `reverse=True`, by the same vectors where `tied`."""
    _errors.check_positive("vocabulary_size", size)
    return embedding_tables(size, size, (dim, dim), "all" if tied else "source_target", dtype)[1]
