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
    """One step of a decoder for K beams of each row, with an opaque state."""

    def __call__(self, token_ids: Tensor, position: Tensor, state: Any, /) -> tuple[Tensor, Tensor | None, Any]:
        """Returns the logits of the next tokens (B, K, V), attention (B, K, S) or None, and the next state.

        Args:
            token_ids: the last token of each beam, int32 (B, K).
            position: index of the step, an int32 scalar.
            state: `(beam_state, memory)`: nested tensors (B, K, ...) that a search reorders with the beams, and nested
                tensors that it leaves unchanged.
        """
        ...


#: Static shapes of features, by name.
FeatureShapes: TypeAlias = Mapping[str, Shape]

#: Strings as users have them: a corpus, lists, pairs, arrays, a dict of columns, or TensorFlow string tensors.
StringData: TypeAlias = Any
#: Labels as users have them: lists, arrays or tensors of strings or numbers.
LabelData: TypeAlias = Any
#: Strings split into tokens: a ragged tensor, or a dict of ragged and dense tensors with a common first axis.
Tokens: TypeAlias = Any
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
