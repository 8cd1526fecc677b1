"""Learning rates that differ between the weights of one model, such as the layers of an encoder."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_embed._errors import message
from keras_embed._types import Config, KerasObject, Shape, Tensor


@keras.saving.register_keras_serializable(package="keras_embed")
class DiscriminativeRates(keras.optimizers.Optimizer):
    """An optimizer that scales the updates of each weight (Howard and Ruder 2018).

        w <- w + factor(w) (update of w by the wrapped optimizer)

    This is a learning rate `factor` times as large, weight decay included, for any optimizer. A weight with factor 0 is
    not changed.

    Args:
        optimizer: Any Keras optimizer, with its learning rate or schedule.
        rates: Factor by path of a weight (`transformer_layer_0/self_attention_layer/query/kernel`) or by a part of
            paths between slashes (`transformer_layer_0`); the longest match is used. `layerwise_rates` computes them.
        default: Factor of the weights without a match, such as those of a new head.
        name: Name of the optimizer.

    Raises:
        ValueError: If a factor is negative, the optimizer averages weights, or, when the weights are known, `rates`
            matches none of them.

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
        self,
        optimizer: KerasObject,
        rates: Mapping[str, float],
        default: float = 1.0,
        name: str = "discriminative_rates",
    ) -> None:
        super().__init__(learning_rate=0.0, name=name)  # never used, see the property `learning_rate`
        optimizer = keras.optimizers.get(optimizer)
        if optimizer.use_ema:
            raise ValueError(message("an optimizer without `use_ema`", type(optimizer).__name__, "CheckpointAveraging"))
        if min([default, *rates.values()]) < 0:
            raise ValueError(message("factors of at least 0", {"default": default, **rates}))
        self.optimizer, self.rates, self.default = optimizer, dict(rates), default

    def build(self, variables: Sequence[keras.Variable]) -> None:
        """Creates the variables of the wrapped optimizer, and one with the factors.

        Raises:
            ValueError: If `rates` matches no weight.
        """
        if self.built:
            return
        factors = [self.factor(variable.path) for variable in variables]
        if self.rates and all(factor is None for factor in factors):
            paths = [variable.path for variable in variables][:3]
            raise ValueError(message(f"weights under one of {sorted(self.rates)[:5]}", f"weights {paths} and so on"))
        self._initial_factors = [self.default if factor is None else factor for factor in factors]

        def initializer(shape: Shape, dtype: str | None = None) -> Tensor:
            return ops.reshape(ops.convert_to_tensor(np.array(self._initial_factors, "float32"), dtype), shape)

        self._factors = self.add_variable((len(self._initial_factors),), initializer, "float32", name="factors")
        self.optimizer.build(variables)
        super().build(variables)

    def factor(self, path: str) -> float | None:
        """Returns the factor of the weight with this path in `rates`, or None if there is no match."""
        matches = [part for part in self.rates if _contains(path, part)]
        return self.rates[max(matches, key=len)] if matches else None

    def freeze(self, paths: Collection[str]) -> None:
        """Sets the factors of some weights to 0 and resets all others; may be called between training steps.

        Args:
            paths: Paths of weights, or parts of paths.
        """
        weights = zip(self._trainable_variables, self._initial_factors, strict=True)
        factors = [0.0 if any(_contains(weight.path, part) for part in paths) else factor for weight, factor in weights]
        self._factors.assign(np.array(factors, "float32"))

    def apply(self, grads: Sequence[Tensor], trainable_variables: Sequence[keras.Variable] | None = None) -> None:
        if not self.built:
            if trainable_variables is None:
                raise ValueError(message("`trainable_variables` in the first call", "None"))
            self.build(list(trainable_variables))
        variables = self._trainable_variables if trainable_variables is None else list(trainable_variables)
        before = [ops.copy(variable) for variable in variables]
        self.optimizer.apply(grads, variables)
        # Scale the update that the wrapped optimizer has applied.
        for variable, old in zip(variables, before, strict=True):
            factor = ops.cast(self._factors[self._get_variable_index(variable)], variable.dtype)
            variable.assign(old + factor * (variable - old))

    @property
    def variables(self) -> list[keras.Variable]:
        """The variables of this and of the wrapped optimizer."""
        return [*self._variables, *self.optimizer.variables]

    @property
    def learning_rate(self) -> Tensor:
        """The learning rate of the wrapped optimizer."""
        return self.optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate: KerasObject) -> None:
        self.optimizer.learning_rate = learning_rate

    @property
    def iterations(self) -> keras.Variable:
        """The number of steps of the wrapped optimizer."""
        return self.optimizer.iterations

    def scale_loss(self, loss: Tensor) -> Tensor:
        return self.optimizer.scale_loss(loss)

    def finalize_variable_values(self, var_list: Sequence[keras.Variable]) -> None:
        self.optimizer.finalize_variable_values(var_list)

    def get_config(self) -> Config:
        inner = keras.optimizers.serialize(self.optimizer)
        return {"optimizer": inner, "rates": self.rates, "default": self.default, "name": self.name}

    @classmethod
    def from_config(cls, config: Config, custom_objects: dict[str, Any] | None = None) -> "DiscriminativeRates":
        inner = keras.optimizers.deserialize(config["optimizer"], custom_objects)
        return cls(**{**config, "optimizer": inner})


