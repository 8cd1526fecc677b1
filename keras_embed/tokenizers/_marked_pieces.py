"""The pieces of a tokenizer of Keras Hub, and the marks among them."""

from typing import Any

import keras_hub

from keras_embed.tokenizers.any_backbone import ANY_BACKBONE


class OfAnyBackbone(keras_hub.tokenizers.Tokenizer):
    """Finds the tokenizer in a preset whatever backbone stands beside it; Keras Hub looks for one of that backbone."""

    backbone_cls = ANY_BACKBONE


class MarkedPieces(keras_hub.tokenizers.Tokenizer):
    """What is known of the pieces of `self.tokenizer`, one of Keras Hub."""

    tokenizer: Any

    @property
    def start_id(self) -> int | None:
        """The mark in front of everything; `None` where the encoder has none."""
        return self._id("start_token")

    @property
    def end_id(self) -> int:
        """The mark behind each segment."""
        return int(self.tokenizer.end_token_id)

    @property
    def padding_id(self) -> int:
        """What fills rows up."""
        return int(self.tokenizer.pad_token_id)

    @property
    def mask_id(self) -> int | None:
        """What hides a piece from the encoder; `None` where it has none."""
        return self._id("mask_token")

    @property
    def unknown_id(self) -> int | None:
        """What stands for what has no pieces; `None` where the encoder knows every text."""
        unknown = getattr(self.tokenizer, "oov_token", None)
        return self._id("unk_token") if unknown is None else int(self.tokenizer.token_to_id(unknown))

    @property
    def special_ids(self) -> tuple[int, ...]:
        """The marks, which no text gives, in rising order."""
        marks = (self.start_id, self.end_id, self.padding_id, self.mask_id)
        return tuple(sorted({mark for mark in marks if mark is not None}))

    def _id(self, name: str) -> int | None:
        number = getattr(self.tokenizer, f"{name}_id", None)
        return None if number is None else int(number)

    def build(self, input_shape: Any = None) -> None:
        """Nothing to build."""

    def vocabulary_size(self) -> int:
        """Number of pieces."""
        return int(self.tokenizer.vocabulary_size())

    def get_vocabulary(self) -> list[str]:
        """Pieces by number."""
        return list(self.tokenizer.get_vocabulary())

    def id_to_token(self, id: int) -> str:
        """The piece with this number."""
        return str(self.tokenizer.id_to_token(int(id)))

    def token_to_id(self, token: str) -> int:
        """The number of a piece."""
        return int(self.tokenizer.token_to_id(token))
