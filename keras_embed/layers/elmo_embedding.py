"""ELMo as an embedding layer of other backbones."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed.layers._elmo_reader import WithoutBoundaries
from keras_embed.layers._features import Features, FeatureShapes, Shape
from keras_embed.layers.scalar_mix import ScalarMix

#: A feature that holds the layers of a frozen ELMo, (B, T, N + 1, 2 D), which then is not run.
ELMO_LAYERS = "elmo_layers"
_PLACES = ("input", "output")
#: Where mean and variance of a layer are taken, and what is added to the variance there.
_LAYER_NORMS = {"with_boundaries": 1e-13, "tokens": 1e-12}


@keras.saving.register_keras_serializable(package="keras_embed")
class ElmoEmbedding(keras.layers.Layer):
    """Mixes of the layers of an ELMo, for other layers to read: what AllenNLP's `Elmo` module does.

    One pass through `elmo` feeds `num_mixes` independent `ScalarMix`es; on each follow dropout and, if asked for, a
    linear projection. `elmo.trainable = False` before, or `trainable=False` of the backbone, leaves the mixes alone to
    be trained; that is how ELMo is mostly used.

    Args:
        elmo: `backbones.ElmoBackbone`.
        num_mixes: number of mixes, each with weights of its own (AllenNLP's `num_output_representations`).
        dropout: rate on each mix.
        layer_norm: None; "tokens" to make mean and variance of each layer 0 and 1 over all tokens of the batch before
            it is mixed, as bilm-tf does; "with_boundaries" to count the sentences' boundaries among these tokens, as
            AllenNLP does.
        l2: adds `l2 * sum_j w_j^2` of every mix to the loss.
        fixed_weights: N + 1 numbers, `w` of every mix; then no mix is trained (AllenNLP's `scalar_mix_parameters`).
        projection_dim: width of a linear layer on each mix; None: no such layer.
        keep_boundaries: give out `(B, T + 2, ...)` with the beginning first and the end behind the last token.
        places: where a `RecurrentBackbone` puts each mix: "input", beside the other embeddings, or "output", beside
            what it gives out. None: all at the input. `("input", "output")` is what the paper found best for most
            tasks.
        seed: makes dropout repeatable.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        features: dict with what `elmo` reads; or with its `layer_outputs` as `elmo_layers`, and `padding_mask`.
        training: drop only if True.

    Returns:
        Floats `(B, T, 2 D)`, or `(B, T, projection_dim)`, zero at padding; a list of them for several mixes.

    Raises:
        ValueError: for arguments that do not fit.

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
        elmo: Any,
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
            _errors.check_one_of("layer_norm", layer_norm, _LAYER_NORMS)
        if keep_boundaries and layer_norm == "tokens":
            received = "layer_norm='tokens', keep_boundaries=True"
            raise ValueError(
                _errors.message("boundaries that count where they are kept", received, "'with_boundaries'")
            )
        if projection_dim is not None:
            _errors.check_positive("projection_dim", projection_dim)
        self.elmo = elmo
        self.num_mixes = num_mixes
        self.layer_norm = layer_norm
        self.projection_dim = projection_dim
        self.keep_boundaries = keep_boundaries
        self.places = _checked_places(places, num_mixes)
        self.seed = seed
        mixing: dict[str, Any] = {"num_layers": elmo.num_layers + 1, "fixed_weights": fixed_weights, "l2": l2}
        if layer_norm is not None:
            mixing |= {"layer_norm": True, "epsilon": _LAYER_NORMS[layer_norm]}
        # Keras does not hand a constructor's trainable=False down to the layers inside.
        inner = {"dtype": self.dtype_policy, "trainable": self.trainable}
        self.mixes = [ScalarMix(**mixing, **inner, name=f"mix_{number}") for number in range(num_mixes)]
        self.dropouts = [
            keras.layers.Dropout(dropout, seed=seed, dtype=self.dtype_policy, name=f"dropout_{number}")
            for number in range(num_mixes)
        ]
        self.projections = [
            keras.layers.Dense(projection_dim, **inner, name=f"projection_{number}")
            for number in range(num_mixes if projection_dim else 0)
        ]
        self.without_boundaries = WithoutBoundaries(dtype=self.dtype_policy, name="tokens")

    @property
    def features(self) -> FeatureShapes:
        """Names and per-row shapes of the features that `call` reads."""
        return {name: tuple(tensor.shape[1:]) for name, tensor in self.elmo.input.items()}

    def build(self, features_shape: dict[str, Shape]) -> None:
        """Builds the mixes and projections."""
        dim = 2 * self.elmo.projection_dim
        for mix in self.mixes:
            mix.build((None, None, self.elmo.num_layers + 1, dim))
        for projection in self.projections:
            projection.build((None, None, dim))
        self.built = True

    def call(self, features: Features, training: bool = False) -> Any:
        """Runs ELMo once, then mixes."""
        tokens = features["padding_mask"]
        layers, mask = self._read(features, training)
        outputs = []
        for number, mix in enumerate(self.mixes):
            x = mix(layers, mask=mask)  # (B, T, 2 D)
            if mask is tokens or self.keep_boundaries:
                x = ops.where(ops.expand_dims(mask, -1), x, ops.zeros_like(x))
            else:
                x = self.without_boundaries(x, tokens)
            x = self.dropouts[number](x, training=training)
            outputs.append(self._projected(number, x, tokens if not self.keep_boundaries else mask))
        return outputs[0] if self.num_mixes == 1 else outputs

    @property
    def reads_boundaries(self) -> bool:
        """Whether the boundaries of sentences count, so that `elmo_layers` would not do."""
        return self.keep_boundaries or self.layer_norm == "with_boundaries"

    def _read(self, features: Features, training: bool) -> tuple[Any, Any]:
        if ELMO_LAYERS in features:
            return features[ELMO_LAYERS], features["padding_mask"]
        features = {name: features[name] for name in self.elmo.input}
        trained = self.trainable and self.elmo.trainable  # frozen, it drops nothing
        reader = self.elmo.bounded() if self.reads_boundaries else self.elmo
        outputs = {"padding_mask": features["padding_mask"], **reader(features, training=training and trained)}
        layers = outputs["layer_outputs"]
        # TensorFlow would otherwise write the gradient of a frozen ELMo's loops too, for nothing.
        return layers if trained else ops.stop_gradient(layers), outputs["padding_mask"]

    def _projected(self, number: int, x: Any, mask: Any) -> Any:
        if not self.projections:
            return x
        x = self.projections[number](x)
        return ops.where(ops.expand_dims(mask, -1), x, ops.zeros_like(x))  # the bias too

    def compute_output_shape(self, features_shape: dict[str, Shape]) -> Any:
        """`(B, T, 2 D)` or `(B, T, projection_dim)`, for each mix."""
        batch, steps = features_shape["padding_mask"]
        steps = steps + 2 if self.keep_boundaries and steps is not None else steps
        shape = (batch, steps, self.projection_dim or 2 * self.elmo.projection_dim)
        return shape if self.num_mixes == 1 else [shape] * self.num_mixes

    def get_config(self) -> dict[str, Any]:
        """The arguments, the backbone serialised."""
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
    def from_config(cls, config: dict[str, Any]) -> "ElmoEmbedding":
        """A layer of the same shape with fresh weights."""
        return cls(**{**config, "elmo": keras.saving.deserialize_keras_object(config["elmo"])})


def _checked_places(places: Any, num_mixes: int) -> tuple[str, ...]:
    places = (_PLACES[0],) * num_mixes if places is None else tuple(places)
    if len(places) != num_mixes:
        received = f"places={places}, num_mixes={num_mixes}"
        raise ValueError(_errors.message("one place for each mix", received, f"num_mixes={len(places)}"))
    for place in places:
        _errors.check_one_of("places", place, _PLACES)
    return places
