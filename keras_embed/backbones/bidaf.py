"""A context that is read with a question in mind: the recurrent model of span finding."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_embed import _errors
from keras_embed.backbones._embedded import joined, placed_vectors
from keras_embed.backbones._frozen import EmbeddedBackbone
from keras_embed.backbones._prefixed import of_prefix, prefixed_inputs
from keras_embed.backbones._recurrent_parts import CELLS, readable, sequence_layer
from keras_embed.functional.pooling import cleared
from keras_embed.layers import AttentionFlow, Highway, SelfAttentionFlow, VariationalDropout

_TEXTS = ("question", "context")


@keras.saving.register_keras_serializable(package="keras_embed")
class BiDAFBackbone(EmbeddedBackbone):
    """BiDAF, bi-directional attention flow: a context read with a question in mind (Seo et al. 2017).

    Question and context pass through highway layers and a bidirectional recurrent layer, the same for both, `u_j` and
    `h_i`; attention in both directions makes `g_i`, see `layers.AttentionFlow`; further recurrent layers read these:

        m  = RNN(... RNN(g))        start: [g; m]
        m2 = RNN(m)                 end:   [g; m2]

    With `self_attention=True` it is the model that the ELMo paper builds on (Clark and Gardner 2018): attention as
    they have it, a dense layer with ReLU, a recurrent layer, and its output corrected by what self-attention adds to
    it, which makes `g`; then `m = RNN(g)`, start `m`, and `m2 = RNN([g; m])`, end `m2`. They use `cell="gru"`, no
    highway layers, and `num_layers=1`.

    Padding changes nothing, in the question or in the context.

    Args:
        embeddings: layers from a feature dict to `(B, T, D)`, each with a property `features`, see
            `RecurrentBackbone`. Both texts are read by the same layers. `ElmoEmbedding` may also stand at the output
            of the first recurrent layer, so that attention sees what ELMo says of each word: the ELMo paper found
            input and output best here. See its `places`.
        cell: "lstm", "gru" or "simple_rnn".
        hidden_dim: units of each direction.
        num_layers: recurrent layers over the attention, for the start.
        num_highway: highway layers over the vectors of words.
        self_attention: see above.
        dropout: rate of variational dropout on the input of each recurrent layer and on what is given out.
        dtype: dtype or policy of everything but the embeddings.
        **kwargs: `name`, `trainable`.

    Call arguments:
        inputs: dict with the features of all embeddings for each text, such as `question_token_ids`, int32 `(B, Q)`,
            and `context_token_ids`, int32 `(B, S)`, and `question_padding_mask` and `context_padding_mask`, bool,
            True = real. On a GPU under TensorFlow padding must stand on the right (cuDNN).

    Returns:
        Dict with `start_output` and `end_output`, floats `(B, S, 10 * hidden_dim)`, or `(B, S, 2 * hidden_dim)` with
        self-attention, wider where vectors stand at the output; zero at padding.

    Raises:
        ValueError: for no embeddings, embeddings that do not agree on a feature, or arguments outside their range.

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
        dtype: Any = None,
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
        highways = [Highway(dtype=dtype, name=f"highway_{number}") for number in range(num_highway)]
        drop = VariationalDropout(dropout, dtype=dtype, name="dropout")

        def reader(name: str) -> Any:
            layer = sequence_layer(cell, hidden_dim, True, 0.0, dtype, name)
            return lambda x, mask: layer(drop(x), mask=readable(mask))

        # === Functional Model ===
        inputs = prefixed_inputs(embeddings, _TEXTS)
        read, texts = reader("encoder"), []
        for text in _TEXTS:
            features = of_prefix(inputs, text)
            mask = features["padding_mask"]
            vectors = placed_vectors(embeddings, features)
            x = joined(vectors["input"], dtype, f"{text}_vectors")
            for highway in highways:
                x = highway(x)
            x = joined([read(x, mask), *vectors["output"]], dtype, f"{text}_beside")
            texts.append((cleared(x, mask), mask))
        modelled = _self_attentive if self_attention else _published
        start, end = modelled(*texts[1], *texts[0], reader, num_layers, hidden_dim, dtype)
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

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
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
    context: Any, mask: Any, question: Any, question_mask: Any, reader: Any, num_layers: int, dim: int, dtype: Any
) -> tuple[Any, Any]:
    """Start and end of Seo et al., equation 4 and after."""
    attended = AttentionFlow(dtype=dtype, name="attention")(context, question, mask, question_mask)
    x = attended
    for number in range(num_layers):
        x = reader(f"start_{number}")(x, mask)
    end = reader("end")(x, mask)
    return joined([attended, x], dtype, "start"), joined([attended, end], dtype, "end_beside")


def _self_attentive(
    context: Any, mask: Any, question: Any, question_mask: Any, reader: Any, num_layers: int, dim: int, dtype: Any
) -> tuple[Any, Any]:
    """Start and end of Clark and Gardner, section 3.1."""

    def projected(x: Any, name: str) -> Any:
        return keras.layers.Dense(2 * dim, activation="relu", dtype=dtype, name=name)(x)

    x = AttentionFlow("query", dtype=dtype, name="attention")(context, question, mask, question_mask)
    x = projected(x, "attention_projection")
    y = cleared(reader("modelling")(x, mask), mask)
    y = SelfAttentionFlow(dtype=dtype, name="self_attention")(y, mask=mask)
    x = x + projected(y, "self_projection")
    start = x
    for number in range(num_layers):
        start = reader(f"start_{number}")(start, mask)
    return start, reader("end")(joined([x, start], dtype, "end_vectors"), mask)
