"""Tokens in context: deep recurrent layers that read to and fro."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_embed import _errors
from keras_embed.backbones._embedded import feature_inputs, joined, placed_vectors
from keras_embed.backbones._frozen import EmbeddedBackbone
from keras_embed.functional.pooling import cleared
from keras_embed.layers import HighwayLSTM


@keras.saving.register_keras_serializable(package="keras_embed")
class AlternatingHighwayBackbone(EmbeddedBackbone):
    """A stack of highway LSTMs, every other one reading from the end: the model of semantic roles (He et al. 2017).

    `x_l = LSTM_l(x_{l-1})`, forward for l = 0, 2, ... and backward for l = 1, 3, ...; see `layers.HighwayLSTM`. Its
    highways let eight layers be trained. With `layers.PredicateEmbedding` among the embeddings it reads a sentence with
    one of its predicates in mind; see `preprocessors.SemanticRolePreprocessor`.

    Padding changes nothing.

    Args:
        embeddings: layers from a feature dict to `(B, T, D)`, see `RecurrentBackbone`. `ElmoEmbedding` may also stand
            beside the output; for semantic roles the ELMo paper found the input alone best.
        hidden_dim: units of each layer.
        num_layers: number of layers.
        dropout: rate of dropout on the state of each layer, one mask for all steps.
        dtype: dtype or policy of everything but the embeddings.
        **kwargs: `name`, `trainable`.

    Call arguments:
        inputs: dict with the features of all embeddings, such as `token_ids` and `predicate_ids`, int32 `(B, T)`, and
            `padding_mask`, bool `(B, T)`, True = real.

    Returns:
        Dict with `sequence_output`, floats `(B, T, hidden_dim)`, wider by what stands beside the output; zero at
        padding.

    Raises:
        ValueError: for no embeddings, embeddings that do not agree on a feature, or arguments outside their range.

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
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        _errors.check_positive("hidden_dim", hidden_dim)
        _errors.check_positive("num_layers", num_layers)
        _errors.check_rate("dropout", dropout)

        # === Layers ===
        embeddings = list(embeddings)
        recurrent = [
            HighwayLSTM(hidden_dim, number % 2 == 1, dropout, dtype=dtype, name=f"recurrent_{number}")
            for number in range(num_layers)
        ]

        # === Functional Model ===
        inputs = feature_inputs(embeddings)
        mask = inputs["padding_mask"]
        vectors = placed_vectors(embeddings, inputs)
        x = joined(vectors["input"], dtype, "vectors")
        for layer in recurrent:
            x = layer(x, mask=mask)  # (B, T, H)
        x = cleared(joined([x, *vectors["output"]], dtype, "beside"), mask)
        super().__init__(inputs=inputs, outputs={"sequence_output": x}, dtype=dtype, **kwargs)

        # === Config ===
        self.embeddings = embeddings
        self.hidden_dim = hidden_dim
        self.num_layers = num_layers
        self.dropout = dropout

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {
            **super().get_config(),
            "hidden_dim": self.hidden_dim,
            "num_layers": self.num_layers,
            "dropout": self.dropout,
        }
