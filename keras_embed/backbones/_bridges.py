"""Bridges: from the encoder's last states to the decoder's first."""

from collections.abc import Sequence
from typing import Any

import keras

BRIDGES = ("zero", "last", "dense")


def first_states(config: dict[str, Any], finals: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """The decoder's first states, for each of its layers a list.

    The decoder's layer l takes from the encoder's layer l, or from its last one.

    Args:
        config: arguments of `RecurrentSeq2SeqBackbone`; the bridge is "last" or "dense".
        finals: for each layer of the encoder its last states (B, D), of both directions forward ones first.
    """
    answer = []
    for layer in range(config["num_decoder_layers"]):
        states = list(finals[min(layer, len(finals) - 1)])
        forward = states[: len(states) // 2] if config["bidirectional"] else []
        backward = states[len(forward) :]
        if config["bridge"] == "last":
            answer.append(backward)
        else:
            answer.append([_dense(config, forward, backward, layer, number) for number in range(len(backward))])
    return answer


def _dense(config: dict[str, Any], forward: Any, backward: Any, layer: int, number: int) -> Any:
    """tanh(W [forward; backward] + b) (Bahdanau et al. 2015, appendix A.2.2, which takes the backward state alone)."""
    name = f"bridge_{layer}_{number}"
    x = backward[number]
    if forward:
        x = keras.ops.concatenate([forward[number], x], axis=-1)
    return keras.layers.Dense(backward[number].shape[-1], "tanh", dtype=config["dtype"], name=name)(x)
