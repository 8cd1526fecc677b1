"""A context that reads a question, and one that reads itself, without being summed up."""

from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed.functional.pooling import cleared
from keras_embed.functional.text_pairs import attended_context, attended_query, trilinear_scores
from keras_embed.layers._features import Shape


class _Trilinear(keras.layers.Layer):
    """Holds the weights of `s_ij = w^T [h_i; u_j; h_i * u_j]`."""

    def _build_kernel(self, dim: Any) -> None:
        # As of a dense layer from 3 D to 1. No bias: a number that is added to all scores changes no weight.
        self.kernel = self.add_weight((3 * dim, 1), "glorot_uniform", name="kernel")

    def _scores(self, context: Any, query: Any) -> Any:
        return trilinear_scores(context, query, ops.squeeze(self.kernel, -1))

    def compute_mask(self, *args: Any, **kwargs: Any) -> None:
        """Masks are arguments."""


@keras.saving.register_keras_serializable(package="keras_embed")
class AttentionFlow(_Trilinear):
    """A context whose every position has read a question, and knows what in the context the question asks for.

    `g_i = [h_i; u'_i; h_i * u'_i; h_i * h']` (Seo et al. 2017, equation 4 and "beta"), with u'_i what position i finds
    in the question and h' what the question finds in the context; see `functional.text_pairs`.

    Args:
        product: what h' is multiplied with: "context", h_i, as published; or "query", u'_i, as Clark and Gardner do.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        context: h, `(B, T, D)`.
        query: u, `(B, S, D)`.
        mask: of the context, `(B, T)` bool, True = real.
        query_mask: `(B, S)` bool.

    Returns:
        `(B, T, 4 D)`, zero at padding. Scores and weights are float32 whatever the dtype.

    Raises:
        ValueError: for another `product`.

    References:
        Seo et al. 2017, https://arxiv.org/abs/1611.01603; Clark and Gardner 2018, https://arxiv.org/abs/1710.10723.

    Example:
    >>> import numpy as np
    >>> context, query = np.ones((1, 5, 3)), np.ones((1, 2, 3))
    >>> tuple(AttentionFlow()(context, query, np.ones((1, 5), bool), np.ones((1, 2), bool)).shape)
    (1, 5, 12)
    """

    def __init__(self, product: str = "context", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        _errors.check_one_of("product", product, ("context", "query"))
        self.product = product

    def build(self, context_shape: Shape, query_shape: Any = None) -> None:
        """Makes the weights of the scores."""
        self._build_kernel(context_shape[-1])
        self.built = True

    def call(self, context: Any, query: Any, mask: Any, query_mask: Any) -> Any:
        """Attends in both directions."""
        scores = self._scores(context, query)  # (B, T, S)
        found = attended_query(scores, query, query_mask)  # (B, T, D)
        asked_for = attended_context(scores, context, mask, query_mask)  # (B, 1, D)
        last = asked_for * (context if self.product == "context" else found)
        return cleared(ops.concatenate([context, found, context * found, last], axis=-1), mask)

    def compute_output_shape(self, context_shape: Any, query_shape: Any = None) -> Shape:
        """`(B, T, 4 D)`."""
        return (*context_shape[:-1], 4 * context_shape[-1])

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {**super().get_config(), "product": self.product}


@keras.saving.register_keras_serializable(package="keras_embed")
class SelfAttentionFlow(_Trilinear):
    """A text whose every position has read all others (Clark and Gardner 2018, "self-attention").

    `[h_i; h'_i; h_i * h'_i]`, where `h'_i` mixes the other positions by the softmax of trilinear scores. No position
    looks at itself; the only real one of a text finds nothing, zeros.

    Args:
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        inputs: h, `(B, T, D)`.
        mask: `(B, T)` bool, True = real; None: all are.

    Returns:
        `(B, T, 3 D)`, zero at padding. Scores and weights are float32 whatever the dtype.

    References:
        Clark and Gardner 2018, https://arxiv.org/abs/1710.10723.

    Example:
    >>> import numpy as np
    >>> tuple(SelfAttentionFlow()(np.ones((1, 5, 3))).shape)
    (1, 5, 9)
    """

    def build(self, input_shape: Shape) -> None:
        """Makes the weights of the scores."""
        self._build_kernel(input_shape[-1])
        self.built = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """Attends to all others."""
        ones = ops.ones_like(inputs[..., 0], dtype="int32")  # (B, T)
        mask = ops.cast(ones, "bool") if mask is None else mask
        places = ops.cumsum(ones, axis=1)
        others = ops.expand_dims(places, 2) != ops.expand_dims(places, 1)  # (B, T, T)
        allowed = ops.logical_and(ops.expand_dims(mask, 1), others)
        found = attended_query(self._scores(inputs, inputs), inputs, allowed)
        return cleared(ops.concatenate([inputs, found, inputs * found], axis=-1), mask)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """`(B, T, 3 D)`."""
        return (*input_shape[:-1], 3 * input_shape[-1])
