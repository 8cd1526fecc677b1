"""Convolutional filters over word vectors."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_embed import _errors
from keras_embed._types import Config, KerasObject
from keras_embed.backbones._frozen import EmbeddedBackbone
from keras_embed.backbones.embedded import feature_inputs, joined, side_by_side
from keras_embed.functional.pooling import cleared
from keras_embed.layers import MaxPooling


@keras.saving.register_keras_serializable(package="keras_embed")
class ConvolutionalBackbone(EmbeddedBackbone):
    """Convolution and maximum over time (Kim 2014).

    For word vectors `x_1 ... x_n`, a filter of width k computes

        y = max_{i = 1..n} f(sum_j W_j x_{i+j} + b),    j = -floor((k-1)/2) .. floor(k/2)

    where `x` is zero outside the text. Padding is outside the text: no window is centred on it, so it does not change
    the results. In Kim's model the start of a window is inside the text instead of its centre.

    Args:
        embeddings: Layers from a feature dict to `(B, T, D)`, each with a property `features`: `WordEmbedding`, with or
            without pretrained weights, `CharacterCNN` ... Two of the same words, one of them with `trainable=False`,
            are Kim's "multichannel". They keep their own `dtype`.
        filters: Number of filters of each width.
        kernel_sizes: Widths of the filters.
        activation: `f`.
        dropout: Dropout rate of the word vectors. Kim's dropout of 0.5 applies to the output:
            `TextClassifier(dropout=)`.
        dtype: Dtype or policy of all layers except the embeddings.
        **kwargs: `name`, `trainable`.

    Call arguments:
        inputs: Dict with the features of all embeddings, and `padding_mask`, bool `(B, T)`, True = real.

    Returns:
        Dict with `pooled_output`, floats `(B, filters * len(kernel_sizes))`, zeros for a text without words, and
        `sequence_output`, the outputs of the filters at each word, `(B, T, filters * len(kernel_sizes))`.

    Raises:
        ValueError: If `kernel_sizes` is not a sequence of widths, or an argument is out of range.

    References:
        Kim 2014, https://arxiv.org/abs/1408.5882.

    Example:
    >>> import numpy as np
    >>> from keras_embed.layers import WordEmbedding
    >>> backbone = ConvolutionalBackbone([WordEmbedding(10, 4)], filters=5)
    >>> inputs = {"token_ids": np.array([[2, 3, 0]]), "padding_mask": np.array([[True, True, False]])}
    >>> tuple(backbone(inputs)["pooled_output"].shape)
    (1, 15)
    """

    def __init__(
        self,
        embeddings: Sequence[keras.layers.Layer],
        filters: int = 100,
        kernel_sizes: Sequence[int] = (3, 4, 5),
        activation: KerasObject = "relu",
        dropout: float = 0.0,
        dtype: KerasObject = None,
        **kwargs: Any,
    ) -> None:
        _errors.check_positive("filters", filters)
        _errors.check_rate("dropout", dropout)
        if isinstance(kernel_sizes, int) or not len(kernel_sizes):
            raise ValueError(_errors.message("`kernel_sizes` to be a sequence of widths", kernel_sizes, "(3, 4, 5)"))
        for size in kernel_sizes:
            _errors.check_positive("kernel_sizes", size)

        # === Layers ===
        embeddings = list(embeddings)
        convolutions = [
            keras.layers.Conv1D(
                filters, size, padding="same", activation=activation, dtype=dtype, name=f"convolution_{index}"
            )
            for index, size in enumerate(kernel_sizes)
        ]
        vector_dropout = keras.layers.Dropout(dropout, dtype=dtype, name="vector_dropout")

        # === Functional Model ===
        inputs = feature_inputs(embeddings)
        mask = inputs["padding_mask"]  # (B, T)
        x = vector_dropout(side_by_side(embeddings, inputs, dtype))  # (B, T, D)
        # x = 0 outside the text: the vector of the padding id must not enter a window.
        x = cleared(x, mask)
        x = cleared(joined([convolution(x) for convolution in convolutions], dtype, "answers"), mask)  # (B, T, F)
        pooled = MaxPooling(dtype=dtype, name="max")(x, mask=mask)  # (B, F)
        super().__init__(inputs=inputs, outputs={"sequence_output": x, "pooled_output": pooled}, dtype=dtype, **kwargs)

        # === Config ===
        self.embeddings = embeddings
        self.filters = filters
        self.kernel_sizes = tuple(kernel_sizes)
        self.activation = keras.activations.get(activation)
        self.dropout = dropout

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_sizes": list(self.kernel_sizes),
            "activation": keras.activations.serialize(self.activation),
            "dropout": self.dropout,
        }
