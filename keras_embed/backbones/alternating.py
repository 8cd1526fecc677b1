"""Stacked highway LSTMs in alternating directions."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_embed import _errors
from keras_embed._types import Config, KerasObject
from keras_embed.backbones._frozen import EmbeddedBackbone
from keras_embed.backbones.embedded import feature_inputs, joined, placed_vectors
from keras_embed.functional.pooling import cleared
from keras_embed.layers import HighwayLSTM


@keras.saving.register_keras_serializable(package="keras_embed")
class AlternatingHighwayBackbone(EmbeddedBackbone):
    """Stack of highway LSTMs in alternating directions, for semantic role labelling (He et al. 2017).

        x_l = LSTM_l(x_{l-1}),    forward for l = 0, 2, ... and backward for l = 1, 3, ...

    See `layers.HighwayLSTM`. The highway connections make stacks of eight layers trainable. With
    `layers.PredicateEmbedding` among the embeddings it encodes a sentence with respect to one of its predicates; see
    `preprocessors.SemanticRolePreprocessor`. Padding does not change the results.

    Args:
        embeddings: Layers from a feature dict to `(B, T, D)`, see `RecurrentBackbone`. `ElmoEmbedding` can also be
            concatenated with the output; for semantic roles the ELMo paper found the input alone best.
        hidden_dim: Units of each layer.
        num_layers: Number of layers.
        dropout: Dropout rate of the state of each layer, with one mask for all steps.
        dtype: Dtype or policy of all layers except the embeddings.
        **kwargs: `name`, `trainable`.

    Call arguments:
        inputs: Dict with the features of all embeddings, such as `token_ids` and `predicate_ids`, int32 `(B, T)`, and
            `padding_mask`, bool `(B, T)`, True = real.

    Returns:
        Dict with `sequence_output`, floats `(B, T, hidden_dim)`, wider if vectors are concatenated with the output;
        zero at padding.

    Raises:
        ValueError: If there are no embeddings, they disagree on a feature, or an argument is out of range.

    References:
        He et al. 2017, https://aclanthology.org/P17-1044; Zhou and Xu 2015, https://aclanthology.org/P15-1109.

    Example:
    >>> import numpy as np
    >>> from keras_embed.layers import PredicateEmbedding, WordEmbedding
    >>> backbone = AlternatingHighwayBackbone([WordEmbedding(10, 4), PredicateEmbedding(2)], hidden_dim=3, num_layers=2)
    >>> inputs = {"token_ids": np.array([[2, 3, 0]]), "predicate_ids": np.array([[0, 1, 0]])}
    >>> inputs["padding_mask"] = np.array([[True, True, False]])
    >>> tuple(backbone(inputs)["sequence_output"].shape)
    (1, 3, 3)
    """

    def __init__(
        self,
        embeddings: Sequence[keras.layers.Layer],
        hidden_dim: int = 300,
        num_layers: int = 8,
        dropout: float = 0.1,
        dtype: KerasObject = None,
        **kwargs: Any,
    ) -> None:
        _errors.check_positive("hidden_dim", hidden_dim)
        _errors.check_positive("num_layers", num_layers)
        _errors.check_rate("dropout", dropout)

        # === Layers ===
        embeddings = list(embeddings)
        recurrent = [
            HighwayLSTM(hidden_dim, index % 2 == 1, dropout, dtype=dtype, name=f"recurrent_{index}")
            for index in range(num_layers)
        ]

        # === Functional Model ===
        inputs = feature_inputs(embeddings)
        mask = inputs["padding_mask"]  # (B, T)
        vectors = placed_vectors(embeddings, inputs)
        x = joined(vectors["input"], dtype, "vectors")  # (B, T, D)
        for layer in recurrent:
            x = layer(x, mask=mask)  # (B, T, H)
        x = cleared(joined([x, *vectors["output"]], dtype, "beside"), mask)
        super().__init__(inputs=inputs, outputs={"sequence_output": x}, dtype=dtype, **kwargs)

        # === Config ===
        self.embeddings = embeddings
        self.hidden_dim = hidden_dim
        self.num_layers = num_layers
        self.dropout = dropout

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "hidden_dim": self.hidden_dim,
            "num_layers": self.num_layers,
            "dropout": self.dropout,
        }
