"""Stateless readers of the potentials that `CRF` and `IndependentTags` emit."""

from typing import Any

import keras

from keras_embed._errors import check_positive, message
from keras_embed.functional import linear_chain


class _Reader(keras.layers.Layer):
    """Abstract: float32, no weights, no mask, shapes from the potentials' own."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.built = True

    def call(self, potentials: Any) -> Any:
        return self._read(linear_chain.unpack(potentials))

    def compute_output_spec(self, potentials: Any) -> Any:
        batch, rows, columns = potentials.shape
        if columns is None:
            raise ValueError(
                message(
                    "potentials of shape (B, K + 2 + T, K + 1) with a fixed last axis",
                    f"shape {tuple(potentials.shape)}",
                    "the output of a `CRF` layer",
                )
            )
        return self._specs(batch, None if rows is None else rows - columns - 1, columns - 1)

    def _read(self, chain: linear_chain.LinearChain) -> Any:
        raise NotImplementedError

    def _specs(self, batch: int | None, length: int | None, num_tags: int) -> Any:
        raise NotImplementedError


@keras.saving.register_keras_serializable(package="keras_embed")
class CRFDecode(_Reader):
    """The best path by Viterbi, and how sure the chain is of it.

    Call arguments:
        potentials: (B, K + 2 + T, K + 1) float32, from `CRF` or `IndependentTags`.

    Returns:
        dict:
            `tags` (B, T) int32: the best path, 0 where masked.
            `probabilities` (B, T) float32: marginal p(y_t = tags_t) over all paths, 0 where masked.
            `successors` (B, T, K+1) float32: p(next tag | y_t = tags_t), last column "no tag follows". Multiplied along
                a path these give the exact probability of any span; see `functional.linear_chain.path_posteriors`.

    References:
        Viterbi 1967, https://doi.org/10.1109/TIT.1967.1054010; Rabiner 1989, https://doi.org/10.1109/5.18626.

    Example:
    >>> import numpy as np
    >>> from keras_embed.layers import CRFDecode, IndependentTags
    >>> decoded = CRFDecode()(IndependentTags()(np.array([[[0.0, 1.0], [2.0, 0.0]]], "float32")))
    >>> [round(float(p), 3) for p in decoded["probabilities"][0]]
    [0.731, 0.881]
    """

    def _read(self, chain: linear_chain.LinearChain) -> Any:
        tags, _ = linear_chain.viterbi(chain)
        probabilities, successors = linear_chain.path_posteriors(chain, tags)
        return {"tags": tags, "probabilities": probabilities, "successors": successors}

    def _specs(self, batch: int | None, length: int | None, num_tags: int) -> Any:
        return {
            "tags": keras.KerasTensor((batch, length), dtype="int32"),
            "probabilities": keras.KerasTensor((batch, length), dtype="float32"),
            "successors": keras.KerasTensor((batch, length, num_tags + 1), dtype="float32"),
        }


@keras.saving.register_keras_serializable(package="keras_embed")
class CRFKBest(_Reader):
    """The k best paths.

    Args:
        k: how many, at least 1.

    Call arguments:
        potentials: (B, K + 2 + T, K + 1) float32.

    Returns:
        dict: `tags` (B, k, T) int32, best first; `scores` (B, k) float32 log p(path), -inf where fewer paths exist.

    Raises:
        ValueError: unless `k` is a positive integer.

    References:
        Huang and Chiang 2005, https://aclanthology.org/W05-1506, algorithm 1.

    Example:
    >>> import keras, numpy as np
    >>> from keras_embed.layers import CRFKBest, IndependentTags
    >>> best = CRFKBest(2)(IndependentTags()(np.array([[[0.0, 1.0], [2.0, 0.0]]], "float32")))
    >>> keras.ops.convert_to_numpy(best["tags"]).tolist()
    [[[1, 0], [0, 0]]]
    """

    def __init__(self, k: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_positive("k", k)
        self.k = k

    def _read(self, chain: linear_chain.LinearChain) -> Any:
        tags, scores = linear_chain.k_best(chain, self.k)
        return {"tags": tags, "scores": scores - linear_chain.posterior(chain).log_partition[:, None]}

    def _specs(self, batch: int | None, length: int | None, num_tags: int) -> Any:
        return {
            "tags": keras.KerasTensor((batch, self.k, length), dtype="int32"),
            "scores": keras.KerasTensor((batch, self.k), dtype="float32"),
        }

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "k": self.k}


@keras.saving.register_keras_serializable(package="keras_embed")
class CRFMarginals(_Reader):
    """Marginals p(y_t = k) over all paths, by forward-backward.

    Call arguments:
        potentials: (B, K + 2 + T, K + 1) float32.

    Returns:
        (B, T, K) float32; rows sum to one, and are zero where masked. No gradient flows through them.

    References:
        Rabiner 1989, https://doi.org/10.1109/5.18626, equations 19-27.

    Example:
    >>> import numpy as np
    >>> from keras_embed.layers import CRFMarginals, IndependentTags
    >>> float(CRFMarginals()(IndependentTags()(np.zeros((1, 1, 4), "float32")))[0, 0, 0])
    0.25
    """

    def _read(self, chain: linear_chain.LinearChain) -> Any:
        return linear_chain.posterior(chain).unary

    def _specs(self, batch: int | None, length: int | None, num_tags: int) -> Any:
        return keras.KerasTensor((batch, length, num_tags), dtype="float32")


@keras.saving.register_keras_serializable(package="keras_embed")
class CRFEntropy(_Reader):
    """Entropy of the distribution over paths, in nats: zero when one path has all the mass.

    Call arguments:
        potentials: (B, K + 2 + T, K + 1) float32.

    Returns:
        (B,) float32. No gradient flows through it.

    Example:
    >>> import numpy as np
    >>> from keras_embed.layers import CRFEntropy, IndependentTags
    >>> round(float(CRFEntropy()(IndependentTags()(np.zeros((1, 3, 2), "float32")))[0]), 4)  # 3 ln 2
    2.0794
    """

    def _read(self, chain: linear_chain.LinearChain) -> Any:
        return linear_chain.entropy(chain)

    def _specs(self, batch: int | None, length: int | None, num_tags: int) -> Any:
        return keras.KerasTensor((batch,), dtype="float32")


@keras.saving.register_keras_serializable(package="keras_embed")
class CRFSample(_Reader):
    """Paths drawn at random, each with its own probability under the chain.

    Args:
        num_samples: S.
        seed: int, or None for a random one.

    Call arguments:
        potentials: (B, K + 2 + T, K + 1) float32.

    Returns:
        (B, S, T) int32, 0 where masked.

    Raises:
        ValueError: unless `num_samples` is a positive integer.

    References:
        Scott 2002, https://doi.org/10.1198/016214502753479464, section 3.

    Example:
    >>> import numpy as np
    >>> from keras_embed.layers import CRFSample, IndependentTags
    >>> tuple(CRFSample(7, seed=1)(IndependentTags()(np.zeros((2, 3, 4), "float32"))).shape)
    (2, 7, 3)
    """

    def __init__(self, num_samples: int, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_positive("num_samples", num_samples)
        self.num_samples = num_samples
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def _read(self, chain: linear_chain.LinearChain) -> Any:
        return linear_chain.sample(chain, self.num_samples, self.seed_generator)

    def _specs(self, batch: int | None, length: int | None, num_tags: int) -> Any:
        return keras.KerasTensor((batch, self.num_samples, length), dtype="int32")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "num_samples": self.num_samples, "seed": self.seed}
