"""Recurrent sequence-to-sequence models with attention."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_embed import _errors
from keras_embed._types import Config, Features, KerasObject, Tensor
from keras_embed.backbones._frozen import FreezableBackbone
from keras_embed.backbones._generation import TokenDecoder, check_ties, text_inputs
from keras_embed.backbones._recurrent_parts import (
    CELLS,
    decoder_attention,
    embedding_layer,
    encoder_layer,
    new_cell,
    readable,
)
from keras_embed.functional.pooling import cleared
from keras_embed.layers import RecurrentDecoder, ScheduledSampling, VariationalDropout

BRIDGES = ("zero", "last", "dense")


@keras.saving.register_keras_serializable(package="keras_embed")
class RecurrentSeq2SeqBackbone(FreezableBackbone):
    """Recurrent encoder and recurrent decoder with attention.

    The encoder is a stack of recurrent layers over source embeddings, `x_l = RNN_l(drop(x_{l-1}))`; its outputs are the
    memory. A bridge computes the initial state of the decoder from the final state of the encoder. The decoder is a
    `RecurrentDecoder` under teacher forcing, and logits are a linear map of its outputs.

    With "bahdanau" it is RNNsearch (Bahdanau et al. 2015, without the maxout layer), with "luong_general" the model of
    Luong et al. (2015), without attention that of Sutskever et al. (2014).

    Padding of source or target does not change the results; in the target it must be on the right.

    Args:
        source_vocabulary_size: number of source tokens.
        target_vocabulary_size: number of target tokens, V.
        cell: "lstm", "gru", "simple_rnn", or a Keras cell, of which each layer gets a copy.
        embedding_dim: width of the embeddings.
        hidden_dim: units of a cell; of each direction in the encoder.
        num_encoder_layers: number of recurrent layers of the encoder.
        num_decoder_layers: number of cells of the decoder.
        bidirectional: use a bidirectional encoder.
        attention: a name, such as "bahdanau" or "luong_general", or an attention layer; None: no attention, which
            requires a bridge other than "zero".
        attend_with: "previous" or "present", see `RecurrentDecoder`; None: "present" for Luong's attentions, else
            "previous".
        input_feeding: feed the context, or the output, to the first cell.
        bridge: initial state of the decoder. "zero": zeros; "last": the final states of the encoder, in a bidirectional
            one those of the backward direction, which ends at the first word; "dense":
            `tanh(W [forward; backward] + b)` of the final states.
        dropout: rate of variational dropout on the input of each recurrent layer, on the memory and before the logits.
        tie_embeddings: which tables are shared: "source_target", "target_softmax", "all" three, or None.
        scheduled_sampling: a `ScheduledSampling` layer; None: teacher forcing only.
        dtype: dtype or policy.
        **kwargs: `name`, `trainable`.

    Call arguments:
        inputs: dict with `encoder_token_ids` int32 `(B, S)`, `encoder_padding_mask` bool `(B, S)`, True = real,
            `decoder_token_ids` int32 `(B, T)`, beginning with the start token, and `decoder_padding_mask` bool
            `(B, T)`.

    Returns:
        Dict with `encoder_sequence_output` `(B, S, M)`, `decoder_sequence_output` `(B, T, D)`, `logits` float32
        `(B, T, V)` and, with attention, `attention` float32 `(B, T, S)`.

    Raises:
        ValueError: If arguments are out of range, or do not fit together.

    Example:
    >>> import numpy as np
    >>> backbone = RecurrentSeq2SeqBackbone(9, 7, embedding_dim=4, hidden_dim=3)
    >>> source, target = np.array([[4, 5, 3]]), np.array([[2, 4, 5, 6]])
    >>> outputs = backbone(
    ...     {
    ...         "encoder_token_ids": source,
    ...         "encoder_padding_mask": source > 0,
    ...         "decoder_token_ids": target,
    ...         "decoder_padding_mask": target > 0,
    ...     }
    ... )
    >>> tuple(outputs["logits"].shape), tuple(outputs["attention"].shape)
    ((1, 4, 7), (1, 4, 3))

    References:
        Sutskever et al. 2014, https://arxiv.org/abs/1409.3215; Bahdanau et al. 2015, https://arxiv.org/abs/1409.0473;
        Luong et al. 2015, https://arxiv.org/abs/1508.04025; Press and Wolf 2017, https://arxiv.org/abs/1608.05859.
    """

    def __init__(
        self,
        source_vocabulary_size: int,
        target_vocabulary_size: int,
        cell: str | keras.layers.Layer = "lstm",
        embedding_dim: int = 256,
        hidden_dim: int = 256,
        num_encoder_layers: int = 1,
        num_decoder_layers: int = 1,
        bidirectional: bool = True,
        attention: str | keras.layers.Layer | None = "bahdanau",
        attend_with: str | None = None,
        input_feeding: bool = True,
        bridge: str = "dense",
        dropout: float = 0.0,
        tie_embeddings: str | None = None,
        scheduled_sampling: ScheduledSampling | None = None,
        dtype: KerasObject = None,
        **kwargs: Any,
    ) -> None:
        config = {name: value for name, value in locals().items() if name not in ("self", "kwargs", "__class__")}
        _check(config)

        # === Layers ===
        policy = {"dtype": dtype}
        encoder = _encoder(config)
        target = encoder.get_layer("source_embedding")
        if tie_embeddings not in ("source_target", "all"):
            target = embedding_layer(target_vocabulary_size, embedding_dim, dtype, "target_embedding")
        # A tied softmax needs outputs of the width of the embeddings.
        tied = tie_embeddings in ("target_softmax", "all")
        attention_layer, query_state = decoder_attention(attention, hidden_dim, dtype)
        decoder = RecurrentDecoder(
            [new_cell(cell, hidden_dim, dtype, f"decoder_{index}") for index in range(num_decoder_layers)],
            attention_layer,
            attend_with or query_state,
            input_feeding,
            None if attention is None else embedding_dim if tied else hidden_dim,
            dropout,
            **policy,
            name="decoder",
        )
        head = None if tied else keras.layers.Dense(target_vocabulary_size, **policy, name="logits")
        token_decoder = TokenDecoder(target, decoder, head, scheduled_sampling, **policy, name="token_decoder")

        # === Functional Model ===
        inputs = text_inputs()
        encoded = encoder({name: inputs[name] for name in encoder.input})
        outputs = token_decoder(
            inputs["decoder_token_ids"],
            inputs["decoder_padding_mask"],
            encoded["memory"],
            inputs["encoder_padding_mask"],
            encoded.get("states"),
        )
        outputs = {"encoder_sequence_output": encoded["memory"], **outputs}
        super().__init__(inputs=inputs, outputs=outputs, dtype=dtype, **kwargs)

        # === Config ===
        self.encoder = encoder
        self.token_decoder = token_decoder
        self._arguments = config
        self.source_vocabulary_size, self.target_vocabulary_size = source_vocabulary_size, target_vocabulary_size

    @property
    def vocabulary_size(self) -> int:
        """Number of target tokens."""
        return self.target_vocabulary_size

    def begin(self, features: Features, beams: int = 1, max_length: int | Tensor | None = None) -> tuple[Any, Any]:
        """Encodes the source, and returns the state before the first step, see `decoding.decode`.

        Args:
            features: dict with `encoder_token_ids` and `encoder_padding_mask`, `(B, S)`.
            beams: K.
            max_length: unused: a recurrent state has no length.

        Returns:
            `(beam_state, memory)`: tensors `(B, K, ...)` of each beam, and tensors `(B, ...)` of each row.
        """
        features = {name: features[name] for name in self.encoder.input}
        encoded = self.encoder(features, training=False)
        mask = keras.ops.cast(features["encoder_padding_mask"], "bool")
        return self.token_decoder.begin(encoded["memory"], mask, encoded.get("states"), beams)

    def step(self, tokens: Tensor, position: Tensor, state: tuple[Any, Any]) -> tuple[Tensor, Tensor | None, Any]:
        """Computes the logits after one more token of each beam.

        Args:
            tokens: int32 `(B, K)`.
            position: unused: a recurrent state knows it.
            state: of `begin` or of the previous step.

        Returns:
            Logits float32 `(B, K, V)`, not normalized; attention float32 `(B, K, S)` or None; and the next state.
        """
        return self.token_decoder.step(tokens, position, state)

    def get_config(self) -> Config:
        config = {**super().get_config(), **self._arguments}
        layers = ("cell", "attention", "scheduled_sampling")
        return {
            name: keras.layers.serialize(value) if name in layers and isinstance(value, keras.layers.Layer) else value
            for name, value in config.items()
        }

    @classmethod
    def from_config(cls, config: Config) -> "RecurrentSeq2SeqBackbone":
        config = dict(config)
        for name in ("cell", "attention", "scheduled_sampling"):
            if isinstance(config[name], dict):
                config[name] = keras.layers.deserialize(config[name])
        return super().from_config(config)


def _encoder(config: Config) -> keras.Model:
    """Creates the encoder, from source tokens to the memory and, unless the bridge is "zero", the initial states."""
    dtype, rate = config["dtype"], config["dropout"]
    ids = keras.Input((None,), dtype="int32", name="encoder_token_ids")
    mask = keras.Input((None,), dtype="bool", name="encoder_padding_mask")
    sizes = (config["source_vocabulary_size"], config["embedding_dim"])
    x = embedding_layer(*sizes, dtype, "source_embedding")(ids)
    # cuDNN rejects rows without a real step: `cleared` sets their outputs to zero instead.
    recurrent_mask, finals = readable(mask), []
    for index in range(config["num_encoder_layers"]):
        x = VariationalDropout(rate, dtype=dtype, name=f"encoder_dropout_{index}")(x)
        layer = encoder_layer(config["cell"], config["hidden_dim"], config["bidirectional"], dtype, f"encoder_{index}")
        x, *states = layer(x, mask=recurrent_mask)  # (B, S, M), and (B, D) each
        finals.append(states)
    x = VariationalDropout(rate, dtype=dtype, name="memory_dropout")(x)
    outputs = {"memory": cleared(x, mask)}
    if config["bridge"] != "zero":
        outputs["states"] = _initial_states(config, finals)
    return keras.Model({"encoder_token_ids": ids, "encoder_padding_mask": mask}, outputs, name="encoder")


def _initial_states(config: Config, finals: Sequence[Sequence[Tensor]]) -> list[list[Tensor]]:
    """Returns the initial states of each layer of the decoder.

    Layer l of the decoder starts from layer l of the encoder, or from its last one.

    Args:
        config: arguments of `RecurrentSeq2SeqBackbone`; the bridge is "last" or "dense".
        finals: final states (B, D) of each layer of the encoder, those of the forward direction first.
    """
    initial = []
    for layer in range(config["num_decoder_layers"]):
        # An LSTM has two states for each direction, the others one.
        states = list(finals[min(layer, len(finals) - 1)])
        forward = states[: len(states) // 2] if config["bidirectional"] else []
        backward = states[len(forward) :]
        if config["bridge"] == "last":
            initial.append(backward)
        else:
            initial.append([_bridge(config, forward, backward, layer, index) for index in range(len(backward))])
    return initial


def _bridge(config: Config, forward: Sequence[Tensor], backward: Sequence[Tensor], layer: int, index: int) -> Tensor:
    """Computes `tanh(W [forward; backward] + b)`; the paper uses the backward state alone (Bahdanau et al., A.2.2)."""
    name = f"bridge_{layer}_{index}"
    x = backward[index]
    if forward:
        x = keras.ops.concatenate([forward[index], x], axis=-1)  # (B, 2 D)
    return keras.layers.Dense(backward[index].shape[-1], "tanh", dtype=config["dtype"], name=name)(x)


def _check(config: Config) -> None:
    for name in ("embedding_dim", "hidden_dim", "num_encoder_layers", "num_decoder_layers"):
        _errors.check_positive(name, config[name])
    if isinstance(config["cell"], str):
        _errors.check_one_of("cell", config["cell"], CELLS)
    _errors.check_one_of("bridge", config["bridge"], BRIDGES)
    tie = config["tie_embeddings"]
    check_ties(config["source_vocabulary_size"], config["target_vocabulary_size"], tie)
    if config["attention"] is None and config["bridge"] == "zero":
        expected = 'attention, or a bridge other than "zero": else the decoder does not depend on the source'
        raise ValueError(_errors.message(expected, "neither", 'bridge="last"'))
    dims = (config["embedding_dim"], config["hidden_dim"])
    if config["attention"] is None and tie in ("target_softmax", "all") and dims[0] != dims[1]:
        received = f"embedding_dim={dims[0]}, hidden_dim={dims[1]}"
        raise ValueError(_errors.message("equal widths, to tie the softmax of a decoder without attention", received))
