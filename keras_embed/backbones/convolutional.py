"""Filters over word vectors."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_embed import _errors
from keras_embed.backbones._embedded import feature_inputs, side_by_side
from keras_embed.backbones._frozen import EmbeddedBackbone
from keras_embed.functional.pooling import cleared
from keras_embed.layers import MaxPooling


@keras.saving.register_keras_serializable(package="keras_embed")
class ConvolutionalBackbone(EmbeddedBackbone):
    """The strongest answer of each filter anywhere in a text (Kim 2014).

    For word vectors `x_1 ... x_n`, a filter of width k gives `max over i in 1..n of f(sum_j W_j x_{i+j} + b)`, j from
    -floor((k-1)/2) to floor(k/2), with `x` zero outside the text. Padding is outside the text too: no window stands on
    it, so it changes nothing. Kim's windows begin inside the text instead of having their middle there.

    Args:
        embeddings: layers from a feature dict to `(B, T, D)`, each with a property `features`: `WordEmbedding`, with
            pretrained weights or without, `CharacterCNN` ... Two of the same words, one of them with
            `trainable=False`, are Kim's "multichannel". They keep their own `dtype`.
        filters: number of filters of each width.
        kernel_sizes: widths of the filters.
        activation: `f`.
        dropout: rate of dropout on the word vectors. Kim's dropout of 0.5 is on the output: `TextClassifier(dropout=)`.
        dtype: dtype or policy of everything but the embeddings.
        **kwargs: `name`, `trainable`.

    Call arguments:
        inputs: dict with the features of all embeddings, and `padding_mask`, bool `(B, T)`, True = real.

    Returns:
        Dict with `pooled_output`, floats `(B, filters * len(kernel_sizes))`, zeros for a text without words, and
        `sequence_output`, the filters' answers at each word, `(B, T, filters * len(kernel_sizes))`.

    Raises:
        ValueError: where `kernel_sizes` is no sequence of widths.

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
        activation: Any = "relu",
        dropout: float = 0.0,
        dtype: Any = None,
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
                filters, size, padding="same", activation=activation, dtype=dtype, name=f"convolution_{number}"
            )
            for number, size in enumerate(kernel_sizes)
        ]

        # === Functional Model ===
        inputs = feature_inputs(embeddings)
        mask = inputs["padding_mask"]
        x = side_by_side(embeddings, inputs, dtype)  # (B, T, D)
        # The padding's own vector must not enter the windows of the last words.
        x = cleared(keras.layers.Dropout(dropout, dtype=dtype, name="vector_dropout")(x), mask)
        answers = [convolution(x) for convolution in convolutions]
        x = answers[0] if len(answers) == 1 else keras.layers.Concatenate(dtype=dtype, name="answers")(answers)
        x = cleared(x, mask)  # (B, T, F)
        pooled = MaxPooling(dtype=dtype, name="max")(x, mask=mask)  # (B, F)
        super().__init__(inputs=inputs, outputs={"sequence_output": x, "pooled_output": pooled}, dtype=dtype, **kwargs)

        # === Config ===
        self.embeddings = embeddings
        self.filters = filters
        self.kernel_sizes = tuple(kernel_sizes)
        self.activation = keras.activations.get(activation)
        self.dropout = dropout

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_sizes": list(self.kernel_sizes),
            "activation": keras.activations.serialize(self.activation),
            "dropout": self.dropout,
        }
