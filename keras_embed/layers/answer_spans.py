"""Layers that score the boundaries of an answer and decode the best spans."""

from typing import Any

import keras
from keras import ops

from keras_embed._errors import check_positive
from keras_embed._types import Config, Shape, Tensor
from keras_embed.functional.spans import IMPOSSIBLE, answer_spans


@keras.saving.register_keras_serializable(package="keras_embed")
class SpanHead(keras.layers.Layer):
    """Scores the first and the last position of an answer, and "no answer" at index 0.

        s_i = w_s . x_i + b_s      e_i = w_e . y_i + b_e

    Positions that cannot be part of an answer score -1e9, so that softmax assigns them no probability and padding
    changes no result. Scores are float32 under any policy.

    Args:
        learnt_none: If True, "no answer" has two learnt scores, prepended to the T positions (Levy et al. 2017, for
            recurrent models). If False, position 0 is "no answer", such as BERT's `[CLS]`, and is never masked.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        starts: Float tensor of shape `(B, T, D)`, features for the first position.
        ends: Float tensor of shape `(B, T, D')`, features for the last position. `None`: the same as `starts`.
        mask: Bool tensor of shape `(B, T)`, True = may be part of an answer. `None`: all positions.

    Returns:
        Float32 tensor of shape `(B, 2, T)`, starts and ends; `(B, 2, T + 1)` with `learnt_none`.

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

    def build(self, starts_shape: Shape, ends_shape: Shape | None = None) -> None:
        for layer, shape in zip(self.scores, (starts_shape, ends_shape or starts_shape), strict=True):
            layer.build(shape)
        if self.learnt_none:
            self.none = self.add_weight(shape=(2,), initializer="zeros", name="none", dtype="float32", autocast=False)
        self.built = True

    def call(self, starts: Tensor, ends: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        sides = (starts, starts if ends is None else ends)  # (B, T, D), (B, T, D')
        scored = [layer(x)[..., 0] for layer, x in zip(self.scores, sides, strict=True)]  # (B, T) each
        logits = ops.cast(ops.stack(scored, axis=1), "float32")  # (B, 2, T)
        if mask is not None:
            mask = ops.cast(mask, "bool")[:, None]  # (B, 1, T)
            if not self.learnt_none:
                mask = mask | (ops.arange(ops.shape(logits)[2]) == 0)  # "no answer" is always possible
            logits = ops.where(mask, logits, IMPOSSIBLE)  # 0 after softmax
        if self.learnt_none:
            none = ops.broadcast_to(ops.convert_to_tensor(self.none)[None, :, None], (ops.shape(logits)[0], 2, 1))
            logits = ops.concatenate([none, logits], axis=-1)  # (B, 2, T + 1)
        return logits

    def compute_mask(self, inputs: Tensor, previous_mask: Tensor | None = None) -> None:
        """Returns None: the mask is part of the scores."""

    def compute_output_shape(self, starts_shape: Shape, ends_shape: Shape | None = None) -> Shape:
        batch, time = starts_shape[:2]
        return (batch, 2, time if time is None or not self.learnt_none else time + 1)

    def compute_output_spec(
        self, starts: keras.KerasTensor, ends: keras.KerasTensor | None = None, mask: Tensor | None = None
    ) -> keras.KerasTensor:
        return keras.KerasTensor(self.compute_output_shape(starts.shape), dtype="float32")

    def get_config(self) -> Config:
        return {**super().get_config(), "learnt_none": self.learnt_none}


@keras.saving.register_keras_serializable(package="keras_embed")
class SpanDecode(keras.layers.Layer):
    """Finds the best valid spans, see `functional.spans`.

    Args:
        max_length: Maximal number of positions of an answer.
        num_best: N, the number of spans.
        learnt_none: True if index 0 of the scores is "no answer" alone, as with `SpanHead(learnt_none=True)`. The masks
            do not include that index.
        **kwargs: `name`, `trainable`.

    Call arguments:
        logits: Float tensor of shape `(B, 2, T)`, from `SpanHead`.
        start_mask: Bool tensor of shape `(B, T)`, True where an answer may start; `(B, T - 1)` with `learnt_none`.
            `None`: anywhere.
        end_mask: The same for the last position.

    Returns:
        Dict: `starts` and `ends` `(B, N)` int32, indices among the T positions, 0 if there are fewer spans; `scores`
        `(B, N)` float32, -2e9 or less in that case; `none` and `total` `(B,)` float32, the score of "no answer" and
        the log of the sum of `exp(score)` over all valid spans.

    Raises:
        ValueError: If `max_length` or `num_best` is not a positive integer.

    Example:
    >>> import numpy as np
    >>> found = SpanDecode(max_length=2)(np.array([[[0.0, 1.0, 5.0], [0.0, 7.0, 1.0]]]))
    >>> int(found["starts"][0, 0]), int(found["ends"][0, 0])
    (1, 1)
    """

    def __init__(self, max_length: int = 30, num_best: int = 1, learnt_none: bool = False, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        check_positive("max_length", max_length)
        check_positive("num_best", num_best)
        self.max_length, self.num_best, self.learnt_none = max_length, num_best, learnt_none
        self.built = True

    def call(
        self, logits: Tensor, start_mask: Tensor | None = None, end_mask: Tensor | None = None
    ) -> dict[str, Tensor]:
        masks = [mask if mask is None else self._with_none(mask) for mask in (start_mask, end_mask)]  # (B, T) each
        return answer_spans(logits, self.max_length, self.num_best, *masks)._asdict()

    def _with_none(self, mask: Tensor) -> Tensor:
        """Returns the mask over the positions of the logits: no span includes the index of "no answer"."""
        mask = ops.cast(mask, "bool")
        return ops.pad(mask, ((0, 0), (1, 0)), constant_values=False) if self.learnt_none else mask

    def compute_output_spec(
        self, logits: keras.KerasTensor, start_mask: Tensor | None = None, end_mask: Tensor | None = None
    ) -> dict[str, keras.KerasTensor]:
        batch, best = logits.shape[0], self.num_best
        return {
            "starts": keras.KerasTensor((batch, best), dtype="int32"),
            "ends": keras.KerasTensor((batch, best), dtype="int32"),
            "scores": keras.KerasTensor((batch, best), dtype="float32"),
            "none": keras.KerasTensor((batch,), dtype="float32"),
            "total": keras.KerasTensor((batch,), dtype="float32"),
        }

    def get_config(self) -> Config:
        config = super().get_config()
        config.pop("dtype", None)
        settings = {"max_length": self.max_length, "num_best": self.num_best, "learnt_none": self.learnt_none}
        return {**config, **settings}
