"""Weighted bags of terms."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_embed import _errors
from keras_embed._types import Config, KerasObject
from keras_embed.backbones._frozen import FreezableBackbone
from keras_embed.backbones.embedded import check_hidden, hidden_stack
from keras_embed.layers import EmbeddingBag


@keras.saving.register_keras_serializable(package="keras_embed")
class BagBackbone(FreezableBackbone):
    """Counts or TF-IDF weights of terms, with optional hidden layers.

    Without hidden layers, the output is the sparse vector itself; a head on it is the linear model of TF-IDF vectors,
    with one row of weights for each term. With hidden layers,

        h_1 = f(sum_n w_n E[i_n] + b),    h_l = f(W h_{l-1} + b)

    One layer and `activation="linear"` give fastText's classifier. No dense vector of the vocabulary size is created.

    Args:
        vocabulary_size: V, the number of terms, such as `preprocessor.num_terms`.
        hidden_dims: Widths of the hidden layers; `()` for none.
        activation: `f`.
        dropout: Dropout rate of the term weights, and of the input of each further hidden layer.
        dtype: Dtype or policy.
        **kwargs: `name`, `trainable`.

    Call arguments:
        inputs: Dict with `term_ids`, int32 `(B, N)`, and `term_weights`, float32 `(B, N)`, 0 at padding.

    Returns:
        Dict with `pooled_output`, floats `(B, last width)`; without hidden layers with `term_ids` and `term_weights`.

    Raises:
        ValueError: If a width is not a positive integer, or `dropout` is not in [0, 1).

    References:
        Joulin et al. 2017, https://aclanthology.org/E17-2068.

    Example:
    >>> import numpy as np
    >>> inputs = {"term_ids": np.array([[3, 1, 0]]), "term_weights": np.array([[0.6, 0.8, 0.0]], "float32")}
    >>> tuple(BagBackbone(5, hidden_dims=(4,))(inputs)["pooled_output"].shape)
    (1, 4)
    >>> sorted(BagBackbone(5)(inputs))
    ['term_ids', 'term_weights']
    """

    def __init__(
        self,
        vocabulary_size: int,
        hidden_dims: Sequence[int] = (),
        activation: KerasObject = "relu",
        dropout: float = 0.0,
        dtype: KerasObject = None,
        **kwargs: Any,
    ) -> None:
        _errors.check_positive("vocabulary_size", vocabulary_size)
        hidden_dims = check_hidden(hidden_dims, dropout)

        # === Layers ===
        term_dropout = keras.layers.Dropout(dropout, dtype=dtype, name="term_dropout")
        bag = None
        if hidden_dims:
            bag = EmbeddingBag(vocabulary_size, hidden_dims[0], activation=activation, dtype=dtype, name="bag")

        # === Functional Model ===
        inputs = {
            "term_ids": keras.Input((None,), dtype="int32", name="term_ids"),
            "term_weights": keras.Input((None,), dtype="float32", name="term_weights"),
        }
        outputs = {"term_ids": inputs["term_ids"], "term_weights": term_dropout(inputs["term_weights"])}
        if bag is not None:
            x = bag(outputs)  # (B, D)
            outputs = {"pooled_output": hidden_stack(x, hidden_dims[1:], activation, dropout, dtype)}
        super().__init__(inputs=inputs, outputs=outputs, dtype=dtype, **kwargs)

        # === Config ===
        self.vocabulary_size = vocabulary_size
        self.hidden_dims = hidden_dims
        self.activation = keras.activations.get(activation)
        self.dropout = dropout

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "hidden_dims": list(self.hidden_dims),
            "activation": keras.activations.serialize(self.activation),
            "dropout": self.dropout,
        }
