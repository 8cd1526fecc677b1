"""Recurrent layers over any embeddings."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_embed import _errors
from keras_embed._types import Config, KerasObject
from keras_embed.backbones._frozen import EmbeddedBackbone
from keras_embed.backbones._recurrent_parts import CELLS, readable, sequence_layer
from keras_embed.backbones.embedded import feature_inputs, joined, placed_vectors
from keras_embed.functional.pooling import cleared
from keras_embed.layers import VariationalDropout


@keras.saving.register_keras_serializable(package="keras_embed")
class RecurrentBackbone(EmbeddedBackbone):
    """Stack of recurrent layers over the concatenated vectors of embedding layers.

        x_0 = [e_1; e_2; ...],    x_l = RNN_l(drop(x_{l-1})),    output = drop(x_L)

    `drop` is `VariationalDropout`: one mask for all time steps. The bidirectional model is the encoder of Huang et al.
    (2015), Lample et al. (2016) and Ma and Hovy (2016).

    Padding does not change the results: masked steps are skipped, and the output there is zero. A sentence without a
    token yields zeros.

    Args:
        embeddings: Layers from a feature dict to `(B, T, D)`, each with a property `features` that names the features
            it reads: `WordEmbedding`, `CasingEmbedding`, `CharacterCNN`, `CharacterLSTM` or your own. They keep their
            own `dtype`. `ElmoEmbedding` can also be concatenated with the output, see its `places`.
        cell: "lstm", "gru" or "simple_rnn".
        hidden_dim: Units of each direction; the output of a bidirectional backbone is twice as wide.
        num_layers: Number of recurrent layers.
        bidirectional: If True, each layer reads in both directions and concatenates the outputs.
        dropout: Rate of variational dropout on the input of each layer and on the output of the last.
        recurrent_dropout: Dropout rate of the recurrent state, with one mask for all steps (Gal and Ghahramani 2016).
            Not supported by cuDNN, and therefore slow on a GPU.
        skip_connections: If True, adds the input of a layer to its output, `x_l = RNN_l(drop(x_{l-1})) + x_{l-1}`,
            wherever both have the same width: at every layer except, usually, the first.
        dtype: Dtype or policy of all layers except the embeddings.
        **kwargs: `name`, `trainable`.

    Call arguments:
        inputs: Dict with the features of all embeddings, such as `token_ids`, int32 `(B, T)`, and `padding_mask`, bool
            `(B, T)`, True = real. On a GPU under TensorFlow the padding must be on the right (cuDNN); otherwise the
            mask may have any pattern.

    Returns:
        Dict with `sequence_output`, floats `(B, T, hidden_dim)`, or `(B, T, 2 * hidden_dim)` if bidirectional, and
        wider if vectors are concatenated with the output.

    Raises:
        ValueError: If there are no embeddings, they disagree on a feature, or an argument is out of range.

    References:
        Huang et al. 2015, https://arxiv.org/abs/1508.01991; Lample et al. 2016, https://arxiv.org/abs/1603.01360;
        Ma and Hovy 2016, https://arxiv.org/abs/1603.01354; Gal and Ghahramani 2016, https://arxiv.org/abs/1512.05287.

    Example:
    >>> import numpy as np
    >>> from keras_embed.layers import WordEmbedding
    >>> backbone = RecurrentBackbone([WordEmbedding(10, 4)], cell="gru", hidden_dim=3)
    >>> inputs = {"token_ids": np.array([[2, 3, 0]]), "padding_mask": np.array([[True, True, False]])}
    >>> tuple(backbone(inputs)["sequence_output"].shape)
    (1, 3, 6)
    """

    def __init__(
        self,
        embeddings: Sequence[keras.layers.Layer],
        cell: str = "lstm",
        hidden_dim: int = 200,
        num_layers: int = 1,
        bidirectional: bool = True,
        dropout: float = 0.5,
        recurrent_dropout: float = 0.0,
        skip_connections: bool = False,
        dtype: KerasObject = None,
        **kwargs: Any,
    ) -> None:
        _errors.check_one_of("cell", cell, CELLS)
        _errors.check_positive("hidden_dim", hidden_dim)
        _errors.check_positive("num_layers", num_layers)
        _errors.check_rate("dropout", dropout)
        _errors.check_rate("recurrent_dropout", recurrent_dropout)

        # === Layers ===
        embeddings = list(embeddings)
        recurrent = [
            sequence_layer(cell, hidden_dim, bidirectional, recurrent_dropout, dtype, name=f"recurrent_{index}")
            for index in range(num_layers)
        ]
        dropouts = [
            VariationalDropout(dropout, dtype=dtype, name=f"dropout_{index}") for index in range(num_layers + 1)
        ]

        # === Functional Model ===
        inputs = feature_inputs(embeddings)
        mask = inputs["padding_mask"]  # (B, T)
        vectors = placed_vectors(embeddings, inputs)
        x = joined(vectors["input"], dtype, "vectors")  # (B, T, D)
        read = readable(mask)
        for layer, drop in zip(recurrent, dropouts[:-1], strict=True):
            y = layer(drop(x), mask=read)  # (B, T, H) or (B, T, 2 H)
            x = y + x if skip_connections and x.shape[-1] == y.shape[-1] else y
        x = joined([dropouts[-1](x), *vectors["output"]], dtype, "beside")
        x = cleared(x, mask)
        super().__init__(inputs=inputs, outputs={"sequence_output": x}, dtype=dtype, **kwargs)

        # === Config ===
        self.embeddings = embeddings
        self.cell = cell
        self.hidden_dim = hidden_dim
        self.num_layers = num_layers
        self.bidirectional = bidirectional
        self.dropout = dropout
        self.recurrent_dropout = recurrent_dropout
        self.skip_connections = skip_connections

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "cell": self.cell,
            "hidden_dim": self.hidden_dim,
            "num_layers": self.num_layers,
            "bidirectional": self.bidirectional,
            "dropout": self.dropout,
            "recurrent_dropout": self.recurrent_dropout,
            "skip_connections": self.skip_connections,
        }
