"""Softmax over a vocabulary, shared by both directions of a language model."""

import math
from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed._types import Config, Shape, Tensor
from keras_embed.functional.sampled_softmax import full_cross_entropy, sampled_cross_entropy


@keras.saving.register_keras_serializable(package="keras_embed")
class LanguageModelHead(keras.layers.Layer):
    """Cross-entropy of a bidirectional language model, sampled for training and full for evaluation.

    Both directions share one kernel and one bias (Peters et al. 2018, section 3.1). The cost of the sampled loss
    depends on the number of sampled words instead of the vocabulary size. It is much smaller than the full loss, so
    perplexities of the two kinds cannot be compared.

    Args:
        vocabulary_size: V. Word ids are sorted by decreasing frequency, as in `text.LanguageModelVocabulary`.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        hidden: Float tensor of shape `(B, T, 2, D)`.
        targets: Int32 tensor of shape `(B, 2, T)`.
        candidates: Int32 tensor of shape `(S, 2)`, the sampled words of each direction. `None`: the whole vocabulary.
        target_log_counts: Float tensor of shape `(B, 2, T)`, log expected counts of the targets under the sampler.
        candidate_log_counts: Float tensor of shape `(S, 2)`, the same for the candidates.

    Returns:
        Float tensor of shape `(B, 2, T)`, in nats.

    Raises:
        ValueError: If `vocabulary_size` is not a positive integer, or candidates are passed without log counts.

    References:
        Jean et al. 2015, https://arxiv.org/abs/1412.2007.

    Example:
    >>> import numpy as np
    >>> head = LanguageModelHead(vocabulary_size=4)
    >>> losses = head(np.zeros((1, 2, 2, 3), "float32"), np.ones((1, 2, 2), "int32"))
    >>> tuple(losses.shape), round(float(losses[0, 0, 0]), 4)  # log 4
    ((1, 2, 2), 1.3863)
    """

    def __init__(self, vocabulary_size: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        _errors.check_positive("vocabulary_size", vocabulary_size)
        self.vocabulary_size = vocabulary_size

    def build(self, hidden_shape: Shape, *_: Shape) -> None:
        dim: Any = hidden_shape[-1]
        normal = keras.initializers.RandomNormal(stddev=1.0 / math.sqrt(dim))
        # The output embedding of a word is a row (V, D), as in published checkpoints.
        self.kernel = self.add_weight((self.vocabulary_size, dim), normal, name="kernel")
        self.bias = self.add_weight((self.vocabulary_size,), "zeros", name="bias")
        self.built = True

    def call(
        self,
        hidden: Tensor,
        targets: Tensor,
        candidates: Tensor | None = None,
        target_log_counts: Tensor | None = None,
        candidate_log_counts: Tensor | None = None,
    ) -> Tensor:
        if candidates is not None and (target_log_counts is None or candidate_log_counts is None):
            expected = "`target_log_counts` and `candidate_log_counts` with `candidates`"
            raise ValueError(_errors.message(expected, "None"))
        batch, steps, _, dim = ops.shape(hidden)
        # The directions share kernel and bias, but each has its own targets and candidates.
        losses = []
        for direction in (0, 1):
            flat = ops.reshape(hidden[:, :, direction], (-1, dim))  # (B T, D)
            labels = ops.reshape(targets[:, direction], (-1,))  # (B T,)
            if candidates is None or target_log_counts is None or candidate_log_counts is None:
                loss = full_cross_entropy(flat, labels, self.kernel, self.bias)  # (B T,)
            else:
                words = candidates[:, direction]  # (S,)
                log_counts = ops.reshape(target_log_counts[:, direction], (-1,)), candidate_log_counts[:, direction]
                loss = sampled_cross_entropy(flat, labels, words, self.kernel, self.bias, *log_counts)  # (B T,)
            losses.append(ops.reshape(loss, (batch, steps)))
        return ops.stack(losses, axis=1)  # (B, 2, T)

    def logits(self, hidden: Tensor) -> Tensor:
        """Returns the scores of all words, `(..., D)` to `(..., V)`."""
        return ops.matmul(hidden, ops.transpose(self.kernel)) + self.bias

    def compute_output_shape(self, hidden_shape: Shape, targets_shape: Shape, *_: Shape) -> Shape:
        return targets_shape

    def get_config(self) -> Config:
        return {**super().get_config(), "vocabulary_size": self.vocabulary_size}
