"""Negative log-likelihood of a linear chain."""

from typing import Any

import keras
from keras import ops

from keras_embed._errors import message
from keras_embed._types import Config, Tensor
from keras_embed.functional import linear_chain


@keras.saving.register_keras_serializable(package="keras_embed")
class CRFLoss(keras.losses.Loss):
    """Negative log-likelihood of tags under a linear chain, `log Z - s(y)`, one value for each sequence.

    The loss is stateless: all scores are in the potentials, so it can be saved with the compile state of a model and
    used for several heads. The gradient is computed in closed form (expected minus observed counts). It is exact, needs
    no stored loop and compiles under XLA on every backend.

    Args:
        reduction: Reduction over the sequences of a batch; by default their mean. The loss of a sequence is the sum
            over its tokens, so learning rates tuned for a mean over tokens are too large here.
        name: Name of the loss.
        **kwargs: `dtype`, which is ignored: the loss is computed in float32.

    Call arguments:
        y_true: Int tags of shape `(B, T)`; -1 at a real token means "any tag": the likelihood of such partial labels is
            summed over the unknown tags. Values at padding are ignored.
        y_pred: Float32 potentials of shape `(B, K + 2 + T, K + 1)`, from `CRF` or `IndependentTags`.
        sample_weight: Weights of sequences, `(B,)`, or `None`. A chain has no weights of tokens: use the label -1 to
            leave tokens out.

    Raises:
        ValueError: If the shapes do not match, or `sample_weight` has weights of tokens.

    References:
        Lafferty et al. 2001, https://repository.upenn.edu/cis_papers/159; for partial labels
        Tsuboi et al. 2008, https://aclanthology.org/C08-1113.

    Example:
    >>> import numpy as np
    >>> from keras_embed.layers.crf import IndependentTags
    >>> from keras_embed.losses import CRFLoss
    >>> potentials = IndependentTags()(np.zeros((1, 3, 2), "float32"))
    >>> round(float(CRFLoss()(np.array([[0, 1, 1]]), potentials)), 4)  # 3 ln 2
    2.0794
    >>> round(float(CRFLoss()(np.array([[0, 1, -1]]), potentials)), 4)  # 2 ln 2
    1.3863
    """

    def __init__(self, reduction: str = "sum_over_batch_size", name: str = "crf_loss", **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(name=name, reduction=reduction, **kwargs)

    def __call__(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor | None = None) -> Tensor:
        if sample_weight is not None and len(sample_weight.shape) > 1 and sample_weight.shape[-1] != 1:
            raise ValueError(
                message(
                    "`sample_weight` of shape (B,), one weight for each sequence",
                    f"shape {tuple(sample_weight.shape)}",
                    "the label -1 for tokens that should not count",
                )
            )
        return super().__call__(y_true, y_pred, sample_weight)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        labels, length = y_true.shape[1], y_pred.shape[1]
        # The potentials have K + 2 + T rows and K + 1 columns.
        expected = None if length is None else length - y_pred.shape[2] - 1
        if labels is not None and expected is not None and labels != expected:
            raise ValueError(
                message(
                    f"`y_true` of shape (B, {expected}), a tag for each position of the potentials",
                    f"shape {tuple(y_true.shape)}",
                    "padding the tags to the length of the tokens",
                )
            )
        return linear_chain.negative_log_likelihood(linear_chain.unpack(y_pred), ops.cast(y_true, "int32"))  # (B,)

    def get_config(self) -> Config:
        return {"reduction": self.reduction, "name": self.name}
