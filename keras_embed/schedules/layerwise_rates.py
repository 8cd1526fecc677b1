"""The weights of an encoder from bottom to top, and learning rates that fall towards the bottom."""

from typing import Any

from keras_embed._errors import message


def encoder_stages(backbone: Any) -> list[list[str]]:
    """The paths of a backbone's weights, from its embeddings to its last layer.

    Args:
        backbone: one of Keras Hub with `transformer_layers`, such as `BertBackbone`, or any of `keras_embed.backbones`.

    Returns:
        a list for each stage: the embeddings and what else stands below the first layer; then each layer, the last one
        with all that comes behind it.

    Raises:
        ValueError: for a model without weights in layers.

    Example:
    >>> import keras_hub
    >>> sizes = dict(num_layers=2, num_heads=1, hidden_dim=4, intermediate_dim=4)
    >>> stages = encoder_stages(keras_hub.models.BertBackbone(9, **sizes))
    >>> [stage[-1] for stage in stages]
    ['embeddings_layer_norm/beta', 'transformer_layer_0/feedforward_output_dense/bias', 'pooled_dense/bias']
    """
    layers = _layers(backbone)
    places = {id(weight): place for place, layer in enumerate(layers, start=1) for weight in layer.weights}
    if not places:
        raise ValueError(message("a backbone with layers that have weights", type(backbone).__name__))
    stages: list[list[str]] = [[] for _ in range(len(layers) + 1)]
    below = {id(weight) for layer in getattr(backbone, "embeddings", None) or () for weight in layer.weights}
    seen = False
    for weight in backbone.weights:
        seen = seen or id(weight) in places
        place = places.get(id(weight), len(layers) if seen and id(weight) not in below else 0)
        stages[place].append(weight.path)
    return stages


def _layers(backbone: Any) -> list[Any]:
    """The layers that stand on each other above the embeddings."""
    for owner in (backbone, *backbone.layers):
        for name in ("transformer_layers", "blocks"):
            if getattr(owner, name, None):
                return list(getattr(owner, name))
    below = {id(layer) for layer in getattr(backbone, "embeddings", None) or ()}
    return [layer for layer in backbone.layers if layer.weights and id(layer) not in below]


def layerwise_rates(backbone: Any, decay: float = 0.9) -> dict[str, float]:
    """Factors for `DiscriminativeRates` that fall from layer to layer: what a layer near the text knows, it keeps.

    Of N layers, the n-th from below gets `decay ** (N + 1 - n)`, the embeddings `decay ** (N + 1)`; a head above the
    backbone has 1.

    Args:
        backbone: see `encoder_stages`.
        decay: above 0, at most 1.

    Returns:
        Factor by path of a weight.

    Raises:
        ValueError: for a decay out of range, and what `encoder_stages` raises.

    References:
        Howard and Ruder 2018, section 3.2, https://aclanthology.org/P18-1031 (decay 1 / 2.6); Clark et al. 2020,
        appendix A, https://openreview.net/forum?id=r1xMH1BtvB (0.8 for small encoders, 0.9 for large ones).

    Example:
    >>> import keras_hub
    >>> sizes = dict(num_layers=2, num_heads=1, hidden_dim=4, intermediate_dim=4)
    >>> rates = layerwise_rates(keras_hub.models.BertBackbone(9, **sizes), decay=0.5)
    >>> rates["pooled_dense/bias"], rates["token_embedding/embeddings"]
    (0.5, 0.125)
    """
    if not 0 < decay <= 1:
        raise ValueError(message("`decay` above 0 and at most 1", decay))
    stages = encoder_stages(backbone)
    return {path: decay ** (len(stages) - place) for place, stage in enumerate(stages) for path in stage}
