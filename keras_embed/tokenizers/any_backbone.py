"""What a preprocessor or task says where Keras Hub asks for the one backbone class it belongs to."""

from typing import Any

import keras_hub


class _AnyBackbone:
    """Equal to every backbone class.

    Keras Hub looks for a subclass of a task whose `backbone_cls` is the preset's. Ours carry every backbone, so the
    task itself is the one.
    """

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type) and issubclass(other, keras_hub.models.Backbone)

    def __hash__(self) -> int:
        return hash(_AnyBackbone)

    def __repr__(self) -> str:
        return "any backbone"


ANY_BACKBONE: Any = _AnyBackbone()
