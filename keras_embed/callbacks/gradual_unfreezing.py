"""An encoder that begins to learn from its top, layer by layer."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_embed._errors import check_positive, message


class GradualUnfreezing(keras.callbacks.Callback):
    """Lets only what is above an encoder learn at first, then one stage more in each epoch (Howard and Ruder 2018).

    A new head sends noise into the encoder below until it has learnt something; held still, the encoder does not
    forget what it knows in the meantime. Nothing is compiled anew, so an epoch takes as long as when all learns, and
    momenta of the stages that are held follow their gradients already. (To save the time of the held stages too, set
    `trainable` and compile between several calls of `fit`.)

    The model's optimizer must be `schedules.DiscriminativeRates`, which knows the weights apart. A training that goes
    on with `initial_epoch` goes on with the stages of that epoch.

    Args:
        stages: paths of weights, or parts of them, from the bottom to the top: `schedules.encoder_stages(backbone)`.
        every: epochs from one stage to the next.
        first: in the first epochs, so many stages of the top learn already.

    Raises:
        ValueError: for `every` below one, and `first` outside 0 ... number of stages.

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
        """Holds the stages whose turn has not come.

        Raises:
            ValueError: for an optimizer other than `schedules.DiscriminativeRates`.
        """
        optimizer = self.model.optimizer
        optimizer = getattr(optimizer, "inner_optimizer", optimizer)  # under float16, Keras scales the loss around it
        if not hasattr(optimizer, "freeze"):
            expected = "a model that was compiled with schedules.DiscriminativeRates"
            advice = f"DiscriminativeRates({type(optimizer).__name__}(...), {{}})"
            raise ValueError(message(expected, f"one with {type(optimizer).__name__}", advice))
        if not optimizer.built:
            optimizer.build(self.model.trainable_variables)
        learning = self.first + epoch // self.every
        held = self.stages[: max(len(self.stages) - learning, 0)]
        optimizer.freeze([path for stage in held for path in stage])
