"""The learning rate of the first Transformer."""

from typing import Any

import keras
from keras import ops

from keras_embed._errors import check_positive, message


@keras.saving.register_keras_serializable(package="keras_embed")
class NoamSchedule(keras.optimizers.schedules.LearningRateSchedule):
    """Rises in a line for `warmup_steps`, then falls with the square root of the steps (Vaswani et al. 2017, eq. 3).

        rate(n) = scale model_dim^-0.5 min(n^-0.5, n warmup_steps^-1.5),    n = 1, 2, ...

    Its peak is scale / sqrt(model_dim warmup_steps), at n = `warmup_steps`. `InverseSquareRoot` is the same curve,
    given by its peak.

    Keras counts steps from 0, the paper from 1: the first update has n = 1, so that it does move.

    Args:
        model_dim: D, the width of the model.
        warmup_steps: updates until the peak; 4,000 in the paper.
        scale: a factor; the paper's is 1, small models often take 2.

    Raises:
        ValueError: for numbers below one, and a `scale` of 0 or less.

    References:
        Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, equation 3.

    Example:
    >>> schedule = NoamSchedule(model_dim=256, warmup_steps=4000)
    >>> round(float(schedule(3999)) * 1e6)  # n = 4000
    988
    """

    def __init__(self, model_dim: int, warmup_steps: int = 4000, scale: float = 1.0) -> None:
        check_positive("model_dim", model_dim)
        check_positive("warmup_steps", warmup_steps)
        if not scale > 0:
            raise ValueError(message("`scale` above 0", scale))
        super().__init__()
        self.model_dim, self.warmup_steps, self.scale = model_dim, warmup_steps, scale

    def __call__(self, step: Any) -> Any:
        """The learning rate of an update.

        Args:
            step: how many updates came before it, an int or an integer tensor.
        """
        n = ops.cast(step, "float32") + 1.0
        return self.scale * self.model_dim**-0.5 * ops.minimum(ops.rsqrt(n), n * self.warmup_steps**-1.5)

    def get_config(self) -> dict[str, Any]:
        return {"model_dim": self.model_dim, "warmup_steps": self.warmup_steps, "scale": self.scale}
