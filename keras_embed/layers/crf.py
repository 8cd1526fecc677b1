"""Layers that produce or change the potentials of a linear chain."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike, NDArray

from keras_embed._errors import check_positive, message
from keras_embed._types import Config, KerasObject, Shape, Tensor
from keras_embed.functional import linear_chain
from keras_embed.functional.linear_chain import FORBIDDEN, LinearChain

Constraints = tuple[NDArray[np.bool_], ...]
"""Allowed transitions (K, K), first tags (K,) and last tags (K,)."""


@keras.saving.register_keras_serializable(package="keras_embed")
class CRF(keras.layers.Layer):
    """Linear-chain conditional random field.

    For tags `y` and emissions `x`, the score of a path is

        s(y) = start[y_1] + sum_t x[t, y_t] + sum_t transitions[y_t, y_{t+1}] + end[y_T],   p(y) = exp(s(y)) / Z

    The layer owns the scores of tag pairs. Its output, one tensor of potentials, contains all that a loss, a metric or
    a decoder needs, so that `keras.Model`, `compile` and `fit` work unchanged, with any number of heads:

        loss = CRFLoss(), metrics = [TagAccuracy(), EntityF1(...)], CRFDecode()(potentials) for tags

    Forbidden transitions apply to the loss as well as to decoding: an impossible path has probability zero. All
    computations are in float32 under any dtype policy. On TensorFlow, `compile(jit_compile=True)` makes loss and
    decoding several times faster, at the cost of a compilation for each new shape; JAX always compiles.

    Args:
        num_tags: K, the number of tags.
        constraints: Three boolean arrays `(transitions (K, K), start (K,), end (K,))`, True = allowed, as returned by
            `text.allowed_transitions`. `None` allows every path.
        use_boundary: If True, learns scores of the first and the last tag of a sequence.
        transitions_initializer: Initializer of all pair scores.
        transitions_regularizer: Regularizer of the transitions (K, K).
        **kwargs: `name`, `trainable`.

    Call arguments:
        emissions: Float tensor of shape `(B, T, K)`, unnormalised scores, typically from `Dense(K)`.
        mask: Bool tensor of shape `(B, T)`, True = real token, in any pattern. Defaults to the implicit Keras mask.

    Returns:
        Float32 potentials of shape `(B, K + 2 + T, K + 1)`, see `functional.linear_chain.pack`. They contain the mask,
        so no Keras mask is attached.

    Raises:
        ValueError: If `num_tags` is not a positive integer, or the emissions have another width.

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
        constraints: Sequence[ArrayLike] | None = None,
        use_boundary: bool = True,
        transitions_initializer: KerasObject = "zeros",
        transitions_regularizer: KerasObject = None,
        **kwargs: Any,
    ) -> None:
        # Sums over all paths lose too much in half precision: the dtype policy is ignored.
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        check_positive("num_tags", num_tags)
        self.num_tags = num_tags
        self.constraints = None if constraints is None else checked_constraints(constraints, num_tags)
        self.use_boundary = use_boundary
        self.transitions_initializer = keras.initializers.get(transitions_initializer)
        self.transitions_regularizer = keras.regularizers.get(transitions_regularizer)
        self.supports_masking = True

    def build(self, input_shape: Shape) -> None:
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
        )  # transitions[i, j]: from tag i to tag j
        if self.use_boundary:
            self.start = self.add_weight(shape=(self.num_tags,), initializer=initializer, name="start")
            self.end = self.add_weight(shape=(self.num_tags,), initializer=initializer, name="end")
        self.built = True

    def call(self, emissions: Tensor, mask: Tensor | None = None) -> Tensor:
        zeros = ops.zeros((self.num_tags,), "float32")
        start, end = (self.start, self.end) if self.use_boundary else (zeros, zeros)  # (K,) each
        scores = (self.transitions, start, end)  # (K, K), (K,), (K,)
        if self.constraints is not None:
            # The constraints are part of the distribution: Z sums over allowed paths only.
            scores = _constrained(scores, self.constraints)
        # One tensor (B, K + 2 + T, K + 1): pair scores, emissions and, in the last column, the mask.
        return linear_chain.pack(LinearChain(emissions, _mask_of(emissions, mask), *scores))

    def compute_output_spec(self, emissions: keras.KerasTensor, mask: Tensor | None = None) -> keras.KerasTensor:
        return keras.KerasTensor(_potentials_shape(emissions.shape), dtype="float32")

    def compute_mask(self, inputs: Tensor, mask: Tensor | None = None) -> None:
        """Returns None: the potentials contain the mask."""

    def get_config(self) -> Config:
        constraints = self.constraints
        return {
            **super().get_config(),
            "num_tags": self.num_tags,
            "constraints": None if constraints is None else _as_lists(constraints),
            "use_boundary": self.use_boundary,
            "transitions_initializer": keras.initializers.serialize(self.transitions_initializer),
            "transitions_regularizer": keras.regularizers.serialize(self.transitions_regularizer),
        }


