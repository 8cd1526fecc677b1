"""The enhanced sequential inference model for pairs of texts."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_embed import _errors
from keras_embed._types import Config, KerasObject
from keras_embed.backbones._frozen import EmbeddedBackbone
from keras_embed.backbones._recurrent_parts import CELLS, readable, sequence_layer
from keras_embed.backbones.embedded import (
    check_hidden,
    hidden_stack,
    joined,
    of_prefix,
    placed_vectors,
    prefixed_inputs,
)
from keras_embed.functional.pooling import cleared
from keras_embed.layers import MaxPooling, MeanPooling, VariationalDropout
from keras_embed.layers.attention_flow import SoftAlignment

_TEXTS = ("first", "second")


@keras.saving.register_keras_serializable(package="keras_embed")
class ESIMBackbone(EmbeddedBackbone):
    """ESIM, the enhanced sequential inference model, for pairs of texts (Chen et al. 2017).

    Both texts share all weights. A bidirectional recurrent layer encodes the words, a and b; each word is compared with
    its soft alignment in the other text, `[a; a'; a - a'; a * a']`, see `layers.attention_flow.SoftAlignment`; a dense
    layer with ReLU projects to `hidden_dim`; and a second bidirectional recurrent layer composes the result. Mean and
    maximum of both texts, `[mean(a); max(a); mean(b); max(b)]`, pass through hidden layers. (The tree-structured half
    of the published ensemble is not included, as in most implementations.)

    Padding does not change the results. A text without a token is a zero vector in the alignment.

    Args:
        embeddings: Layers from a feature dict to `(B, T, D)`, each with a property `features`, see
            `RecurrentBackbone`. Both texts use the same layers. `ElmoEmbedding` can also be concatenated with the
            output of the first recurrent layer, before the alignment; the ELMo paper found input and output best here.
            See its `places`.
        cell: "lstm", "gru" or "simple_rnn".
        hidden_dim: Units of each direction, and width of the projection.
        hidden_dims: Widths of the hidden layers on the pooled vectors.
        activation: Activation of the hidden layers.
        dropout: Rate of variational dropout on the input of each recurrent layer, and of ordinary dropout before each
            hidden layer.
        dtype: Dtype or policy of all layers except the embeddings.
        **kwargs: `name`, `trainable`.

    Call arguments:
        inputs: Dict with the features of all embeddings for each text, such as `first_token_ids` and
            `second_token_ids`, int32 `(B, T)` and `(B, S)`, and `first_padding_mask` and `second_padding_mask`, bool,
            True = real. On a GPU under TensorFlow the padding must be on the right (cuDNN).

    Returns:
        Dict with `pooled_output`, floats `(B, hidden_dims[-1])`, or `(B, 8 * hidden_dim)` without hidden layers.

    Raises:
        ValueError: If there are no embeddings, they disagree on a feature, or an argument is out of range.

    References:
        Chen et al. 2017, https://arxiv.org/abs/1609.06038; Peters et al. 2018, https://arxiv.org/abs/1802.05365.

    Example:
    >>> import numpy as np
    >>> from keras_embed.layers import WordEmbedding
    >>> backbone = ESIMBackbone([WordEmbedding(10, 4)], hidden_dim=3, hidden_dims=(5,))
    >>> mask = np.array([[True, True, False]])
    >>> inputs = {"first_token_ids": np.array([[2, 3, 0]]), "first_padding_mask": mask}
    >>> inputs |= {"second_token_ids": np.array([[4, 3, 0]]), "second_padding_mask": mask}
    >>> tuple(backbone(inputs)["pooled_output"].shape)
    (1, 5)
    """

    def __init__(
        self,
        embeddings: Sequence[keras.layers.Layer],
        cell: str = "lstm",
        hidden_dim: int = 300,
        hidden_dims: Sequence[int] = (300,),
        activation: KerasObject = "tanh",
        dropout: float = 0.5,
        dtype: KerasObject = None,
        **kwargs: Any,
    ) -> None:
        _errors.check_one_of("cell", cell, CELLS)
        _errors.check_positive("hidden_dim", hidden_dim)
        hidden_dims = check_hidden(hidden_dims, dropout)

        # === Layers ===
        embeddings = list(embeddings)
        drop = VariationalDropout(dropout, dtype=dtype, name="dropout")
        encoder = sequence_layer(cell, hidden_dim, True, 0.0, dtype, "encoder")
        projection = keras.layers.Dense(hidden_dim, activation="relu", dtype=dtype, name="projection")
        composition = sequence_layer(cell, hidden_dim, True, 0.0, dtype, "composition")
        poolings = [MeanPooling(dtype=dtype, name="mean"), MaxPooling(dtype=dtype, name="max")]

        # === Functional Model ===
        inputs = prefixed_inputs(embeddings, _TEXTS)
        masks, encoded, pooled = [], [], []
        for text in _TEXTS:
            features = of_prefix(inputs, text)
            mask = features["padding_mask"]
            vectors = placed_vectors(embeddings, features)
            x = encoder(drop(joined(vectors["input"], dtype, f"{text}_vectors")), mask=readable(mask))  # (B, T, 2 H)
            x = joined([x, *vectors["output"]], dtype, f"{text}_beside")
            masks.append(mask)
            encoded.append(cleared(x, mask))
        compared = SoftAlignment(dtype=dtype, name="alignment")(*encoded, *masks)  # (B, T, 8 H), (B, S, 8 H)
        for x, mask in zip(compared, masks, strict=True):
            x = cleared(composition(drop(projection(x)), mask=readable(mask)), mask)  # (B, T, 2 H)
            pooled += [pooling(x, mask=mask) for pooling in poolings]
        x = keras.layers.Concatenate(dtype=dtype, name="pooled")(pooled)  # (B, 8 H)
        x = hidden_stack(x, hidden_dims, activation, dropout, dtype)
        super().__init__(inputs=inputs, outputs={"pooled_output": x}, dtype=dtype, **kwargs)

        # === Config ===
        self.embeddings = embeddings
        self.cell = cell
        self.hidden_dim = hidden_dim
        self.hidden_dims = hidden_dims
        self.activation = keras.activations.get(activation)
        self.dropout = dropout

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "cell": self.cell,
            "hidden_dim": self.hidden_dim,
            "hidden_dims": list(self.hidden_dims),
            "activation": keras.activations.serialize(self.activation),
            "dropout": self.dropout,
        }
