"""Tokens in context: any embeddings, then recurrent layers."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_embed import _errors
from keras_embed.backbones._embedded import feature_inputs, joined, placed_vectors
from keras_embed.backbones._frozen import EmbeddedBackbone
from keras_embed.backbones._recurrent_parts import CELLS, readable, sequence_layer
from keras_embed.functional.pooling import cleared
from keras_embed.layers import VariationalDropout


@keras.saving.register_keras_serializable(package="keras_embed")
class RecurrentBackbone(EmbeddedBackbone):
    """A stack of recurrent layers over the concatenated vectors of some embedding layers.

    `x_0 = [e_1; e_2; ...]`, then for each layer `x_l = RNN_l(drop(x_{l-1}))`, and `drop(x_L)` is given out. `drop` is
    `VariationalDropout`: one mask for all time steps. With both directions it is the encoder of Huang et al. (2015),
    Lample et al. (2016) and Ma and Hovy (2016).

    Padding changes nothing: masked steps are skipped, and the output there is zero. A sentence without a single token
    gives zeros.

    Args:
        embeddings: layers from a feature dict to `(B, T, D)`, each with a property `features` that names what it
            reads: `WordEmbedding`, `CasingEmbedding`, `CharacterCNN`, `CharacterLSTM` or your own. They keep their own
            `dtype`. `ElmoEmbedding` may also stand beside the output, see its `places`.
        cell: "lstm", "gru" or "simple_rnn".
        hidden_dim: units of each direction, so the output of a bidirectional backbone is twice as wide.
        num_layers: number of recurrent layers.
        bidirectional: read in both directions and concatenate, at each layer.
        dropout: rate of variational dropout on the input of each layer and on the output of the last.
        recurrent_dropout: rate of dropout on the state, from step to step, one mask for all steps (Gal and Ghahramani
            2016). It rules out cuDNN, so it is slow on a GPU.
        skip_connections: add the input of a layer to its output, `x_l = RNN_l(drop(x_{l-1})) + x_{l-1}`, wherever the
            two are equally wide: at every layer but, usually, the first.
        dtype: dtype or policy of everything but the embeddings.
        **kwargs: `name`, `trainable`.

    Call arguments:
        inputs: dict with the features of all embeddings, such as `token_ids`, int32 `(B, T)`, and `padding_mask`, bool
            `(B, T)`, True = real. On a GPU under TensorFlow padding must stand on the right (cuDNN); everywhere else
            the mask may have any shape.

    Returns:
        Dict with `sequence_output`, floats `(B, T, hidden_dim)`, or `(B, T, 2 * hidden_dim)` with both directions, and
        wider by what stands beside the output.

    Raises:
        ValueError: for no embeddings, embeddings that do not agree on a feature, or arguments outside their range.

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
        dtype: Any = None,
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
            sequence_layer(cell, hidden_dim, bidirectional, recurrent_dropout, dtype, name=f"recurrent_{number}")
            for number in range(num_layers)
        ]
        dropouts = [
            VariationalDropout(dropout, dtype=dtype, name=f"dropout_{number}") for number in range(num_layers + 1)
        ]

        # === Functional Model ===
        inputs = feature_inputs(embeddings)
        mask = inputs["padding_mask"]
        vectors = placed_vectors(embeddings, inputs)
        x = joined(vectors["input"], dtype, "vectors")
        read = readable(mask)
        for layer, drop in zip(recurrent, dropouts[:-1], strict=True):
            y = layer(drop(x), mask=read)  # (B, T, D)
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

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
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
