"""The loss of a linear support vector machine."""

from typing import Any

import keras
from keras import ops

from keras_embed.losses._each_class import EachClass, hot_labels


@keras.saving.register_keras_serializable(package="keras_embed")
class OneVersusRestHinge(EachClass):
    """Squared hinge loss of each class against all others, `max(0, 1 - t_k f_k)^2`, `t_k` 1 for the class, else -1.

    With an L2 regulariser on the weights it is scikit-learn's `LinearSVC`: its C is `1 / (2 N K l2)` here, for N texts
    and K classes. (K = 2 has two mirrored columns here and one there.) Scores that it trains are no log-odds:
    probabilities made of them rank texts rightly and are not calibrated.

    Args:
        reduction: how the values (B, K) are joined; the default is their mean.
        name: of the loss.

    Call arguments:
        y_true: (B,) class numbers, or (B, K) of 0 and 1.
        y_pred: (B, K) scores.
        sample_weight: (B,), one weight for each text, or (B, K).

    Example:
    >>> import numpy as np
    >>> float(OneVersusRestHinge()(np.array([1]), np.array([[-2.0, 0.5]])))
    0.125

    References:
        Fan et al. 2008 (LIBLINEAR), https://www.jmlr.org/papers/v9/fan08a.html.
    """

    def __init__(
        self, reduction: str = "sum_over_batch_size", name: str = "one_versus_rest_hinge", **kwargs: Any
    ) -> None:
        super().__init__(reduction, name)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        signs = 2.0 * hot_labels(y_true, y_pred) - 1.0
        return ops.square(ops.maximum(1.0 - signs * ops.cast(y_pred, "float32"), 0.0))
