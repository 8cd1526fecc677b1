"""Two texts compared word by word: the recurrent model of natural language inference."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_embed import _errors
from keras_embed.backbones._embedded import check_hidden, hidden_stack, joined, placed_vectors
from keras_embed.backbones._frozen import EmbeddedBackbone
from keras_embed.backbones._prefixed import of_prefix, prefixed_inputs
from keras_embed.backbones._recurrent_parts import CELLS, readable, sequence_layer
from keras_embed.functional.pooling import cleared
from keras_embed.layers import MaxPooling, MeanPooling, SoftAlignment, VariationalDropout

_TEXTS = ("first", "second")


@keras.saving.register_keras_serializable(package="keras_embed")
class ESIMBackbone(EmbeddedBackbone):
    """ESIM, the enhanced sequential inference model: one vector for a pair of texts (Chen et al. 2017).

    For both texts with the same weights: a bidirectional recurrent layer reads the words; every word is compared with
    what it finds in the other text, `[a; a'; a - a'; a * a']`, see `layers.SoftAlignment`; a dense layer with ReLU
    brings this to `hidden_dim`; a second bidirectional recurrent layer reads it. Mean and maximum of both texts,
    `[mean(a); max(a); mean(b); max(b)]`, pass through hidden layers. (The tree-shaped half of the published ensemble
    is left out, as it mostly is.)

    Padding changes nothing. A text without a single token is a zero vector to the other one.

    Args:
        embeddings: layers from a feature dict to `(B, T, D)`, each with a property `features`, see
            `RecurrentBackbone`. Both texts are read by the same layers. `ElmoEmbedding` may also stand at the output
            of the first recurrent layer, so that words are aligned by what ELMo says of them: the ELMo paper found
            input and output best here. See its `places`.
        cell: "lstm", "gru" or "simple_rnn".
        hidden_dim: units of each direction, and width of the projection between.
        hidden_dims: widths of dense layers over the pooled vectors.
        activation: of these layers.
        dropout: rate of variational dropout on the input of each recurrent layer, and of plain dropout before each of
            the last dense layers.
        dtype: dtype or policy of everything but the embeddings.
        **kwargs: `name`, `trainable`.

    Call arguments:
        inputs: dict with the features of all embeddings for each text, such as `first_token_ids` and
            `second_token_ids`, int32 `(B, T)` and `(B, S)`, and `first_padding_mask` and `second_padding_mask`, bool,
            True = real. On a GPU under TensorFlow padding must stand on the right (cuDNN).

    Returns:
        Dict with `pooled_output`, floats `(B, hidden_dims[-1])`, or `(B, 8 * hidden_dim)` without hidden layers.

    Raises:
        ValueError: for no embeddings, embeddings that do not agree on a feature, or arguments outside their range.

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
        activation: Any = "tanh",
        dropout: float = 0.5,
        dtype: Any = None,
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
            x = encoder(drop(joined(vectors["input"], dtype, f"{text}_vectors")), mask=readable(mask))
            x = joined([x, *vectors["output"]], dtype, f"{text}_beside")
            masks.append(mask)
            encoded.append(cleared(x, mask))
        compared = SoftAlignment(dtype=dtype, name="alignment")(*encoded, *masks)
        for x, mask in zip(compared, masks, strict=True):
            x = cleared(composition(drop(projection(x)), mask=readable(mask)), mask)
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

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {
            **super().get_config(),
            "cell": self.cell,
            "hidden_dim": self.hidden_dim,
            "hidden_dims": list(self.hidden_dims),
            "activation": keras.activations.serialize(self.activation),
            "dropout": self.dropout,
        }
