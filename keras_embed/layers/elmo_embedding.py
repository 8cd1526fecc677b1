"""ELMo as an embedding layer of other backbones."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed._types import Config, Features, FeatureShapes, Shape, Tensor
from keras_embed.layers.elmo_reader import WithoutBoundaries
from keras_embed.layers.scalar_mix import ScalarMix

#: Name of the feature with the layers of a frozen ELMo, (B, T, N + 1, 2 D). If it is present, ELMo does not run.
ELMO_LAYERS = "elmo_layers"
_PLACES = ("input", "output")
#: Epsilon of the variance for each kind of layer normalisation.
_LAYER_NORM_EPSILONS = {"with_boundaries": 1e-13, "tokens": 1e-12}


@keras.saving.register_keras_serializable(package="keras_embed")
class ElmoEmbedding(keras.layers.Layer):
    """Learnt mixes of the layers of an ELMo, as computed by AllenNLP's `Elmo` module.

    One pass through `elmo` feeds `num_mixes` independent `ScalarMix` layers, each followed by dropout and an optional
    linear projection. ELMo is usually frozen: set `elmo.trainable = False`, or pass `trainable=False` to the backbone,
    and only the mixes are trained.

    Args:
        elmo: `backbones.ElmoBackbone`.
        num_mixes: Number of mixes, each with its own weights (AllenNLP's `num_output_representations`).
        dropout: Dropout rate of each mix.
        layer_norm: `None`; "tokens" to normalise each layer to mean 0 and variance 1 over all tokens of the batch
            before mixing, as bilm-tf does; "with_boundaries" to include the sentence boundaries in these statistics,
            as AllenNLP does.
        l2: Adds `l2 * sum_j w_j^2` of every mix to the loss.
        fixed_weights: N + 1 values for the `w` of every mix, which is then not trained (AllenNLP's
            `scalar_mix_parameters`).
        projection_dim: Width of a linear layer on each mix. `None`: no projection.
        keep_boundaries: If True, returns `(B, T + 2, ...)` with the sentence boundaries first and after the last token.
        places: Where a backbone concatenates each mix: "input", with the other embeddings, or "output", with its
            outputs. `None`: all at the input. The paper found `("input", "output")` best for most tasks.
        seed: Seed of the dropout.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        features: Dict with the inputs of `elmo`; or with its `layer_outputs` as `elmo_layers`, and `padding_mask`.
        training: If True, applies dropout.

    Returns:
        Float tensor of shape `(B, T, 2 D)`, or `(B, T, projection_dim)`, zero at padding; a list of them if there are
        several mixes.

    Raises:
        ValueError: If an argument is out of range, or the arguments contradict each other.

    References:
        Peters et al. 2018, https://arxiv.org/abs/1802.05365.

    Example:
    >>> import numpy as np
    >>> from keras_embed.backbones import ElmoBackbone
    >>> from keras_embed.text import ElmoCharacters, elmo_features
    >>> elmo = ElmoBackbone(hidden_dim=8, projection_dim=4, filters=((1, 4), (2, 4)), char_dim=4, max_characters=10)
    >>> features = elmo_features([["it", "goes"], ["so"]], ElmoCharacters(10))
    >>> [tuple(mix.shape) for mix in ElmoEmbedding(elmo, num_mixes=2)(features)]
    [(2, 2, 8), (2, 2, 8)]
    """

    def __init__(
        self,
        elmo: keras.Model,
        num_mixes: int = 1,
        dropout: float = 0.5,
        layer_norm: str | None = None,
        l2: float = 0.0,
        fixed_weights: Sequence[float] | None = None,
        projection_dim: int | None = None,
        keep_boundaries: bool = False,
        places: Sequence[str] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _errors.check_positive("num_mixes", num_mixes)
        _errors.check_rate("dropout", dropout)
        if layer_norm is not None:
            _errors.check_one_of("layer_norm", layer_norm, _LAYER_NORM_EPSILONS)
        if keep_boundaries and layer_norm == "tokens":
            received = "layer_norm='tokens', keep_boundaries=True"
            expected = "boundaries to be part of the statistics if they are returned"
            raise ValueError(_errors.message(expected, received, "'with_boundaries'"))
        if projection_dim is not None:
            _errors.check_positive("projection_dim", projection_dim)
        self.elmo = elmo
        self.num_mixes = num_mixes
        self.layer_norm = layer_norm
        self.projection_dim = projection_dim
        self.keep_boundaries = keep_boundaries
        self.places = _checked_places(places, num_mixes)
        self.seed = seed
        # N + 1 layers: the word vectors and the outputs of the N LSTM layers.
        mixing: dict[str, Any] = {"num_layers": elmo.num_layers + 1, "fixed_weights": fixed_weights, "l2": l2}
        if layer_norm is not None:
            mixing |= {"layer_norm": True, "epsilon": _LAYER_NORM_EPSILONS[layer_norm]}
        # Keras does not propagate `trainable=False` of the constructor to sublayers.
        inner = {"dtype": self.dtype_policy, "trainable": self.trainable}
        self.mixes = [ScalarMix(**mixing, **inner, name=f"mix_{index}") for index in range(num_mixes)]
        self.dropouts = [
            keras.layers.Dropout(dropout, seed=seed, dtype=self.dtype_policy, name=f"dropout_{index}")
            for index in range(num_mixes)
        ]
        self.projections = [
            keras.layers.Dense(projection_dim, **inner, name=f"projection_{index}")
            for index in range(num_mixes if projection_dim else 0)
        ]
        self.without_boundaries = WithoutBoundaries(dtype=self.dtype_policy, name="tokens")

    @property
    def features(self) -> FeatureShapes:
        """Names and per-row shapes of the features that `call` reads."""
        return {name: tuple(tensor.shape[1:]) for name, tensor in self.elmo.input.items()}

    def build(self, features_shape: dict[str, Shape]) -> None:
        dim = 2 * self.elmo.projection_dim
        for mix in self.mixes:
            mix.build((None, None, self.elmo.num_layers + 1, dim))
        for projection in self.projections:
            projection.build((None, None, dim))
        self.built = True

    def call(self, features: Features, training: bool = False) -> Tensor | list[Tensor]:
        token_mask = features["padding_mask"]  # (B, T)
        layers, mask = self._run_elmo(features, training)  # (B, S, N + 1, 2 D), (B, S); S is T or T + 2
        output_mask = mask if self.keep_boundaries else token_mask
        outputs = []
        for index, mix in enumerate(self.mixes):
            x = mix(layers, mask=mask)  # (B, S, 2 D)
            if mask is token_mask or self.keep_boundaries:
                x = ops.where(ops.expand_dims(mask, -1), x, ops.zeros_like(x))  # zero at padding
            else:
                x = self.without_boundaries(x, token_mask)  # (B, T, 2 D)
            x = self.dropouts[index](x, training=training)
            if self.projections:
                x = self.projections[index](x)  # (B, T, projection_dim)
                x = ops.where(ops.expand_dims(output_mask, -1), x, ops.zeros_like(x))  # removes the bias at padding
            outputs.append(x)
        return outputs[0] if self.num_mixes == 1 else outputs

    @property
    def reads_boundaries(self) -> bool:
        """True if the result depends on the sentence boundaries, which `elmo_layers` does not contain."""
        return self.keep_boundaries or self.layer_norm == "with_boundaries"

    def _run_elmo(self, features: Features, training: bool) -> tuple[Tensor, Tensor]:
        """Returns the layers of ELMo and their mask, with the boundaries if they are needed."""
        if ELMO_LAYERS in features:
            return features[ELMO_LAYERS], features["padding_mask"]
        # A Functional model pairs surplus features by position: pass its own inputs only.
        features = {name: features[name] for name in self.elmo.input}
        trained = self.trainable and self.elmo.trainable  # a frozen ELMo applies no dropout
        reader = self.elmo.bounded() if self.reads_boundaries else self.elmo
        outputs = {"padding_mask": features["padding_mask"], **reader(features, training=training and trained)}
        layers = outputs["layer_outputs"]
        # Otherwise TensorFlow would build the gradient of a frozen ELMo's loops as well.
        return layers if trained else ops.stop_gradient(layers), outputs["padding_mask"]

    def compute_output_shape(self, features_shape: dict[str, Shape]) -> Shape | list[Shape]:
        batch, steps = features_shape["padding_mask"]
        steps = steps + 2 if self.keep_boundaries and steps is not None else steps
        shape = (batch, steps, self.projection_dim or 2 * self.elmo.projection_dim)
        return shape if self.num_mixes == 1 else [shape] * self.num_mixes

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "elmo": keras.saving.serialize_keras_object(self.elmo),
            "num_mixes": self.num_mixes,
            "dropout": self.dropouts[0].rate,
            "layer_norm": self.layer_norm,
            "l2": self.mixes[0].l2,
            "fixed_weights": self.mixes[0].fixed_weights,
            "projection_dim": self.projection_dim,
            "keep_boundaries": self.keep_boundaries,
            "places": list(self.places),
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config: Config) -> "ElmoEmbedding":
        return cls(**{**config, "elmo": keras.saving.deserialize_keras_object(config["elmo"])})


def _checked_places(places: Sequence[str] | None, num_mixes: int) -> tuple[str, ...]:
    places = (_PLACES[0],) * num_mixes if places is None else tuple(places)
    if len(places) != num_mixes:
        received = f"places={places}, num_mixes={num_mixes}"
        raise ValueError(_errors.message("one place for each mix", received, f"num_mixes={len(places)}"))
    for place in places:
        _errors.check_one_of("places", place, _PLACES)
    return places
