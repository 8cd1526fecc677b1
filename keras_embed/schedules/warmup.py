"""Learning-rate schedules with a linear warmup."""

import keras
from keras import ops

from keras_embed._errors import check_positive, message
from keras_embed._types import Config, Tensor


@keras.saving.register_keras_serializable(package="keras_embed")
class NoamSchedule(keras.optimizers.schedules.LearningRateSchedule):
    """Linear warmup and inverse square root decay of the original Transformer (Vaswani et al. 2017, equation 3).

        rate(n) = scale model_dim^-0.5 min(n^-0.5, n warmup_steps^-1.5),    n = 1, 2, ...

    The peak is scale / sqrt(model_dim warmup_steps), at n = `warmup_steps`. `InverseSquareRoot` is the same curve,
    parametrised by its peak.

    Keras counts steps from 0 and the paper from 1: the first update has n = 1, and so a rate above 0.

    Args:
        model_dim: D, the width of the model.
        warmup_steps: Number of updates until the peak; 4,000 in the paper.
        scale: A factor; 1 in the paper, often 2 for small models.

    Call arguments:
        step: Number of updates before this one, an int or an integer tensor.

    Returns:
        The learning rate, a float32 scalar.

    Raises:
        ValueError: If an argument is not positive.

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

    def __call__(self, step: int | Tensor) -> Tensor:
        n = ops.cast(step, "float32") + 1.0
        return self.scale * self.model_dim**-0.5 * ops.minimum(ops.rsqrt(n), n * self.warmup_steps**-1.5)

    def get_config(self) -> Config:
        return {"model_dim": self.model_dim, "warmup_steps": self.warmup_steps, "scale": self.scale}


@keras.saving.register_keras_serializable(package="keras_embed")
class InverseSquareRoot(keras.optimizers.schedules.LearningRateSchedule):
    """The curve of `NoamSchedule`, parametrised by its peak instead of the width of the model.

        rate(n) = start + (peak - start) n / warmup_steps      for n <= warmup_steps
                  peak sqrt(warmup_steps / n)                  otherwise,               n = 1, 2, ...

    Args:
        peak: The largest learning rate, at n = `warmup_steps`.
        warmup_steps: Number of updates until the peak.
        start: The learning rate at the start of the warmup.

    Call arguments:
        step: Number of updates before this one, an int or an integer tensor.

    Returns:
        The learning rate, a float32 scalar.

    Raises:
        ValueError: If `warmup_steps` or `peak` is not positive, or `start` is not in [0, peak].

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

    def __call__(self, step: int | Tensor) -> Tensor:
        n = ops.cast(step, "float32") + 1.0
        rise = self.start + (self.peak - self.start) * n / self.warmup_steps
        fall = self.peak * self.warmup_steps**0.5 * ops.rsqrt(n)
        return ops.where(n <= self.warmup_steps, rise, fall)

    def get_config(self) -> Config:
        return {"peak": self.peak, "warmup_steps": self.warmup_steps, "start": self.start}


@keras.saving.register_keras_serializable(package="keras_embed")
class LinearWarmupDecay(keras.optimizers.schedules.LearningRateSchedule):
    """Linear warmup and linear decay, the schedule of BERT (Devlin et al. 2019).

        rate(n) = peak n / warmup_steps                                                  for n <= warmup_steps
                  end + (peak - end) (total_steps - n) / (total_steps - warmup_steps)    until n = total_steps
                  end                                                                    afterwards, n = 1, 2, ...

    For trainings of known length, especially fine-tuning.

    Args:
        peak: The largest learning rate, at n = `warmup_steps`.
        warmup_steps: Number of updates until the peak; 0 to start at the peak.
        total_steps: Number of updates until the end.
        end: The last learning rate.

    Call arguments:
        step: Number of updates before this one, an int or an integer tensor.

    Returns:
        The learning rate, a float32 scalar.

    Raises:
        ValueError: If steps or rates are out of range.

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

    def __call__(self, step: int | Tensor) -> Tensor:
        n = ops.cast(step, "float32") + 1.0
        rise = self.peak * n / max(self.warmup_steps, 1)
        remaining = (self.total_steps - n) / (self.total_steps - self.warmup_steps)
        fall = self.end + (self.peak - self.end) * ops.clip(remaining, 0.0, 1.0)
        return ops.where(n <= self.warmup_steps, rise, fall)

    def get_config(self) -> Config:
        return {
            "peak": self.peak,
            "warmup_steps": self.warmup_steps,
            "total_steps": self.total_steps,
            "end": self.end,
        }
