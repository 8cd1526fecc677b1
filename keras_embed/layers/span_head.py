"""From what a backbone says of each position to scores of where an answer starts and ends."""

from typing import Any

import keras
from keras import ops

from keras_embed.functional.spans import IMPOSSIBLE


@keras.saving.register_keras_serializable(package="keras_embed")
class SpanHead(keras.layers.Layer):
    """Scores of the first and the last position of an answer, and of "no answer", which is position 0.

        s_i = w_s . x_i + b_s      e_i = w_e . y_i + b_e

    Positions that cannot be in an answer get -1e9, so that softmax gives them nothing, and padding changes nothing.
    Scores are float32 under any policy.

    Args:
        learnt_none: whether "no answer" has two learnt scores, which stand in front of the T positions, as Levy et al.
            have it for recurrent models. If not, what stands at position 0, such as BERT's `[CLS]`, says it: that
            position is never masked.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        starts: (B, T, D), floats, for the first position.
        ends: (B, T, D'), for the last one; `None`: the same.
        mask: (B, T) bool, True = what may be in an answer; `None`: everything.

    Returns:
        (B, 2, T) float32, starts and ends; (B, 2, T + 1) with `learnt_none`.

    References:
        Seo et al. 2017, https://arxiv.org/abs/1611.01603; Levy et al. 2017, https://aclanthology.org/K17-1034; Devlin
        et al. 2019, https://aclanthology.org/N19-1423.

    Example:
    >>> import numpy as np
    >>> head = SpanHead(learnt_none=True)
    >>> tuple(head(np.ones((2, 5, 3), "float32"), mask=np.ones((2, 5), bool)).shape)
    (2, 2, 6)
    """

    def __init__(self, learnt_none: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self.learnt_none = learnt_none
        inner = {"dtype": self.dtype_policy, "trainable": self.trainable}
        self.scores = [keras.layers.Dense(1, name=name, **inner) for name in ("start", "end")]

    def build(self, starts_shape: Any, ends_shape: Any = None) -> None:
        for layer, shape in zip(self.scores, (starts_shape, ends_shape or starts_shape), strict=True):
            layer.build(shape)
        if self.learnt_none:
            self.none = self.add_weight(shape=(2,), initializer="zeros", name="none", dtype="float32", autocast=False)
        self.built = True

    def call(self, starts: Any, ends: Any = None, mask: Any = None) -> Any:
        sides = (starts, starts if ends is None else ends)
        scored = [layer(x)[..., 0] for layer, x in zip(self.scores, sides, strict=True)]
        logits = ops.cast(ops.stack(scored, axis=1), "float32")  # (B, 2, T)
        if mask is not None:
            mask = ops.cast(mask, "bool")[:, None]
            if not self.learnt_none:
                mask = mask | (ops.arange(ops.shape(logits)[2]) == 0)
            logits = ops.where(mask, logits, IMPOSSIBLE)
        if self.learnt_none:
            none = ops.broadcast_to(ops.convert_to_tensor(self.none)[None, :, None], (ops.shape(logits)[0], 2, 1))
            logits = ops.concatenate([none, logits], axis=-1)
        return logits

    def compute_mask(self, inputs: Any, previous_mask: Any) -> None:
        """The scores carry the mask in themselves."""

    def compute_output_shape(self, starts_shape: Any, ends_shape: Any = None) -> tuple[Any, ...]:
        """(B, T, D) -> (B, 2, T), or (B, 2, T + 1)."""
        batch, time = starts_shape[:2]
        return (batch, 2, time if time is None or not self.learnt_none else time + 1)

    def compute_output_spec(self, starts: Any, ends: Any = None, mask: Any = None) -> keras.KerasTensor:
        """As `compute_output_shape`, float32 whatever the policy."""
        return keras.KerasTensor(self.compute_output_shape(starts.shape), dtype="float32")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "learnt_none": self.learnt_none}
