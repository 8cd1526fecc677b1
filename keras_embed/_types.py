"""Types that the rooms share: tensors, features, shapes, paths, and protocols of what is handed round."""

import os
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias, runtime_checkable

#: A tensor of the configured backend, a symbolic `KerasTensor`, or a NumPy array: whatever `keras.ops` takes.
Tensor: TypeAlias = Any
#: A dense, ragged or sparse TensorFlow tensor, in code that always runs in TensorFlow's graph.
TFTensor: TypeAlias = Any
#: Named tensors, batch first: int32 ids, bool masks, float32 weights.
Features: TypeAlias = dict[str, Tensor]
#: A static shape; unknown sizes are `None`.
Shape: TypeAlias = tuple[int | None, ...]
#: A JSON-ready dictionary, as `get_config` returns it.
Config: TypeAlias = dict[str, Any]
#: A path to a file or a folder.
PathLike: TypeAlias = str | os.PathLike[str]
#: A Keras initializer, regularizer, loss, metric ...: its object, its name, its config, or `None`.
KerasObject: TypeAlias = Any
#: A `tf.data.Dataset`.
Dataset: TypeAlias = Any


@runtime_checkable
class Splitter(Protocol):
    """Splits texts into tokens in TensorFlow's graph, as the tokenizers of TensorFlow Text do."""

    def tokenize(self, strings: TFTensor, /) -> TFTensor:
        """Returns ragged strings (B, None) for strings (B,)."""
        ...


class DecoderStep(Protocol):
    """One step of a decoder: `(token ids (B, K), state) -> (logits (B, K, V), state)`, with an opaque state."""

    def __call__(self, token_ids: Tensor, state: Any, /) -> tuple[Tensor, Any]:
        """Returns the scores of the next token, and the next state."""
        ...


class Reader(Protocol):
    """Reads a file of a corpus into its rows."""

    def __call__(self, path: PathLike, /) -> Sequence[Any]:
        """Returns the rows of the file."""
        ...


FeatureShapes: TypeAlias = Mapping[str, Shape]

#: Inputs of `fit`: strings, tokens or a corpus in memory, or a `tf.data.Dataset` of batches.
Samples: TypeAlias = Any
#: Labels of samples: strings, numbers, or lists of them; `None` where the samples have them.
Labels: TypeAlias = Any
#: Weights of samples, (N,) or (N, K).
SampleWeights: TypeAlias = Sequence[float] | Any | None
#: A `tf.Module`, and a `tf.function`.
TFModule: TypeAlias = Any
TFFunction: TypeAlias = Any
#: A decoded JSON value.
Json: TypeAlias = Any
