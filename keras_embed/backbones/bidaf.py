"""Bidirectional attention flow between a question and a context."""

from collections.abc import Callable, Sequence
from typing import Any

import keras

from keras_embed import _errors
from keras_embed._types import Config, KerasObject, Tensor
from keras_embed.backbones._frozen import EmbeddedBackbone
from keras_embed.backbones._recurrent_parts import CELLS, readable, sequence_layer
from keras_embed.backbones.embedded import joined, of_prefix, placed_vectors, prefixed_inputs
from keras_embed.functional.pooling import cleared
from keras_embed.layers import AttentionFlow, Highway, VariationalDropout
from keras_embed.layers.attention_flow import SelfAttentionFlow

_TEXTS = ("question", "context")
_Encoder = Callable[[Tensor, Tensor], Tensor]
"""Function from vectors (B, S, D) and a mask (B, S) to outputs (B, S, 2 H)."""


@keras.saving.register_keras_serializable(package="keras_embed")
class BiDAFBackbone(EmbeddedBackbone):
    """BiDAF, bidirectional attention flow, for extractive question answering (Seo et al. 2017).

    Question and context pass through the same highway layers and bidirectional recurrent layer, with outputs `u_j` and
    `h_i`. Attention in both directions computes `g_i`, see `layers.AttentionFlow`, and further recurrent layers follow:

        m  = RNN(... RNN(g))        start: [g; m]
        m2 = RNN(m)                 end:   [g; m2]

    With `self_attention=True` it is the model that the ELMo paper builds on (Clark and Gardner 2018): their variant of
    the attention, a dense layer with ReLU and a residual branch of a recurrent layer and self-attention compute `g`;
    then `m = RNN(g)`, start `m`, and `m2 = RNN([g; m])`, end `m2`. They use `cell="gru"`, no highway layers, and
    `num_layers=1`.

    Padding of the question or the context does not change the results.

    Args:
        embeddings: Layers from a feature dict to `(B, T, D)`, each with a property `features`, see
            `RecurrentBackbone`. Both texts use the same layers. `ElmoEmbedding` can also be concatenated with the
            output of the first recurrent layer, before the attention; the ELMo paper found input and output best
            here. See its `places`.
        cell: "lstm", "gru" or "simple_rnn".
        hidden_dim: Units of each direction.
        num_layers: Number of recurrent layers between the attention and the start.
        num_highway: Number of highway layers on the word vectors.
        self_attention: If True, uses the model of Clark and Gardner.
        dropout: Rate of variational dropout on the input of each recurrent layer and on the outputs.
        dtype: Dtype or policy of all layers except the embeddings.
        **kwargs: `name`, `trainable`.

    Call arguments:
        inputs: Dict with the features of all embeddings for each text, such as `question_token_ids`, int32 `(B, Q)`,
            and `context_token_ids`, int32 `(B, S)`, and `question_padding_mask` and `context_padding_mask`, bool,
            True = real. On a GPU under TensorFlow the padding must be on the right (cuDNN).

    Returns:
        Dict with `start_output` and `end_output`, floats `(B, S, 10 * hidden_dim)`, or `(B, S, 2 * hidden_dim)` with
        self-attention, wider if vectors are concatenated with the output; zero at padding.

    Raises:
        ValueError: If there are no embeddings, they disagree on a feature, or an argument is out of range.

    References:
        Seo et al. 2017, https://arxiv.org/abs/1611.01603; Clark and Gardner 2018, https://arxiv.org/abs/1710.10723;
        Peters et al. 2018, https://arxiv.org/abs/1802.05365.

    Example:
    >>> import numpy as np
    >>> from keras_embed.layers import WordEmbedding
    >>> backbone = BiDAFBackbone([WordEmbedding(10, 4)], hidden_dim=3)
    >>> inputs = {"question_token_ids": np.array([[2, 3]]), "question_padding_mask": np.ones((1, 2), bool)}
    >>> inputs |= {"context_token_ids": np.array([[4, 3, 5]]), "context_padding_mask": np.ones((1, 3), bool)}
    >>> tuple(backbone(inputs)["start_output"].shape)
    (1, 3, 30)
    """

    def __init__(
        self,
        embeddings: Sequence[keras.layers.Layer],
        cell: str = "lstm",
        hidden_dim: int = 100,
        num_layers: int = 2,
        num_highway: int = 2,
        self_attention: bool = False,
        dropout: float = 0.2,
        dtype: KerasObject = None,
        **kwargs: Any,
    ) -> None:
        _errors.check_one_of("cell", cell, CELLS)
        _errors.check_positive("hidden_dim", hidden_dim)
        _errors.check_positive("num_layers", num_layers)
        _errors.check_rate("dropout", dropout)
        if num_highway < 0:
            raise ValueError(_errors.message("`num_highway` of at least 0", num_highway))

        # === Layers ===
        embeddings = list(embeddings)
        highways = [Highway(dtype=dtype, name=f"highway_{index}") for index in range(num_highway)]
        drop = VariationalDropout(dropout, dtype=dtype, name="dropout")

        def encoder(name: str) -> _Encoder:
            layer = sequence_layer(cell, hidden_dim, True, 0.0, dtype, name)
            return lambda x, mask: layer(drop(x), mask=readable(mask))

        # === Functional Model ===
        inputs = prefixed_inputs(embeddings, _TEXTS)
        encode, texts = encoder("encoder"), {}
        for text in _TEXTS:
            features = of_prefix(inputs, text)
            mask = features["padding_mask"]
            vectors = placed_vectors(embeddings, features)
            x = joined(vectors["input"], dtype, f"{text}_vectors")  # (B, T, D)
            for highway in highways:
                x = highway(x)
            x = joined([encode(x, mask), *vectors["output"]], dtype, f"{text}_beside")  # (B, T, 2 H)
            texts[text] = (cleared(x, mask), mask)
        modelling = _self_attentive if self_attention else _published
        start, end = modelling(*texts["context"], *texts["question"], encoder, num_layers, hidden_dim, dtype)
        outputs = {"start_output": start, "end_output": end}
        outputs = {name: cleared(drop(x), inputs["context_padding_mask"]) for name, x in outputs.items()}
        super().__init__(inputs=inputs, outputs=outputs, dtype=dtype, **kwargs)

        # === Config ===
        self.embeddings = embeddings
        self.cell = cell
        self.hidden_dim = hidden_dim
        self.num_layers = num_layers
        self.num_highway = num_highway
        self.self_attention = self_attention
        self.dropout = dropout

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "cell": self.cell,
            "hidden_dim": self.hidden_dim,
            "num_layers": self.num_layers,
            "num_highway": self.num_highway,
            "self_attention": self.self_attention,
            "dropout": self.dropout,
        }


