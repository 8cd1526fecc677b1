"""How many words a language model finds equally likely, on average."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_embed")
class Perplexity(keras.metrics.Mean):
    """`exp` of the mean of cross-entropies in nats, over all words so far.

    Args:
        name: of the metric.
        dtype: dtype of its sums.

    Example:
    >>> import numpy as np
    >>> metric = Perplexity()
    >>> metric.update_state(np.log([2.0, 8.0]))
    >>> round(float(metric.result()), 3)
    4.0
    """

    def __init__(self, name: str = "perplexity", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)

    def update_state(self, losses: Any, sample_weight: Any = None) -> None:
        """Adds words.

        Args:
            losses: cross-entropies, floats of any shape.
            sample_weight: of the same shape, 0 for what does not count.
        """
        super().update_state(losses, sample_weight)

    def result(self) -> Any:
        """The perplexity."""
        return ops.exp(super().result())
