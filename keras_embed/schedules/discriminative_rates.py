"""Learning rates that differ between the weights of one model."""

from collections.abc import Collection, Mapping
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_embed._errors import message


@keras.saving.register_keras_serializable(package="keras_embed")
class DiscriminativeRates(keras.optimizers.Optimizer):
    """An optimizer whose steps are longer for some weights than for others (Howard and Ruder 2018).

    Each weight w goes `factor * (what the wrapped optimizer would add to w)`, which is a learning rate `factor` times
    as large, weight decay included, whatever the optimizer is. Of factor 0, a weight stays as it is.

    Args:
        optimizer: any of Keras, with its learning rate or schedule.
        rates: factor by path of a weight (`transformer_layer_0/self_attention_layer/query/kernel`) or by a part of
            paths between slashes (`transformer_layer_0`); the longest that fits counts. `layerwise_rates` makes them.
        default: factor of the weights that none fits, such as those of a new head.
        name: of the optimizer.

    Raises:
        ValueError: for negative factors; for an optimizer that averages weights; when it first sees the weights, if
            nothing in `rates` fits any.

    References:
        Howard and Ruder 2018, section 3.2, https://aclanthology.org/P18-1031; Clark et al. 2020, appendix A,
        https://openreview.net/forum?id=r1xMH1BtvB.

    Example:
    >>> import numpy as np
    >>> lower, upper = (keras.layers.Dense(1, use_bias=False, kernel_initializer="ones", name=name) for name in "ab")
    >>> model = keras.Sequential([keras.Input((1,)), lower, upper])
    >>> model.compile(DiscriminativeRates(keras.optimizers.SGD(0.1), {"a": 0.5}), "mean_absolute_error")
    >>> history = model.fit(np.ones((1, 1)), np.zeros((1, 1)), verbose=0)
    >>> [round(float(weight[0, 0]), 3) for weight in model.get_weights()]
    [0.95, 0.9]
    """

    def __init__(
        self, optimizer: Any, rates: Mapping[str, float], default: float = 1.0, name: str = "discriminative_rates"
    ) -> None:
        super().__init__(learning_rate=0.0, name=name)  # its own is never used, see `learning_rate`
        optimizer = keras.optimizers.get(optimizer)
        if optimizer.use_ema:
            raise ValueError(message("an optimizer without `use_ema`", type(optimizer).__name__, "CheckpointAveraging"))
        if min([default, *rates.values()]) < 0:
            raise ValueError(message("factors of at least 0", {"default": default, **rates}))
        self.optimizer, self.rates, self.default = optimizer, dict(rates), default

    def build(self, variables: Any) -> None:
        """Makes the wrapped optimizer's variables, and one of all factors.

        Raises:
            ValueError: for rates under which no weight stands.
        """
        if self.built:
            return
        factors = [self.factor(variable.path) for variable in variables]
        if self.rates and all(factor is None for factor in factors):
            paths = [variable.path for variable in variables][:3]
            raise ValueError(message(f"weights under one of {sorted(self.rates)[:5]}", f"weights {paths} and so on"))
        self._given = [self.default if factor is None else factor for factor in factors]

        def initializer(shape: Any, dtype: Any = None) -> Any:
            return ops.reshape(ops.convert_to_tensor(np.array(self._given, "float32"), dtype), shape)

        self._factors = self.add_variable((len(self._given),), initializer, "float32", name="factors")
        self.optimizer.build(variables)
        super().build(variables)

    def factor(self, path: str) -> float | None:
        """The factor that `rates` has for the weight with this path; None where nothing fits."""
        fitting = [part for part in self.rates if _within(part, path)]
        return self.rates[max(fitting, key=len)] if fitting else None

    def freeze(self, paths: Collection[str]) -> None:
        """Holds weights as they are, and lets all others learn by their factors; works between steps of `fit`.

        Args:
            paths: of the weights, or parts of paths.
        """
        known = zip(self._trainable_variables, self._given, strict=True)
        factors = [0.0 if any(_within(part, weight.path) for part in paths) else factor for weight, factor in known]
        self._factors.assign(np.array(factors, "float32"))

    def apply(self, grads: Any, trainable_variables: Any = None) -> None:
        """Changes the weights by their gradients."""
        if not self.built:
            self.build(list(trainable_variables))
        variables = self._trainable_variables if trainable_variables is None else list(trainable_variables)
        before = [ops.copy(variable) for variable in variables]
        self.optimizer.apply(grads, variables)
        for variable, old in zip(variables, before, strict=True):
            factor = ops.cast(self._factors[self._get_variable_index(variable)], variable.dtype)
            variable.assign(old + factor * (variable - old))

    @property
    def variables(self) -> list[Any]:
        """Its own and those of the wrapped optimizer."""
        return [*self._variables, *self.optimizer.variables]

    @property
    def learning_rate(self) -> Any:
        """That of the wrapped optimizer."""
        return self.optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate: Any) -> None:
        self.optimizer.learning_rate = learning_rate

    @property
    def iterations(self) -> Any:
        """That of the wrapped optimizer."""
        return self.optimizer.iterations

    def scale_loss(self, loss: Any) -> Any:
        """As the wrapped optimizer does."""
        return self.optimizer.scale_loss(loss)

    def finalize_variable_values(self, var_list: Any) -> None:
        """As the wrapped optimizer does."""
        self.optimizer.finalize_variable_values(var_list)

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        inner = keras.optimizers.serialize(self.optimizer)
        return {"optimizer": inner, "rates": self.rates, "default": self.default, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "DiscriminativeRates":
        """An optimizer with the same settings."""
        inner = keras.optimizers.deserialize(config["optimizer"], custom_objects)
        return cls(**{**config, "optimizer": inner})


def _within(part: str, path: str) -> bool:
    """Whether some neighbouring names of a path are these."""
    return f"/{part}/" in f"/{path}/"
