"""Heads over one vector for each text: pooling, hidden layers, and a score for each class."""

from collections.abc import Sequence
from typing import TypeAlias

import keras
from keras import ops

from keras_embed._errors import check_one_of, message
from keras_embed._types import Config, Features, KerasObject, Tensor
from keras_embed.backbones.embedded import hidden_stack
from keras_embed.backbones.outputs import named_outputs
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
#: A layer, its name, or `None`.
Pooling: TypeAlias = str | keras.layers.Layer | None


def pooling_layer(pooling: Pooling, backbone: keras.Model, outputs: Tensor | Features) -> keras.layers.Layer | None:
    """Returns the layer of a name; for `None`, the default if the outputs have to be pooled, else `None`."""
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


def pooling_config(pooling: Pooling) -> str | Config | None:
    """Returns a layer as its config, other values unchanged."""
    return keras.layers.serialize(pooling) if isinstance(pooling, keras.layers.Layer) else pooling


def with_pooling(config: Config) -> Config:
    """Returns the config of a task with its pooling layer deserialized."""
    pooling = config.get("pooling")
    return {**config, "pooling": keras.layers.deserialize(pooling) if isinstance(pooling, dict) else pooling}


def representation(
    outputs: Tensor | Features, inputs: Features, pooling: Pooling, backbone: keras.Model
) -> Tensor | Features:
    """Returns one vector for each text: (B, D), or a sparse one, a dict with `term_ids` and `term_weights`.

    Args:
        outputs: Of the backbone: a dict with `pooled_output`, `sequence_output` or both, or with `term_ids` and
            `term_weights`; or a tensor with two or three axes.
        inputs: Of the backbone, with `padding_mask`.
        pooling: `None`, a name or a layer.
        backbone: Its attribute `bidirectional` is used for "last".
    """
    outputs = named_outputs(outputs)
    layer = pooling_layer(pooling, backbone, outputs)
    if layer is None and "pooled_output" in outputs:
        return outputs["pooled_output"]  # (B, D)
    if layer is None and "term_ids" in outputs:
        return outputs
    if layer is None:
        expected = "a backbone that returns `pooled_output`, `sequence_output` or `term_ids`"
        raise ValueError(message(expected, sorted(outputs)))
    if "sequence_output" not in outputs:
        received = f"pooling={pooling!r}, for a backbone that returns {sorted(outputs)}"
        raise ValueError(message("a backbone with `sequence_output`, to pool it", received, "pooling=None"))
    mask = ops.cast(inputs["padding_mask"], "bool") if "padding_mask" in inputs else None
    return layer(outputs["sequence_output"], mask=mask)  # (B, T, D) to (B, D)


def class_scores(
    x: Tensor | Features,
    backbone: keras.Model,
    num_classes: int,
    hidden_dims: Sequence[int],
    dropout: float,
    regularizer: KerasObject,
    term_scales: Tensor | None = None,
) -> Tensor:
    """Returns a score for each class, (B, K) float32, after dropout and hidden layers.

    Args:
        x: Of `representation`.
        backbone: Has `vocabulary_size`, if `x` is sparse.
        num_classes: K.
        hidden_dims: Widths of the hidden layers.
        dropout: Rate.
        regularizer: Of the last weights.
        term_scales: See `layers.EmbeddingBag`.
    """
    drop = keras.layers.Dropout(dropout, name="output_dropout")
    if not isinstance(x, dict):
        if term_scales is not None:
            received = "`term_scales` for a backbone that returns dense vectors"
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
