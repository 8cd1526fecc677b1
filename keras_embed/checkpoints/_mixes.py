"""A backbone and its mixes as an embedding layer."""

from dataclasses import dataclass, field
from typing import Any

from keras_embed.backbones import ElmoBackbone
from keras_embed.layers import ElmoEmbedding


@dataclass(frozen=True)
class Mixes:
    """What a file knows of the mixes.

    Args:
        weights: pairs of w, one number for each layer, and gamma.
        projection: pair of (2 D, width) and (width,), or None.
    """

    weights: list[tuple[Any, Any]] = field(default_factory=list)
    projection: tuple[Any, Any] | None = None


def make_embedding(elmo: ElmoBackbone, mixes: Mixes, **kwargs: Any) -> ElmoEmbedding:
    """An `ElmoEmbedding` with these mixes, or a fresh one where there are none."""
    settings: dict[str, Any] = {"num_mixes": max(1, len(mixes.weights))}
    if mixes.projection is not None:
        settings["projection_dim"] = mixes.projection[0].shape[1]
    embedding = ElmoEmbedding(elmo, **{**settings, **kwargs})
    embedding.build({})
    for mix, (scalars, gamma) in zip(embedding.mixes, mixes.weights, strict=False):
        mix.scalars.assign(scalars)
        mix.gamma.assign(gamma)
    if mixes.projection is not None:
        for layer in embedding.projections:
            layer.kernel.assign(mixes.projection[0])
            layer.bias.assign(mixes.projection[1])
    return embedding
