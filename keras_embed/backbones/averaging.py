"""Averaged word vectors."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_embed import _errors
from keras_embed._types import Config, KerasObject
from keras_embed.backbones._frozen import EmbeddedBackbone
from keras_embed.backbones.embedded import check_hidden, feature_inputs, hidden_stack, side_by_side
from keras_embed.layers import MeanPooling, WordDropout


@keras.saving.register_keras_serializable(package="keras_embed")
class AveragingBackbone(EmbeddedBackbone):
    """Deep averaging network: hidden layers on the mean of word vectors (Iyyer et al. 2015).

        h_0 = mean of e_t over real words,    h_l = f(W h_{l-1} + b)

    The result does not depend on word order. In training, whole words are removed from the mean at random. Padding does
    not change the results, and the mean of a text without words is zero.

    Args:
        embeddings: Layers from a feature dict to `(B, T, D)`, each with a property `features`: `WordEmbedding`, with or
            without pretrained weights, `CharacterCNN` ... They keep their own `dtype`.
        hidden_dims: Widths of the hidden layers; `()` for none.
        activation: `f`.
        word_dropout: Probability that a word is removed from the mean in training.
        dropout: Dropout rate of the input of each hidden layer.
        dtype: Dtype or policy of all layers except the embeddings.
        **kwargs: `name`, `trainable`.

    Call arguments:
        inputs: Dict with the features of all embeddings, and `padding_mask`, bool `(B, T)`, True = real.

    Returns:
        Dict with `pooled_output`, floats `(B, D)`, D the last hidden width, or that of the vectors.

    Raises:
        ValueError: If a width is not a positive integer, or a rate is not in [0, 1).

    References:
        Iyyer et al. 2015, https://aclanthology.org/P15-1162.

    Example:
    >>> import numpy as np
    >>> from keras_embed.layers import WordEmbedding
    >>> backbone = AveragingBackbone([WordEmbedding(10, 4)], hidden_dims=(3,))
    >>> inputs = {"token_ids": np.array([[2, 3, 0]]), "padding_mask": np.array([[True, True, False]])}
    >>> tuple(backbone(inputs)["pooled_output"].shape)
    (1, 3)
    """

    def __init__(
        self,
        embeddings: Sequence[keras.layers.Layer],
        hidden_dims: Sequence[int] = (),
        activation: KerasObject = "relu",
        word_dropout: float = 0.3,
        dropout: float = 0.0,
        dtype: KerasObject = None,
        **kwargs: Any,
    ) -> None:
        _errors.check_rate("word_dropout", word_dropout)
        hidden_dims = check_hidden(hidden_dims, dropout)

        # === Layers ===
        embeddings = list(embeddings)
        drop_words = WordDropout(word_dropout, name="word_dropout")
        mean = MeanPooling(dtype=dtype, name="mean")

        # === Functional Model ===
        inputs = feature_inputs(embeddings)
        x = side_by_side(embeddings, inputs, dtype)  # (B, T, D)
        x = mean(x, mask=drop_words(inputs["padding_mask"]))  # (B, D)
        x = hidden_stack(x, hidden_dims, activation, dropout, dtype)
        super().__init__(inputs=inputs, outputs={"pooled_output": x}, dtype=dtype, **kwargs)

        # === Config ===
        self.embeddings = embeddings
        self.hidden_dims = hidden_dims
        self.activation = keras.activations.get(activation)
        self.word_dropout = word_dropout
        self.dropout = dropout

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "hidden_dims": list(self.hidden_dims),
            "activation": keras.activations.serialize(self.activation),
            "word_dropout": self.word_dropout,
            "dropout": self.dropout,
        }