@keras.saving.register_keras_serializable(package="keras_embed")
class IndependentTags(keras.layers.Layer):
    """Softmax over the tags of each token, expressed as a linear chain whose pair scores are zero.

    With zero pair scores, p(y) = prod_t softmax(x_t)[y_t]. The loss (a sum of token cross-entropies), the decoder and
    the metrics of `CRF` therefore apply unchanged. The layer has no weights.

    Args:
        **kwargs: `name`.

    Call arguments:
        logits: Float tensor of shape `(B, T, K)`.
        mask: Bool tensor of shape `(B, T)`, True = real token. Defaults to the implicit Keras mask.

    Returns:
        Float32 potentials of shape `(B, K + 2 + T, K + 1)`.

    Example:
    >>> import numpy as np
    >>> tuple(IndependentTags()(np.zeros((2, 5, 3), "float32")).shape)
    (2, 10, 4)
    """

    def __init__(self, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.supports_masking = True
        self.built = True

    def call(self, logits: Tensor, mask: Tensor | None = None) -> Tensor:
        num_tags = logits.shape[-1]
        transitions = ops.zeros((num_tags, num_tags), "float32")
        zeros = ops.zeros((num_tags,), "float32")  # start and end
        return linear_chain.pack(LinearChain(logits, _mask_of(logits, mask), transitions, zeros, zeros))

    def compute_output_spec(self, logits: keras.KerasTensor, mask: Tensor | None = None) -> keras.KerasTensor:
        return keras.KerasTensor(_potentials_shape(logits.shape), dtype="float32")

    def compute_mask(self, inputs: Tensor, mask: Tensor | None = None) -> None:
        """Returns None: the potentials contain the mask."""


@keras.saving.register_keras_serializable(package="keras_embed")
class TagConstraints(keras.layers.Layer):
    """Forbids pairs of tags in the potentials of a linear chain, for decoding only (He et al. 2017, section 2.3).

    Independent tags are trained token by token. With this layer before the decoder, the best sequence is searched
    among those that the tag scheme allows. The layer has no weights.

    Args:
        constraints: Three boolean arrays of shapes (K, K), (K,), (K,), True = allowed: transitions, first tags and last
            tags, as returned by `text.allowed_transitions(tags, scheme)`.
        **kwargs: `name`.

    Call arguments:
        potentials: Float tensor of shape `(B, K + 2 + T, K + 1)`, from `IndependentTags` or `CRF`.

    Returns:
        Float32 potentials of the same shape.

    Raises:
        ValueError: If the constraints have other shapes.

    References:
        He et al. 2017, https://aclanthology.org/P17-1044.

    Example:
    >>> import numpy as np
    >>> from keras_embed.layers import CRFDecode
    >>> from keras_embed.text import allowed_transitions
    >>> logits = np.array([[[1.0, 0.9, 0.0], [0.0, 0.0, 1.0]]])  # O, then I-A0
    >>> rules = TagConstraints(allowed_transitions(["O", "B-A0", "I-A0"], "BIO"))
    >>> keras.ops.convert_to_numpy(CRFDecode()(rules(IndependentTags()(logits)))["tags"]).tolist()
    [[1, 2]]
    """

    def __init__(self, constraints: Sequence[ArrayLike], **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.constraints = checked_constraints(constraints, int(np.size(constraints[1])))
        self.built = True

    def call(self, potentials: Tensor) -> Tensor:
        chain = linear_chain.unpack(potentials)
        # A forbidden pair scores less than any path, so that Viterbi avoids it wherever a valid path exists.
        scores = _constrained((chain.transitions, chain.start, chain.end), self.constraints)
        return linear_chain.pack(LinearChain(chain.emissions, chain.mask, *scores))

    def compute_output_spec(self, potentials: keras.KerasTensor) -> keras.KerasTensor:
        return keras.KerasTensor(potentials.shape, dtype="float32")

    def compute_mask(self, inputs: Tensor, previous_mask: Tensor | None = None) -> None:
        """Returns None: the potentials contain the mask."""

    def get_config(self) -> Config:
        return {**super().get_config(), "constraints": _as_lists(self.constraints)}


def checked_constraints(constraints: Sequence[ArrayLike], num_tags: int) -> Constraints:
    """Returns the constraints as three boolean arrays.

    Raises:
        ValueError: If their shapes are not those of `num_tags` tags.
    """
    parts = tuple(np.asarray(part, dtype=bool) for part in constraints)
    shapes = [part.shape for part in parts]
    if shapes != [(num_tags, num_tags), (num_tags,), (num_tags,)]:
        raise ValueError(
            message(
                f"`constraints` to be three boolean arrays of shapes ({num_tags}, {num_tags}), ({num_tags},), "
                f"({num_tags},): allowed transitions, first tags and last tags",
                f"shapes {shapes}",
                "keras_embed.text.allowed_transitions(tags, scheme)",
            )
        )
    return parts


def _constrained(scores: Sequence[Tensor], constraints: Constraints) -> tuple[Tensor, ...]:
    """Returns the pair scores with FORBIDDEN wherever a pair is not allowed."""
    return tuple(
        ops.where(allowed, ops.cast(score, "float32"), FORBIDDEN)
        for allowed, score in zip(constraints, scores, strict=True)
    )


def _mask_of(scores: Tensor, mask: Tensor | None) -> Tensor:
    """Returns the mask (B, T) as bool; all True if there is none."""
    return ops.ones_like(scores[..., 0], dtype="bool") if mask is None else ops.cast(mask, "bool")


def _as_lists(constraints: Constraints) -> list[Any]:
    return [part.astype(int).tolist() for part in constraints]


def _potentials_shape(shape: Shape) -> Shape:
    """Returns (B, K + 2 + T, K + 1) for (B, T, K)."""
    sizes: tuple[Any, ...] = shape
    batch, length, num_tags = sizes
    return batch, None if length is None else length + num_tags + 2, num_tags + 1
