"""Two texts compared position by position, each with what it finds in the other."""

from typing import Any

import keras

from keras_embed.functional.pooling import cleared
from keras_embed.functional.text_pairs import compared, soft_alignment
from keras_embed.layers._features import Shape


@keras.saving.register_keras_serializable(package="keras_embed")
class SoftAlignment(keras.layers.Layer):
    """Every position of two texts beside the mixture of the other text that is most like it (Chen et al. 2017).

    `[a_i; a'_i; a_i - a'_i; a_i * a'_i]`, where `a'_i = sum_j softmax_j(a_i . b_j) b_j`, and the same of b: the local
    inference of ESIM. It has no weights.

    Args:
        **kwargs: `name`, `dtype`.

    Call arguments:
        first: `(B, T, D)`.
        second: `(B, S, D)`.
        first_mask: `(B, T)` bool, True = real.
        second_mask: `(B, S)` bool.

    Returns:
        `(B, T, 4 D)` and `(B, S, 4 D)`, zero at padding. Scores and weights are float32 whatever the dtype.

    References:
        Chen et al. 2017, https://arxiv.org/abs/1609.06038.

    Example:
    >>> import numpy as np
    >>> first, second = np.ones((1, 2, 3)), np.ones((1, 4, 3))
    >>> a, b = SoftAlignment()(first, second, np.ones((1, 2), bool), np.ones((1, 4), bool))
    >>> tuple(a.shape), tuple(b.shape)
    ((1, 2, 12), (1, 4, 12))
    """

    def build(self, first_shape: Shape, second_shape: Any = None) -> None:
        """Nothing to build."""
        self.built = True

    def call(self, first: Any, second: Any, first_mask: Any, second_mask: Any) -> tuple[Any, Any]:
        """Aligns, then compares."""
        to_first, to_second = soft_alignment(first, second, first_mask, second_mask)
        return cleared(compared(first, to_first), first_mask), cleared(compared(second, to_second), second_mask)

    def compute_mask(self, *args: Any, **kwargs: Any) -> None:
        """Masks are arguments."""

    def compute_output_shape(self, first_shape: Any, second_shape: Any) -> tuple[Shape, Shape]:
        """`(B, T, 4 D)` and `(B, S, 4 D)`."""
        return (*first_shape[:-1], 4 * first_shape[-1]), (*second_shape[:-1], 4 * second_shape[-1])
