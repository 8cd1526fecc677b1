"""Recurrent language models."""

from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed._types import Config, Features, KerasObject, Tensor
from keras_embed.backbones._generation import LanguageModelBackbone, TokenDecoder, token_embedding, token_inputs
from keras_embed.backbones._recurrent_parts import CELLS, new_cell
from keras_embed.layers import RecurrentDecoder


@keras.saving.register_keras_serializable(package="keras_embed")
class RecurrentLanguageModelBackbone(LanguageModelBackbone):
    """Recurrent language model: cells over token embeddings, with logits computed from the top cell's outputs s.

        y_t = s_t,  or y_t = tanh(W s_t) if the widths of s_t and of the embeddings differ
        logits_t = E y_t

    With tied embeddings, E is the table of the input embeddings. Padding must be on the right, and does not change the
    results.

    Args:
        vocabulary_size: V, the number of tokens.
        cell: "lstm", "gru", "simple_rnn", or a Keras cell, of which each layer gets a copy.
        embedding_dim: width of the embeddings.
        hidden_dim: units of a cell.
        num_layers: number of cells.
        dropout: rate of variational dropout, one mask for all steps, on the input of each cell and before the logits.
        tie_embeddings: use one table for inputs and logits.
        dtype: dtype or policy.
        **kwargs: `name`, `trainable`.

    Call arguments:
        inputs: dict with `token_ids` int32 `(B, T)`, beginning with the start token, and `padding_mask` bool
            `(B, T)`, True = real.

    Returns:
        Dict with `sequence_output` `(B, T, D)`, y, zero at padding, and `logits` float32 `(B, T, V)` of the next token.

    Raises:
        ValueError: If arguments are out of range.

    Example:
    >>> import numpy as np
    >>> backbone = RecurrentLanguageModelBackbone(9, embedding_dim=4, hidden_dim=6)
    >>> outputs = backbone({"token_ids": np.array([[2, 4, 5]]), "padding_mask": np.ones((1, 3), bool)})
    >>> tuple(outputs["sequence_output"].shape), tuple(outputs["logits"].shape)
    ((1, 3, 4), (1, 3, 9))

    References:
        Mikolov et al. 2010, Recurrent neural network based language model; Zaremba et al. 2014,
        https://arxiv.org/abs/1409.2329; Gal and Ghahramani 2016, https://arxiv.org/abs/1512.05287; Press and Wolf 2017,
        https://arxiv.org/abs/1608.05859.
    """

    def __init__(
        self,
        vocabulary_size: int,
        cell: str | keras.layers.Layer = "lstm",
        embedding_dim: int = 256,
        hidden_dim: int = 512,
        num_layers: int = 1,
        dropout: float = 0.1,
        tie_embeddings: bool = True,
        dtype: KerasObject = None,
        **kwargs: Any,
    ) -> None:
        arguments = {name: value for name, value in locals().items() if name not in ("self", "kwargs", "__class__")}
        for name in ("embedding_dim", "hidden_dim", "num_layers"):
            _errors.check_positive(name, arguments[name])
        if isinstance(cell, str):
            _errors.check_one_of("cell", cell, CELLS)

        # === Layers ===
        embedding = token_embedding(vocabulary_size, embedding_dim, tie_embeddings, dtype)
        cells = [new_cell(cell, hidden_dim, dtype, f"cell_{index}") for index in range(num_layers)]
        recurrence = RecurrentDecoder(
            cells,
            attentional_dim=None if hidden_dim == embedding_dim else embedding_dim,
            dropout=dropout,
            dtype=dtype,
            name="recurrence",
        )
        token_decoder = TokenDecoder(embedding, recurrence, dtype=dtype, name="token_decoder")

        # === Functional Model ===
        inputs = token_inputs()
        outputs = token_decoder(inputs["token_ids"], inputs["padding_mask"])
        outputs = {"sequence_output": outputs["decoder_sequence_output"], "logits": outputs["logits"]}
        super().__init__(inputs=inputs, outputs=outputs, dtype=dtype, **kwargs)

        # === Config ===
        self.token_decoder = token_decoder
        self.arguments = arguments

    def begin(self, features: Features, beams: int = 1, max_length: int | Tensor | None = None) -> tuple[Any, Any]:
        """Returns the state before the first step, `(beam_state, memory)`, see `decoding.decode`.

        Args:
            features: dict with `token_ids` `(B, any)`, used for B only.
            beams: K.
            max_length: unused: a recurrent state has no length.
        """
        return self.token_decoder.begin(beams=beams, batch=ops.shape(features["token_ids"])[0])

    def step(self, tokens: Tensor, position: Tensor, state: tuple[Any, Any]) -> tuple[Tensor, None, Any]:
        """Computes the logits after one more token of each beam.

        Args:
            tokens: int32 `(B, K)`.
            position: unused: a recurrent state knows it.
            state: of `begin` or of the previous step.

        Returns:
            `(logits, None, state)`: float32 `(B, K, V)`, None as there is no source, and the next state.
        """
        logits, _, state = self.token_decoder.step(tokens, position, state)
        return logits, None, state

    def get_config(self) -> Config:
        cell = self.arguments["cell"]
        return {**super().get_config(), "cell": cell if isinstance(cell, str) else keras.layers.serialize(cell)}

    @classmethod
    def from_config(cls, config: Config) -> "RecurrentLanguageModelBackbone":
        if isinstance(config["cell"], dict):
            config = {**config, "cell": keras.layers.deserialize(config["cell"])}
        return super().from_config(config)
