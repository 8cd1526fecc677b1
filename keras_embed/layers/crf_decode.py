"""Decoding of the potentials that `CRF` returns."""

from collections.abc import Callable
from typing import Any, NamedTuple

import keras

from keras_embed._errors import check_one_of, check_positive, message
from keras_embed._types import Config, Tensor
from keras_embed.functional import linear_chain
from keras_embed.functional.linear_chain import LinearChain


@keras.saving.register_keras_serializable(package="keras_embed")
class CRFDecode(keras.layers.Layer):
    """Decodes the potentials of a linear chain: best paths, marginals, samples or entropy.

    The layer has no weights, and computes in float32 under any dtype policy. No gradient flows through its outputs.

    Args:
        output: What to compute, see Returns: "viterbi", "k_best", "marginals", "sample" or "entropy".
        num_paths: P, the number of paths of "k_best" and "sample".
        seed: Seed of "sample"; `None` for a random one.
        **kwargs: `name`.

    Call arguments:
        potentials: Float tensor of shape `(B, K + 2 + T, K + 1)`, from `CRF` or `IndependentTags`.

    Returns:
        Depends on `output`.

        - "viterbi", the best path and its probabilities, a dict:
          `tags` `(B, T)` int32, 0 where masked;
          `probabilities` `(B, T)` float32, the marginals p(y_t = tags_t), 0 where masked;
          `successors` `(B, T, K + 1)` float32, p(next tag | y_t = tags_t), the last column for "no tag follows".
          Multiplied along a path they give the exact probability of any span, see
          `functional.linear_chain.path_posteriors`.
        - "k_best", the P best paths, a dict: `tags` `(B, P, T)` int32, best first; `scores` `(B, P)` float32,
          log p(path), -inf if there are fewer paths.
        - "marginals", p(y_t = k) over all paths by forward-backward: `(B, T, K)` float32, 0 where masked.
        - "sample", paths drawn from p(y): `(B, P, T)` int32, 0 where masked.
        - "entropy" of the distribution over paths, in nats: `(B,)` float32.

    Raises:
        ValueError: If `output` is unknown, or `num_paths` is not a positive integer.

    References:
        Viterbi 1967, https://doi.org/10.1109/TIT.1967.1054010; Huang and Chiang 2005,
        https://aclanthology.org/W05-1506, algorithm 1 (k best); Rabiner 1989, https://doi.org/10.1109/5.18626,
        equations 19-27 (marginals); Scott 2002, https://doi.org/10.1198/016214502753479464, section 3 (samples).

    Example:
    >>> import numpy as np
    >>> from keras_embed.layers.crf import IndependentTags
    >>> potentials = IndependentTags()(np.array([[[0.0, 1.0], [2.0, 0.0]]], "float32"))
    >>> decoded = CRFDecode()(potentials)
    >>> [round(float(p), 3) for p in decoded["probabilities"][0]]
    [0.731, 0.881]
    >>> keras.ops.convert_to_numpy(CRFDecode("k_best", num_paths=2)(potentials)["tags"]).tolist()
    [[[1, 0], [0, 0]]]
    >>> round(float(CRFDecode("entropy")(IndependentTags()(np.zeros((1, 3, 2), "float32")))[0]), 4)  # 3 ln 2
    2.0794
    """

    def __init__(self, output: str = "viterbi", num_paths: int = 1, seed: int | None = None, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        check_one_of("output", output, _DECODERS)
        check_positive("num_paths", num_paths)
        # Not `self.output`, which Keras uses.
        self.output_kind = output
        self.num_paths = num_paths
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed) if output == "sample" else None
        self.built = True

    def call(self, potentials: Tensor) -> Tensor | dict[str, Tensor]:
        return _DECODERS[self.output_kind].decode(linear_chain.unpack(potentials), self)

    def compute_output_spec(self, potentials: keras.KerasTensor) -> keras.KerasTensor | dict[str, keras.KerasTensor]:
        batch, rows, columns = potentials.shape
        if columns is None:
            raise ValueError(
                message(
                    "potentials of shape (B, K + 2 + T, K + 1) with a fixed last axis",
                    f"shape {tuple(potentials.shape)}",
                    "the output of a `CRF` layer",
                )
            )
        # rows = K + 2 + T and columns = K + 1, so T = rows - columns - 1.
        sizes = {
            "B": batch,
            "T": None if rows is None else rows - columns - 1,
            "K": columns - 1,
            "K+1": columns,
            "P": self.num_paths,
        }
        specs = {
            name: keras.KerasTensor(tuple(sizes[axis] for axis in axes.split()), dtype=dtype)
            for name, (axes, dtype) in _DECODERS[self.output_kind].specs.items()
        }
        return specs.get("", specs)

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "output": self.output_kind,
            "num_paths": self.num_paths,
            "seed": self.seed,
        }


class _Decoder(NamedTuple):
    """One value of `CRFDecode(output=)`.

    Attributes:
        decode: Function of the chain and the layer that returns the output.
        specs: Axes and dtype of each output; the name is "" if the output is a single tensor.
    """

    decode: Callable[[LinearChain, CRFDecode], Tensor | dict[str, Tensor]]
    specs: dict[str, tuple[str, str]]


def _viterbi(chain: LinearChain, layer: CRFDecode) -> dict[str, Tensor]:
    # argmax_y s(y), and p of each of its tags given all of the sequence.
    tags, _ = linear_chain.viterbi(chain)  # (B, T)
    probabilities, successors = linear_chain.path_posteriors(chain, tags)  # (B, T), (B, T, K + 1)
    return {"tags": tags, "probabilities": probabilities, "successors": successors}


def _k_best(chain: LinearChain, layer: CRFDecode) -> dict[str, Tensor]:
    tags, scores = linear_chain.k_best(chain, layer.num_paths)  # (B, P, T), (B, P)
    # log p(y) = s(y) - log Z
    return {"tags": tags, "scores": scores - linear_chain.posterior(chain).log_partition[:, None]}


def _marginals(chain: LinearChain, layer: CRFDecode) -> Tensor:
    return linear_chain.posterior(chain).unary  # (B, T, K)


def _sample(chain: LinearChain, layer: CRFDecode) -> Tensor:
    # Forward filtering, backward sampling.
    return linear_chain.sample(chain, layer.num_paths, layer.seed_generator)  # (B, P, T)


def _entropy(chain: LinearChain, layer: CRFDecode) -> Tensor:
    # H = log Z - E[s(y)]
    return linear_chain.entropy(chain)  # (B,)


# The axes: B sequences, T tokens, K tags, P paths.
_DECODERS = {
    "viterbi": _Decoder(
        _viterbi,
        {"tags": ("B T", "int32"), "probabilities": ("B T", "float32"), "successors": ("B T K+1", "float32")},
    ),
    "k_best": _Decoder(_k_best, {"tags": ("B P T", "int32"), "scores": ("B P", "float32")}),
    "marginals": _Decoder(_marginals, {"": ("B T K", "float32")}),
    "sample": _Decoder(_sample, {"": ("B P T", "int32")}),
    "entropy": _Decoder(_entropy, {"": ("B", "float32")}),
}
