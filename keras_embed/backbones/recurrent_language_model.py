"""A recurrent network that says what comes next."""

from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed.backbones._language_models import LanguageModelBackbone, token_embedding, token_inputs
from keras_embed.backbones._recurrent_parts import CELLS, new_cell
from keras_embed.backbones._token_decoder import TokenDecoder
from keras_embed.layers import RecurrentDecoder


@keras.saving.register_keras_serializable(package="keras_embed")
class RecurrentLanguageModelBackbone(LanguageModelBackbone):
    """Recurrent cells over tokens' vectors, x, whose last outputs, s, make logits.

        y_t = s_t,  or where s_t and the vectors have other widths  y_t = tanh(W s_t)
        logits_t = E y_t

    With tied embeddings, E holds the vectors that are read. Padding, which must stand on the right, changes nothing.

    Args:
        vocabulary_size: V.
        cell: "lstm", "gru", "simple_rnn", or a Keras cell to be copied, such as your own.
        embedding_dim: width of the vectors.
        hidden_dim: units of a cell.
        num_layers: number of cells.
        dropout: rate of variational dropout, one mask for all steps, on the input of each cell and before the logits.
        tie_embeddings: whether logits are made of the vectors that are read.
        dtype: dtype or policy.
        **kwargs: `name`, `trainable`.

    Call arguments:
        inputs: dict with `token_ids` int32 `(B, T)`, from the start on, and `padding_mask` bool `(B, T)`, True = real.

    Returns:
        Dict with `sequence_output` `(B, T, D)`, y, zero at padding, and `logits` float32 `(B, T, V)` of the token that
        follows.

    Raises:
        ValueError: for arguments outside their range.

    References:
        Mikolov et al. 2010, Recurrent neural network based language model; Zaremba et al. 2014,
        https://arxiv.org/abs/1409.2329; Gal and Ghahramani 2016, https://arxiv.org/abs/1512.05287; Press and Wolf 2017,
        https://arxiv.org/abs/1608.05859.

    Example:
    >>> import numpy as np
    >>> backbone = RecurrentLanguageModelBackbone(9, embedding_dim=4, hidden_dim=6)
    >>> outputs = backbone({"token_ids": np.array([[2, 4, 5]]), "padding_mask": np.ones((1, 3), bool)})
    >>> tuple(outputs["sequence_output"].shape), tuple(outputs["logits"].shape)
    ((1, 3, 4), (1, 3, 9))
    """

    def __init__(
        self,
        vocabulary_size: int,
        cell: Any = "lstm",
        embedding_dim: int = 256,
        hidden_dim: int = 512,
        num_layers: int = 1,
        dropout: float = 0.1,
        tie_embeddings: bool = True,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        arguments = {name: value for name, value in locals().items() if name not in ("self", "kwargs", "__class__")}
        for name in ("embedding_dim", "hidden_dim", "num_layers"):
            _errors.check_positive(name, arguments[name])
        if isinstance(cell, str):
            _errors.check_one_of("cell", cell, CELLS)

        # === Layers ===
        embedding = token_embedding(vocabulary_size, embedding_dim, tie_embeddings, dtype)
        cells = [new_cell(cell, hidden_dim, dtype, f"cell_{number}") for number in range(num_layers)]
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
        answers = {"sequence_output": outputs["decoder_sequence_output"], "logits": outputs["logits"]}
        super().__init__(inputs=inputs, outputs=answers, dtype=dtype, **kwargs)

        # === Config ===
        self.token_decoder = token_decoder
        self.arguments = arguments

    def begin(self, features: dict[str, Any], beams: int = 1, max_length: Any = None) -> tuple[Any, Any]:
        """The state before the first token: `(moving, fixed)`, see `decoding.decode`.

        Args:
            features: dict with `token_ids` `(B, any)`, of which only the number of rows counts.
            beams: K.
            max_length: the greatest number of steps; a recurrent state needs none.
        """
        return self.token_decoder.begin(beams=beams, batch=ops.shape(features["token_ids"])[0])

    def step(self, tokens: Any, position: Any, state: Any) -> tuple[Any, None, Any]:
        """One more token of each beam.

        Args:
            tokens: int32 `(B, K)`.
            position: int32 scalar, 0 first; a recurrent state needs none.
            state: of `begin` or of the step before.

        Returns:
            `(logits, None, state)`: float32 `(B, K, V)`, no attention to a source, and the state for the next step.
        """
        logits, _, state = self.token_decoder.step(tokens, position, state)
        return logits, None, state

    def get_config(self) -> dict[str, Any]:
        """The arguments, a cell among them serialised."""
        cell = self.arguments["cell"]
        return {**super().get_config(), "cell": cell if isinstance(cell, str) else keras.layers.serialize(cell)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "RecurrentLanguageModelBackbone":
        """A backbone of the same shape with fresh weights."""
        if isinstance(config["cell"], dict):
            config = {**config, "cell": keras.layers.deserialize(config["cell"])}
        return super().from_config(config)
