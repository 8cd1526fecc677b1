"""A softmax over a vocabulary that both directions of a language model share."""

import math
from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed.functional.sampled_softmax import full_cross_entropy, sampled_cross_entropy
from keras_embed.layers._features import Shape


@keras.saving.register_keras_serializable(package="keras_embed")
class LanguageModelHead(keras.layers.Layer):
    """How little a language model expected each word: cross-entropy, sampled for training and full for evaluation.

    Both directions share one kernel and one bias (Peters et al. 2018, section 3.1). With sampled words the loss costs
    as much as they are many and not as much as the vocabulary; it is far smaller than the full one, so never compare
    perplexities of both kinds.

    Args:
        vocabulary_size: V. Words are numbered by falling frequency, as `text.LanguageModelVocabulary` does.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        hidden: floats `(B, T, 2, D)`.
        targets: int32 `(B, 2, T)`.
        candidates: int32 `(S, 2)`, the words sampled for each direction; None: the whole vocabulary.
        target_log_counts: floats `(B, 2, T)`, how often the sampler would draw the targets, in logarithms.
        candidate_log_counts: floats `(S, 2)`, the same of the candidates.

    Returns:
        Floats `(B, 2, T)`, in nats.

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

    def build(self, hidden_shape: Shape, *_: Any) -> None:
        """Makes the kernel `(V, D)` and the bias `(V,)`."""
        dim: Any = hidden_shape[-1]
        normal = keras.initializers.RandomNormal(stddev=1.0 / math.sqrt(dim))
        self.kernel = self.add_weight((self.vocabulary_size, dim), normal, name="kernel")
        self.bias = self.add_weight((self.vocabulary_size,), "zeros", name="bias")
        self.built = True

    def call(
        self,
        hidden: Any,
        targets: Any,
        candidates: Any = None,
        target_log_counts: Any = None,
        candidate_log_counts: Any = None,
    ) -> Any:
        """The losses of both directions."""
        batch, steps, _, dim = ops.shape(hidden)
        losses = []
        for direction in (0, 1):
            flat = ops.reshape(hidden[:, :, direction], (-1, dim))
            wanted = ops.reshape(targets[:, direction], (-1,))
            if candidates is None:
                loss = full_cross_entropy(flat, wanted, self.kernel, self.bias)
            else:
                counts = ops.reshape(target_log_counts[:, direction], (-1,))
                drawn = (candidates[:, direction], self.kernel, self.bias)
                loss = sampled_cross_entropy(flat, wanted, *drawn, counts, candidate_log_counts[:, direction])
            losses.append(ops.reshape(loss, (batch, steps)))
        return ops.stack(losses, axis=1)

    def logits(self, hidden: Any) -> Any:
        """From `(..., D)` to scores of all words, `(..., V)`."""
        return ops.matmul(hidden, ops.transpose(self.kernel)) + self.bias

    def compute_output_shape(self, hidden_shape: Shape, targets_shape: Shape, *_: Any) -> Shape:
        """`(B, 2, T)`."""
        return targets_shape

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {**super().get_config(), "vocabulary_size": self.vocabulary_size}
