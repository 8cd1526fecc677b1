"""What layers share that put a decoder's own tokens in place of true ones: how often, and which."""

import abc
from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed.functional import scheduled_sampling as formulas

_DECAYS: dict[str, Any] = {
    "constant": lambda step, share: share + 0.0 * ops.cast(step, "float32"),
    "linear": formulas.linear_decay,
    "exponential": formulas.exponential_decay,
    "inverse_sigmoid": formulas.inverse_sigmoid_decay,
}
_CHOICES = ("sample", "argmax")


class OwnTokens(keras.layers.Layer, abc.ABC):
    """Counts the calls in training, and knows the share of a decoder's own tokens that belongs to the count."""

    def __init__(
        self,
        decay: str = "inverse_sigmoid",
        choice: str = "sample",
        seed: int | None = None,
        name: str | None = None,
        dtype: Any = None,
        **arguments: float,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        _errors.check_one_of("decay", decay, _DECAYS)
        _errors.check_one_of("choice", choice, _CHOICES)
        self.decay = decay
        self.choice = choice
        self.seed = seed
        self.arguments = arguments
        try:
            _DECAYS[decay](0, **arguments)
        except TypeError as error:
            expected = f"the arguments of the decay {decay!r}, see functional.scheduled_sampling"
            raise ValueError(_errors.message(expected, arguments)) from error
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.steps = self.add_weight((), "zeros", dtype="int32", trainable=False, name="steps")
        self.built = True

    @property
    def rate(self) -> Any:
        """The share of the decoder's own tokens in the next step, float32."""
        return 1.0 - _DECAYS[self.decay](self.steps.value, **self.arguments)

    def choose(self, logits: Any, uniform: Any) -> Any:
        """The tokens (...) of logits (..., V) and uniform numbers (...)."""
        chosen = formulas.sample(logits, uniform) if self.choice == "sample" else ops.argmax(logits, -1)
        return ops.cast(chosen, "int32")

    def compute_output_spec(self, token_ids: Any, *others: Any, **arguments: Any) -> Any:
        """int32, the shape of the ids."""
        return keras.KerasTensor(token_ids.shape, "int32")

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        config = {name: value for name, value in super().get_config().items() if name != "trainable"}
        return {**config, "decay": self.decay, "choice": self.choice, "seed": self.seed, **self.arguments}