def _contains(path: str, part: str) -> bool:
    """Returns True if `part` is a sequence of adjacent names in `path`."""
    return f"/{part}/" in f"/{path}/"


def encoder_stages(backbone: keras.Model) -> list[list[str]]:
    """Returns the paths of the weights of a backbone in stages, from the embeddings to the last layer.

    Args:
        backbone: A backbone of Keras Hub with `transformer_layers`, such as `BertBackbone`, or of
            `keras_embed.backbones`.

    Returns:
        A list for each stage: the embeddings and all other weights below the first layer; then each layer, the last one
        with all weights above it.

    Raises:
        ValueError: If the model has no layers with weights.

    Example:
    >>> import keras_hub
    >>> sizes = dict(num_layers=2, num_heads=1, hidden_dim=4, intermediate_dim=4)
    >>> stages = encoder_stages(keras_hub.models.BertBackbone(9, **sizes))
    >>> [stage[-1] for stage in stages]
    ['embeddings_layer_norm/beta', 'transformer_layer_0/feedforward_output_dense/bias', 'pooled_dense/bias']
    """
    layers = _stacked_layers(backbone)
    layer_stages = {id(weight): index for index, layer in enumerate(layers, start=1) for weight in layer.weights}
    if not layer_stages:
        raise ValueError(message("a backbone with layers that have weights", type(backbone).__name__))
    stages: list[list[str]] = [[] for _ in range(len(layers) + 1)]
    embeddings = {id(weight) for layer in getattr(backbone, "embeddings", None) or () for weight in layer.weights}
    # Weights outside of the layers: before the first layer they belong to the embeddings, after it to the last layer.
    in_layers = False
    for weight in backbone.weights:
        in_layers = in_layers or id(weight) in layer_stages
        other = len(layers) if in_layers and id(weight) not in embeddings else 0
        stages[layer_stages.get(id(weight), other)].append(weight.path)
    return stages


def _stacked_layers(backbone: keras.Model) -> list[keras.layers.Layer]:
    """Returns the layers above the embeddings, from bottom to top."""
    for owner in (backbone, *backbone.layers):
        for name in ("transformer_layers", "blocks"):
            if getattr(owner, name, None):
                return list(getattr(owner, name))
    embeddings = {id(layer) for layer in getattr(backbone, "embeddings", None) or ()}
    return [layer for layer in backbone.layers if layer.weights and id(layer) not in embeddings]


def layerwise_rates(backbone: keras.Model, decay: float = 0.9) -> dict[str, float]:
    """Computes factors for `DiscriminativeRates` that decrease from the last layer of an encoder to its embeddings.

        factor(layer n of N) = decay^(N + 1 - n),    factor(embeddings) = decay^(N + 1)

    Weights outside of the backbone, such as those of a head, are not included and have the default factor.

    Args:
        backbone: See `encoder_stages`.
        decay: In (0, 1].

    Returns:
        Factor by path of a weight.

    Raises:
        ValueError: If the decay is out of range, or the model has no layers with weights.

    References:
        Howard and Ruder 2018, section 3.2, https://aclanthology.org/P18-1031 (decay 1 / 2.6); Clark et al. 2020,
        appendix A, https://openreview.net/forum?id=r1xMH1BtvB (0.8 for small encoders, 0.9 for large ones).

    Example:
    >>> import keras_hub
    >>> sizes = dict(num_layers=2, num_heads=1, hidden_dim=4, intermediate_dim=4)
    >>> rates = layerwise_rates(keras_hub.models.BertBackbone(9, **sizes), decay=0.5)
    >>> rates["pooled_dense/bias"], rates["token_embedding/embeddings"]
    (0.5, 0.125)
    """
    if not 0 < decay <= 1:
        raise ValueError(message("`decay` above 0 and at most 1", decay))
    stages = encoder_stages(backbone)
    return {path: decay ** (len(stages) - index) for index, stage in enumerate(stages) for path in stage}
