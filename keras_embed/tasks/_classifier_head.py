"""From whatever a backbone gives to one score for each class."""

from typing import Any

import keras
from keras import ops

from keras_embed._errors import check_one_of, message
from keras_embed.backbones.embedded import hidden_stack
from keras_embed.caching.encoder_cache import named_outputs
from keras_embed.layers import AttentionPooling, EmbeddingBag, FirstPooling, LastPooling, MaxPooling, MeanPooling

_POOLINGS = {
    "attention": AttentionPooling,
    "cls": FirstPooling,
    "first": FirstPooling,
    "last": LastPooling,
    "max": MaxPooling,
    "mean": MeanPooling,
}
_DEFAULT = "max"


def pooling_layer(pooling: Any, backbone: Any, outputs: Any) -> Any:
    """The layer that `pooling` names, or the layer itself; for `None`, one where the outputs have to be pooled."""
    if isinstance(pooling, keras.layers.Layer):
        return pooling
    if pooling is None:
        named = named_outputs(outputs)
        if "sequence_output" not in named or "pooled_output" in named or "term_ids" in named:
            return None
        pooling = _DEFAULT
    check_one_of("pooling", pooling, _POOLINGS)
    if pooling == "last":
        return LastPooling(bidirectional=getattr(backbone, "bidirectional", False), name="pooling")
    return _POOLINGS[pooling](name="pooling")


def pooling_config(pooling: Any) -> Any:
    """`None` and names as they are, a layer as its config."""
    return keras.layers.serialize(pooling) if isinstance(pooling, keras.layers.Layer) else pooling


def with_pooling(config: dict[str, Any]) -> dict[str, Any]:
    """The config of a task, with the layer that `pooling_config` wrote down."""
    pooling = config.get("pooling")
    return {**config, "pooling": keras.layers.deserialize(pooling) if isinstance(pooling, dict) else pooling}


def representation(outputs: Any, inputs: dict[str, Any], pooling: Any, backbone: Any) -> Any:
    """One vector for each text: (B, D), or a dict with a sparse one, `term_ids` and `term_weights`.

    Args:
        outputs: of the backbone: a dict with `pooled_output`, `sequence_output` or both, or with `term_ids` and
            `term_weights`, or a tensor of two or three axes.
        inputs: of the backbone; `padding_mask` says what is real.
        pooling: `None`, a name or a layer.
        backbone: says whether it reads in both directions.
    """
    outputs = named_outputs(outputs)
    layer = pooling_layer(pooling, backbone, outputs)
    if layer is None and "pooled_output" in outputs:
        return outputs["pooled_output"]
    if layer is None and "term_ids" in outputs:
        return outputs
    if layer is None:
        expected = "a backbone that gives `pooled_output`, `sequence_output` or `term_ids`"
        raise ValueError(message(expected, sorted(outputs)))
    if "sequence_output" not in outputs:
        received = f"pooling={pooling!r}, for a backbone that gives {sorted(outputs)}"
        raise ValueError(message("a backbone with `sequence_output`, to pool it", received, "pooling=None"))
    mask = ops.cast(inputs["padding_mask"], "bool") if "padding_mask" in inputs else None
    return layer(outputs["sequence_output"], mask=mask)  # (B, D)


def scores(
    x: Any, backbone: Any, num_classes: int, hidden_dims: Any, dropout: float, regularizer: Any, term_scales: Any
) -> Any:
    """A score for each class, (B, K) float32, after dropout and hidden layers.

    Args:
        x: what `representation` gave.
        backbone: has `vocabulary_size`, where `x` is sparse.
        num_classes: K.
        hidden_dims: widths of hidden layers.
        dropout: rate.
        regularizer: of the last weights.
        term_scales: see `layers.EmbeddingBag`.
    """
    drop = keras.layers.Dropout(dropout, name="output_dropout")
    if not isinstance(x, dict):
        if term_scales is not None:
            received = "`term_scales` for a backbone that gives dense vectors"
            raise ValueError(message("BagBackbone without hidden layers, to scale terms", received, "term_scales=None"))
        x = hidden_stack(x, hidden_dims, "relu", dropout, None)
        return keras.layers.Dense(num_classes, kernel_regularizer=regularizer, dtype="float32", name="scores")(drop(x))
    if hidden_dims:
        received = f"hidden_dims={hidden_dims} for a sparse vector"
        raise ValueError(message("hidden layers in the backbone", received, f"BagBackbone(hidden_dims={hidden_dims})"))
    bag = EmbeddingBag(
        backbone.vocabulary_size,
        num_classes,
        embeddings_initializer="zeros",
        embeddings_regularizer=regularizer,
        scales=term_scales,
        dtype="float32",
        name="scores",
    )
    return bag({"term_ids": x["term_ids"], "term_weights": drop(x["term_weights"])})
