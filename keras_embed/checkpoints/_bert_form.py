"""BERT in the names of google-research's checkpoints, for the variables of Keras Hub's backbone and of our heads."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from keras import ops

from keras_embed._errors import message
from keras_embed.checkpoints._arrays import Arrays

_PARTS = {
    "token_embedding/embeddings": "bert/embeddings/word_embeddings",
    "position_embedding/embeddings": "bert/embeddings/position_embeddings",
    "segment_embedding/embeddings": "bert/embeddings/token_type_embeddings",
    "embeddings_layer_norm": "bert/embeddings/LayerNorm",
    "pooled_dense": "bert/pooler/dense",
    "self_attention_layer/query": "attention/self/query",
    "self_attention_layer/key": "attention/self/key",
    "self_attention_layer/value": "attention/self/value",
    "self_attention_layer/attention_output": "attention/output/dense",
    "self_attention_layer_norm": "attention/output/LayerNorm",
    "feedforward_intermediate_dense": "intermediate/dense",
    "feedforward_output_dense": "output/dense",
    "feedforward_layer_norm": "output/LayerNorm",
    "masked_head/dense": "cls/predictions/transform/dense",
    "masked_head/norm": "cls/predictions/transform/LayerNorm",
    "masked_head/bias": "cls/predictions/output_bias",
    "next_sentence_head/dense/kernel": "cls/seq_relationship/output_weights",
    "next_sentence_head/dense/bias": "cls/seq_relationship/output_bias",
}
_LAYER = re.compile(r"transformer_layer_(\d+)/(.*)")
_TURNED = "cls/seq_relationship/output_weights"  # (2, D) in the checkpoint, (D, 2) in Keras
HEADS = "cls/"
OPTIMIZER = re.compile(r"(^|/)(global_step|adam_[mv]|lamb_[mv]|[Mm]omentum|Adam(_1)?|beta[12]_power)$")


def array_name(path: str) -> str:
    """The name in a checkpoint of the variable with this path.

    Raises:
        ValueError: for a variable that no checkpoint has.

    Example:
    >>> array_name("transformer_layer_3/self_attention_layer/query/kernel")
    'bert/encoder/layer_3/attention/self/query/kernel'
    """
    layer = _LAYER.fullmatch(path)
    short = layer[2] if layer else path
    folder, _, last = short.rpartition("/")
    name = _PARTS.get(short) or (f"{_PARTS[folder]}/{last}" if folder in _PARTS else None)
    if name is None:
        expected = "variables of a BertBackbone and of a masked language model over it"
        raise ValueError(message(expected, path, "MaskedLanguageModel(..., tied=True)"))
    return f"bert/encoder/layer_{layer[1]}/{name}" if layer else name


def named_variables(model: Any) -> dict[str, Any]:
    """Name in a checkpoint -> variable, for all weights of a backbone or of a masked language model."""
    return {array_name(weight.path): weight for weight in model.weights}


def assign(variables: Mapping[str, Any], arrays: Arrays) -> None:
    """Gives variables the values of their arrays.

    Raises:
        ValueError: if arrays are missing, left over or of another shape; then nothing has been assigned.
    """
    missing, extra = sorted(set(variables) - set(arrays)), sorted(set(arrays) - set(variables))
    if missing or extra:
        received = ", ".join([*(f"no {name}" for name in missing), *(f"{name} besides" for name in extra)])
        advice = f"skip=[{extra[0]!r}]" if extra and not missing else "the configuration of just this checkpoint"
        raise ValueError(f"{arrays.source}: {message(f'the {len(variables)} arrays of the model', received, advice)}")
    values = {name: arrays.take(name, array_shape(name, variable)) for name, variable in variables.items()}
    for name, variable in variables.items():
        value = np.transpose(values.pop(name)) if name == _TURNED else values.pop(name)
        variable.assign(np.reshape(value, variable.shape))


def array_shape(name: str, variable: Any) -> tuple[int, ...]:
    """The shape that a variable has in a checkpoint: heads and their widths on one axis."""
    shape = tuple(variable.shape)
    if name == _TURNED:
        return shape[::-1]
    if "/attention/self/" in name:
        return (*shape[:-2], shape[-2] * shape[-1])
    if name.endswith("/attention/output/dense/kernel"):
        return (shape[0] * shape[1], shape[2])
    return shape


def values_of(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Name in a checkpoint -> float32 array as it stands there."""
    found = {}
    for name, variable in variables.items():
        value = ops.convert_to_numpy(ops.cast(variable, "float32"))
        found[name] = np.reshape(value.T if name == _TURNED else value, array_shape(name, variable))
    return found
