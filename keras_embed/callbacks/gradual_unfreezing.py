"""Unfreezing of an encoder, layer by layer from the top."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_embed._errors import check_positive, message


class GradualUnfreezing(keras.callbacks.Callback):
    """Trains only the layers above an encoder at first, then unfreezes its stages one by one (Howard and Ruder 2018).

    While a new head is untrained, its gradients are noise, which would damage a pretrained encoder. The model is not
    recompiled: an epoch takes as long as without freezing, and momenta of frozen stages are updated. (To save the time
    of the frozen stages too, set `trainable` and compile between several calls of `fit`.)

    The optimizer of the model must be `schedules.DiscriminativeRates`. A training that is resumed with `initial_epoch`
    resumes with the stages of that epoch.

    Args:
        stages: Paths of weights, or parts of them, from the bottom to the top: `schedules.encoder_stages(backbone)`.
        every: Number of epochs between unfreezing two stages.
        first: Number of stages at the top that are trained from the beginning.

    Raises:
        ValueError: If `every` is not a positive integer, or `first` is not between 0 and the number of stages.

    References:
        Howard and Ruder 2018, https://aclanthology.org/P18-1031, section 3.3.

    Example:
    >>> import numpy as np
    >>> from keras_embed.schedules import DiscriminativeRates
    >>> layers = [keras.layers.Dense(1, use_bias=False, kernel_initializer="ones", name=name) for name in "ab"]
    >>> model = keras.Sequential([keras.Input((1,)), *layers])
    >>> model.compile(DiscriminativeRates(keras.optimizers.SGD(0.1), {}), "mean_absolute_error")
    >>> callbacks = [GradualUnfreezing([["a"]])]
    >>> history = model.fit(np.ones((1, 1)), np.zeros((1, 1)), verbose=0, callbacks=callbacks)
    >>> [round(float(weight[0, 0]), 3) for weight in model.get_weights()]
    [1.0, 0.9]
    """

    def __init__(self, stages: Sequence[Sequence[str]], every: int = 1, first: int = 0) -> None:
        super().__init__()
        check_positive("every", every)
        if not 0 <= first <= len(stages):
            raise ValueError(message(f"`first` from 0 to the number of stages, {len(stages)}", first))
        self.stages, self.every, self.first = [list(stage) for stage in stages], every, first

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Freezes the stages that are not trained in this epoch.

        Raises:
            ValueError: If the optimizer is not `schedules.DiscriminativeRates`.
        """
        optimizer = self.model.optimizer
        optimizer = getattr(optimizer, "inner_optimizer", optimizer)  # under float16, Keras wraps it for loss scaling
        if not hasattr(optimizer, "freeze"):
            expected = "a model that was compiled with schedules.DiscriminativeRates"
            advice = f"DiscriminativeRates({type(optimizer).__name__}(...), {{}})"
            raise ValueError(message(expected, f"one with {type(optimizer).__name__}", advice))
        if not optimizer.built:
            optimizer.build(self.model.trainable_variables)
        unfrozen = self.first + epoch // self.every
        frozen = self.stages[: max(len(self.stages) - unfrozen, 0)]
        optimizer.freeze([path for stage in frozen for path in stage])