def _published(
    context: Tensor,
    mask: Tensor,
    question: Tensor,
    question_mask: Tensor,
    encoder: Callable[[str], _Encoder],
    num_layers: int,
    dim: int,
    dtype: KerasObject,
) -> tuple[Tensor, Tensor]:
    """Computes start and end of Seo et al., equation 4 and after, each (B, S, 10 H)."""
    g = AttentionFlow(dtype=dtype, name="attention")(context, question, mask, question_mask)  # (B, S, 8 H)
    m = g
    for index in range(num_layers):
        m = encoder(f"start_{index}")(m, mask)  # (B, S, 2 H)
    m2 = encoder("end")(m, mask)  # (B, S, 2 H)
    return joined([g, m], dtype, "start"), joined([g, m2], dtype, "end_beside")


def _self_attentive(
    context: Tensor,
    mask: Tensor,
    question: Tensor,
    question_mask: Tensor,
    encoder: Callable[[str], _Encoder],
    num_layers: int,
    dim: int,
    dtype: KerasObject,
) -> tuple[Tensor, Tensor]:
    """Computes start and end of Clark and Gardner, section 3.1, each (B, S, 2 H)."""

    def projected(x: Tensor, name: str) -> Tensor:
        return keras.layers.Dense(2 * dim, activation="relu", dtype=dtype, name=name)(x)

    x = AttentionFlow("query", dtype=dtype, name="attention")(context, question, mask, question_mask)  # (B, S, 8 H)
    x = projected(x, "attention_projection")  # (B, S, 2 H)
    # The residual branch: a recurrent layer and self-attention.
    y = cleared(encoder("modelling")(x, mask), mask)
    y = SelfAttentionFlow(dtype=dtype, name="self_attention")(y, mask=mask)  # (B, S, 6 H)
    g = x + projected(y, "self_projection")
    m = g
    for index in range(num_layers):
        m = encoder(f"start_{index}")(m, mask)
    return m, encoder("end")(joined([g, m], dtype, "end_vectors"), mask)
