"""A rise in a line, then a fall in a line."""

from typing import Any

import keras
from keras import ops

from keras_embed._errors import check_positive, message


@keras.saving.register_keras_serializable(package="keras_embed")
class LinearWarmupDecay(keras.optimizers.schedules.LearningRateSchedule):
    """Rises to its peak in a line and falls to its end in a line: BERT's schedule (Devlin et al. 2019).

        rate(n) = peak n / warmup_steps                                                  for n <= warmup_steps
                  end + (peak - end) (total_steps - n) / (total_steps - warmup_steps)    until n = total_steps
                  end                                                                    behind,   n = 1, 2, ...

    For trainings whose length is known beforehand; fine-tuning above all.

    Args:
        peak: the largest learning rate, at n = `warmup_steps`.
        warmup_steps: updates until the peak; 0: it starts there.
        total_steps: updates until the end.
        end: the last learning rate.

    Raises:
        ValueError: for steps and rates out of range.

    References:
        Devlin et al. 2019, https://arxiv.org/abs/1810.04805, A.2.

    Example:
    >>> schedule = LinearWarmupDecay(peak=1.0, warmup_steps=10, total_steps=110)
    >>> [round(float(schedule(n - 1)), 3) for n in (1, 10, 60, 110, 200)]
    [0.1, 1.0, 0.5, 0.0, 0.0]
    """

    def __init__(self, peak: float, warmup_steps: int, total_steps: int, end: float = 0.0) -> None:
        check_positive("total_steps", total_steps)
        if not 0 <= warmup_steps < total_steps:
            received = f"warmup_steps={warmup_steps}, total_steps={total_steps}"
            raise ValueError(message("`warmup_steps` from 0 to below `total_steps`", received))
        if not 0 <= end <= peak or not peak > 0:
            raise ValueError(message("`peak` above 0 and `end` from 0 to `peak`", f"peak={peak}, end={end}"))
        super().__init__()
        self.peak, self.warmup_steps, self.total_steps, self.end = peak, warmup_steps, total_steps, end

    def __call__(self, step: Any) -> Any:
        """The learning rate of an update.

        Args:
            step: how many updates came before it, an int or an integer tensor.
        """
        n = ops.cast(step, "float32") + 1.0
        rise = self.peak * n / max(self.warmup_steps, 1)
        left = (self.total_steps - n) / (self.total_steps - self.warmup_steps)
        fall = self.end + (self.peak - self.end) * ops.clip(left, 0.0, 1.0)
        return ops.where(n <= self.warmup_steps, rise, fall)

    def get_config(self) -> dict[str, Any]:
        return {
            "peak": self.peak,
            "warmup_steps": self.warmup_steps,
            "total_steps": self.total_steps,
            "end": self.end,
        }
