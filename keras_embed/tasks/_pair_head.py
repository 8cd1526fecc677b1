"""From what a backbone says of two texts to one vector for the pair."""

from typing import Any

from keras_embed._errors import message
from keras_embed.backbones._prefixed import of_prefix, prefixed_like
from keras_embed.functional.pair_comparison import pair_comparison
from keras_embed.preprocessors.pair_preprocessor import SIDES
from keras_embed.tasks._classifier_head import pooling_layer, representation

COMPARISONS = ("joint", "siamese")


def pair_inputs(backbone: Any, comparison: str) -> dict[str, Any]:
    """What a classifier of pairs reads: what the backbone does, or that of each text.

    Args:
        backbone: from a dict of features.
        comparison: "joint" or "siamese".
    """
    if comparison == "joint":
        return dict(backbone.input)
    return prefixed_like(backbone.input, SIDES)


def pair_representation(backbone: Any, inputs: dict[str, Any], comparison: str, pooling: Any) -> Any:
    """One vector for each pair: (B, D), or (B, 4 D) of a siamese backbone.

    Args:
        backbone: see `PairClassifier`.
        inputs: of `pair_inputs`.
        comparison: "joint" or "siamese".
        pooling: `None`, a name or a layer.
    """
    if comparison == "joint":
        sides = [(backbone(inputs), inputs)]
    else:
        each = [of_prefix(inputs, side) for side in SIDES]
        sides = [(backbone(features), features) for features in each]
    layer = pooling_layer(pooling, backbone, sides[0][0])  # one for both texts
    vectors = [representation(outputs, features, layer, backbone) for outputs, features in sides]
    if isinstance(vectors[0], dict):
        expected = "a backbone that gives `pooled_output` or `sequence_output`"
        raise ValueError(message(expected, sorted(vectors[0]), "BagBackbone(hidden_dims=(100,))"))
    return vectors[0] if comparison == "joint" else pair_comparison(*vectors)
