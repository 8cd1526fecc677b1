"""The biattentive classification network."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed._types import Config, KerasObject, Tensor
from keras_embed.backbones._frozen import EmbeddedBackbone
from keras_embed.backbones._recurrent_parts import CELLS, readable, sequence_layer
from keras_embed.backbones.embedded import check_hidden, feature_inputs, joined, placed_vectors
from keras_embed.functional.attention import dot_scores, masked_softmax, weighted_sum
from keras_embed.functional.pooling import attention_pooling, cleared
from keras_embed.layers import MaxPooling, MeanPooling
from keras_embed.layers.maxout import Maxout


@keras.saving.register_keras_serializable(package="keras_embed")
class BCNBackbone(EmbeddedBackbone):
    """BCN, the biattentive classification network, for single texts (McCann et al. 2017).

    Word vectors pass through a dense layer with ReLU and a bidirectional recurrent layer, the encoder, with outputs x.
    Each word attends to its own text, and a second bidirectional recurrent layer, the integrator, reads

        [x; x - c; x * c],    c_i = sum_j softmax_j(x_i . x_j) x_j

    The maximum, mean and minimum of its outputs, and a mean with learnt weights, are concatenated and pass through
    maxout layers, each with batch normalisation and dropout before it. (The published model reads pairs; a single text
    is paired with itself, so that one half is enough.) Padding does not change the results.

    Args:
        embeddings: Layers from a feature dict to `(B, T, D)`, each with a property `features`, see
            `RecurrentBackbone`. `ElmoEmbedding` can also be concatenated with the output of the integrator; see its
            `places`.
        cell: "lstm", "gru" or "simple_rnn".
        hidden_dim: Units of each direction, and width of the first dense layer.
        maxout_dims: Widths of the maxout layers. The published ones divide the width of their input by 2, 4 or 8.
        maxout_pieces: Number of linear functions for each unit of a maxout layer.
        dropout: Dropout rate of the word vectors and of the inputs of the integrator and of each maxout layer.
        dtype: Dtype or policy of all layers except the embeddings.
        **kwargs: `name`, `trainable`.

    Call arguments:
        inputs: Dict with the features of all embeddings, and `padding_mask`, bool `(B, T)`, True = real. On a GPU
            under TensorFlow the padding must be on the right (cuDNN).

    Returns:
        Dict with `pooled_output`, floats `(B, maxout_dims[-1])`, or `(B, 8 * hidden_dim)` without maxout layers, and
        `sequence_output`, `(B, T, 2 * hidden_dim)`, zero at padding; wider if vectors are concatenated with the output.

    Raises:
        ValueError: If there are no embeddings, they disagree on a feature, or an argument is out of range.

    References:
        McCann et al. 2017, https://arxiv.org/abs/1708.00107; Peters et al. 2018, https://arxiv.org/abs/1802.05365.

    Example:
    >>> import numpy as np
    >>> from keras_embed.layers import WordEmbedding
    >>> backbone = BCNBackbone([WordEmbedding(10, 4)], hidden_dim=3, maxout_dims=(5,))
    >>> inputs = {"token_ids": np.array([[2, 3, 0]]), "padding_mask": np.array([[True, True, False]])}
    >>> tuple(backbone(inputs)["pooled_output"].shape)
    (1, 5)
    """

    def __init__(
        self,
        embeddings: Sequence[keras.layers.Layer],
        cell: str = "lstm",
        hidden_dim: int = 300,
        maxout_dims: Sequence[int] = (600, 300),
        maxout_pieces: int = 4,
        dropout: float = 0.25,
        dtype: KerasObject = None,
        **kwargs: Any,
    ) -> None:
        _errors.check_one_of("cell", cell, CELLS)
        _errors.check_positive("hidden_dim", hidden_dim)
        _errors.check_positive("maxout_pieces", maxout_pieces)
        if isinstance(maxout_dims, int):
            raise ValueError(
                _errors.message("`maxout_dims` to be a sequence of widths", maxout_dims, f"({maxout_dims},)")
            )
        maxout_dims = check_hidden(maxout_dims, dropout)

        # === Layers ===
        embeddings = list(embeddings)
        feed_forward = keras.layers.Dense(hidden_dim, activation="relu", dtype=dtype, name="feed_forward")
        encoder = sequence_layer(cell, hidden_dim, True, 0.0, dtype, "encoder")
        integrator = sequence_layer(cell, hidden_dim, True, 0.0, dtype, "integrator")
        drops = [keras.layers.Dropout(dropout, dtype=dtype, name=f"dropout_{index}") for index in range(2)]

        # === Functional Model ===
        inputs = feature_inputs(embeddings)
        mask = inputs["padding_mask"]  # (B, T)
        read = readable(mask)
        vectors = placed_vectors(embeddings, inputs)
        x = feed_forward(drops[0](joined(vectors["input"], dtype, "vectors")))  # (B, T, H)
        x = encoder(x, mask=read)  # (B, T, 2 H)
        c = weighted_sum(masked_softmax(dot_scores(x, x), mask), x)  # (B, T, 2 H)
        x = keras.layers.Concatenate(dtype=dtype, name="biattention")([x, x - c, x * c])  # (B, T, 6 H)
        x = integrator(drops[1](x), mask=read)  # (B, T, 2 H)
        x = cleared(joined([x, *vectors["output"]], dtype, "beside"), mask)
        pooled = _maxout_stack(_pooled(x, mask, dtype), maxout_dims, maxout_pieces, dropout, dtype)
        outputs = {"sequence_output": x, "pooled_output": pooled}
        super().__init__(inputs=inputs, outputs=outputs, dtype=dtype, **kwargs)

        # === Config ===
        self.embeddings = embeddings
        self.cell = cell
        self.hidden_dim = hidden_dim
        self.maxout_dims = maxout_dims
        self.maxout_pieces = maxout_pieces
        self.dropout = dropout

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "cell": self.cell,
            "hidden_dim": self.hidden_dim,
            "maxout_dims": list(self.maxout_dims),
            "maxout_pieces": self.maxout_pieces,
            "dropout": self.dropout,
        }


def _pooled(x: Tensor, mask: Tensor, dtype: KerasObject) -> Tensor:
    """Concatenates maximum, mean, minimum and `sum_t softmax_t(v . x_t) x_t`, (B, T, D) to (B, 4 D)."""
    # No bias: softmax is invariant to a constant added to all scores.
    weigh = keras.layers.Dense(1, use_bias=False, dtype=dtype, name="weigh")
    parts = [
        MaxPooling(dtype=dtype, name="max")(x, mask=mask),
        MeanPooling(dtype=dtype, name="mean")(x, mask=mask),
        ops.negative(MaxPooling(dtype=dtype, name="min")(ops.negative(x), mask=mask)),
        attention_pooling(x, ops.squeeze(weigh(x), axis=-1), mask),
    ]
    return keras.layers.Concatenate(dtype=dtype, name="pooled")(parts)


def _maxout_stack(x: Tensor, dims: Sequence[int], pieces: int, dropout: float, dtype: KerasObject) -> Tensor:
    for index, dim in enumerate(dims):
        x = keras.layers.BatchNormalization(dtype=dtype, name=f"normalization_{index}")(x)
        x = keras.layers.Dropout(dropout, dtype=dtype, name=f"maxout_dropout_{index}")(x)
        x = Maxout(dim, pieces, dtype=dtype, name=f"maxout_{index}")(x)
    return x
