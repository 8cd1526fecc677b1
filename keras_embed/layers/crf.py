"""The layers that turn emissions into a linear chain."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_embed._errors import check_positive, message
from keras_embed.functional import linear_chain
from keras_embed.functional.linear_chain import FORBIDDEN, LinearChain


@keras.saving.register_keras_serializable(package="keras_embed")
class CRF(keras.layers.Layer):
    """Linear-chain conditional random field: emissions in, one self-contained potentials tensor out.

    The layer only owns the scores of tag pairs. What it returns holds everything that a loss, a metric or a decoder
    needs, so plain `keras.Model`, `compile` and `fit` work, with any number of heads:

        loss = CRFLoss(), metrics = [TagAccuracy(), EntityF1(...)], CRFDecode()(potentials) for tags

    Forbidden transitions hold in the loss as well as in decoding: no mass is ever given to an impossible path.
    Everything is computed in float32, under any dtype policy. On TensorFlow `compile(jit_compile=True)` makes loss and
    decoding several times faster, at the price of a compilation for each new shape; JAX always compiles.

    Args:
        num_tags: K.
        constraints: what may follow what, as `text.tag_schemes.allowed_transitions` gives it: three boolean arrays
            `(transitions (K, K), start (K,), end (K,))`, True = allowed. `None` allows all.
        use_boundary: learn scores for the first and the last tag of a sequence.
        transitions_initializer: for all pair scores.
        transitions_regularizer: for the transitions (K, K).

    Call arguments:
        emissions: (B, T, K) float, unnormalised scores, commonly from a `Dense(K)`.
        mask: (B, T) bool, True = real token; any pattern. The implicit Keras mask is used where none is passed.

    Returns:
        (B, K + 2 + T, K + 1) float32 potentials; see `functional.linear_chain.pack`. Carries no Keras mask: it is
        inside.

    Raises:
        ValueError: unless `num_tags` is a positive integer, and for inputs of another width.

    References:
        Lafferty et al. 2001, https://repository.upenn.edu/cis_papers/159.

    Example:
    >>> import keras, numpy as np
    >>> from keras_embed.layers import CRF, CRFDecode
    >>> emissions = np.array([[[0.0, 2.0], [1.0, 0.0], [0.0, 0.0]]], "float32")
    >>> mask = np.array([[True, True, False]])
    >>> potentials = CRF(2)(emissions, mask=mask)
    >>> tuple(potentials.shape)
    (1, 7, 3)
    >>> keras.ops.convert_to_numpy(CRFDecode()(potentials)["tags"]).tolist()
    [[1, 0, 0]]
    """

    def __init__(
        self,
        num_tags: int,
        constraints: Any = None,
        use_boundary: bool = True,
        transitions_initializer: Any = "zeros",
        transitions_regularizer: Any = None,
        **kwargs: Any,
    ) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        check_positive("num_tags", num_tags)
        self.num_tags = num_tags
        self.constraints = checked_constraints(constraints, num_tags)
        self.use_boundary = use_boundary
        self.transitions_initializer = keras.initializers.get(transitions_initializer)
        self.transitions_regularizer = keras.regularizers.get(transitions_regularizer)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        if input_shape[-1] != self.num_tags:
            raise ValueError(
                message(
                    f"emissions of shape (B, T, {self.num_tags}), one score for each of the {self.num_tags} tags",
                    f"shape {tuple(input_shape)}",
                    f"a `Dense({self.num_tags})` before this layer",
                )
            )
        initializer = self.transitions_initializer
        self.transitions = self.add_weight(
            shape=(self.num_tags, self.num_tags),
            initializer=initializer,
            regularizer=self.transitions_regularizer,
            name="transitions",
        )
        if self.use_boundary:
            self.start = self.add_weight(shape=(self.num_tags,), initializer=initializer, name="start")
            self.end = self.add_weight(shape=(self.num_tags,), initializer=initializer, name="end")
        self.built = True

    def call(self, emissions: Any, mask: Any = None) -> Any:
        if mask is None:
            mask = ops.ones_like(emissions[..., 0], dtype="bool")
        free = ops.zeros((self.num_tags,), "float32")
        scores = [self.transitions, self.start if self.use_boundary else free, self.end if self.use_boundary else free]
        if self.constraints is not None:
            scores = [
                ops.where(allowed, ops.convert_to_tensor(score), FORBIDDEN)
                for allowed, score in zip(self.constraints, scores, strict=True)
            ]
        return linear_chain.pack(LinearChain(emissions, ops.cast(mask, "bool"), *scores))

    def compute_output_spec(self, emissions: Any, mask: Any = None) -> Any:
        return keras.KerasTensor(_potentials_shape(emissions.shape), dtype="float32")

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        return None

    def get_config(self) -> dict[str, Any]:
        constraints = self.constraints
        return {
            **super().get_config(),
            "num_tags": self.num_tags,
            "constraints": None if constraints is None else [part.astype(int).tolist() for part in constraints],
            "use_boundary": self.use_boundary,
            "transitions_initializer": keras.initializers.serialize(self.transitions_initializer),
            "transitions_regularizer": keras.regularizers.serialize(self.transitions_regularizer),
        }


@keras.saving.register_keras_serializable(package="keras_embed")
class IndependentTags(keras.layers.Layer):
    """A softmax over the tags at each token, written as a linear chain whose pair scores are all zero.

    Independent tags are the linear chain that knows nothing of pairs, so the loss (the sum of the tokens' cross
    entropies), decoders and metrics of `CRF` serve it unchanged. It has no weights.

    Call arguments:
        logits: (B, T, K) float.
        mask: (B, T) bool, True = real token. The implicit Keras mask is used where none is passed.

    Returns:
        (B, K + 2 + T, K + 1) float32 potentials.

    Example:
    >>> import numpy as np
    >>> from keras_embed.layers import IndependentTags
    >>> tuple(IndependentTags()(np.zeros((2, 5, 3), "float32")).shape)
    (2, 10, 4)
    """

    def __init__(self, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.supports_masking = True
        self.built = True

    def call(self, logits: Any, mask: Any = None) -> Any:
        if mask is None:
            mask = ops.ones_like(logits[..., 0], dtype="bool")
        num_tags = logits.shape[-1]
        zeros = ops.zeros((num_tags,), "float32")
        table = ops.zeros((num_tags, num_tags), "float32")
        return linear_chain.pack(LinearChain(logits, ops.cast(mask, "bool"), table, zeros, zeros))

    def compute_output_spec(self, logits: Any, mask: Any = None) -> Any:
        return keras.KerasTensor(_potentials_shape(logits.shape), dtype="float32")

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        return None


def _potentials_shape(shape: Any) -> tuple[int | None, int | None, int]:
    batch, length, num_tags = shape
    return batch, None if length is None else length + num_tags + 2, num_tags + 1


def checked_constraints(constraints: Any, num_tags: int) -> tuple[np.ndarray, ...] | None:
    """Three boolean arrays, or `None`; raises `ValueError` for other shapes than those of `num_tags` tags."""
    if constraints is None:
        return None
    parts = tuple(np.asarray(part, dtype=bool) for part in constraints)
    shapes = [part.shape for part in parts]
    if shapes != [(num_tags, num_tags), (num_tags,), (num_tags,)]:
        raise ValueError(
            message(
                f"`constraints` to be three boolean arrays of shapes ({num_tags}, {num_tags}), ({num_tags},), "
                f"({num_tags},): what may follow what, what may come first, what may come last",
                f"shapes {shapes}",
                "keras_embed.text.allowed_transitions(tags, scheme)",
            )
        )
    return parts
