"""A rise in a line, then a fall with the square root of the steps."""

from typing import Any

import keras
from keras import ops

from keras_embed._errors import check_positive, message


@keras.saving.register_keras_serializable(package="keras_embed")
class InverseSquareRoot(keras.optimizers.schedules.LearningRateSchedule):
    """The curve of `NoamSchedule`, given by its peak, whatever the width of the model.

        rate(n) = start + (peak - start) n / warmup_steps      for n <= warmup_steps
                  peak sqrt(warmup_steps / n)                  behind,                     n = 1, 2, ...

    Args:
        peak: the largest learning rate, at n = `warmup_steps`.
        warmup_steps: updates until the peak.
        start: where the rise begins.

    Raises:
        ValueError: for steps below one, a `peak` of 0 or less, and a `start` outside 0 ... `peak`.

    References:
        Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, equation 3.

    Example:
    >>> schedule = InverseSquareRoot(peak=0.004, warmup_steps=100)
    >>> [round(float(schedule(n - 1)), 5) for n in (1, 50, 100, 400)]
    [4e-05, 0.002, 0.004, 0.002]
    """

    def __init__(self, peak: float, warmup_steps: int = 4000, start: float = 0.0) -> None:
        check_positive("warmup_steps", warmup_steps)
        if not 0 <= start <= peak or not peak > 0:
            raise ValueError(message("`peak` above 0 and `start` from 0 to `peak`", f"peak={peak}, start={start}"))
        super().__init__()
        self.peak, self.warmup_steps, self.start = peak, warmup_steps, start

    def __call__(self, step: Any) -> Any:
        """The learning rate of an update.

        Args:
            step: how many updates came before it, an int or an integer tensor.
        """
        n = ops.cast(step, "float32") + 1.0
        rise = self.start + (self.peak - self.start) * n / self.warmup_steps
        fall = self.peak * self.warmup_steps**0.5 * ops.rsqrt(n)
        return ops.where(n <= self.warmup_steps, rise, fall)

    def get_config(self) -> dict[str, Any]:
        return {"peak": self.peak, "warmup_steps": self.warmup_steps, "start": self.start}
