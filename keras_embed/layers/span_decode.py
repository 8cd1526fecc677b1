"""From scores of starts and ends to the best spans, as a layer."""

from typing import Any

import keras
from keras import ops

from keras_embed._errors import check_positive
from keras_embed.functional.spans import answer_spans


@keras.saving.register_keras_serializable(package="keras_embed")
class SpanDecode(keras.layers.Layer):
    """The best legal spans among all; see `functional.spans`.

    Args:
        max_length: most positions of an answer.
        num_best: N, how many spans.
        learnt_none: whether position 0 of the scores is "no answer" alone, as `SpanHead(learnt_none=True)` has it. The
            masks do not have that position.
        **kwargs: `name`, `trainable`.

    Call arguments:
        logits: (B, 2, T) scores of `SpanHead`.
        start_mask: (B, T) bool, where an answer may start; (B, T - 1) with `learnt_none`. `None`: anywhere.
        end_mask: where it may end, likewise.

    Returns:
        dict: `starts`, `ends` (B, N) int32 positions among the T, 0 where there are fewer spans; `scores` (B, N)
        float32, -2e9 or less there; `none` and `total` (B,) float32, the score of "no answer" and the log of the sum of
        `exp(score)` over all legal spans.

    Raises:
        ValueError: unless both numbers are positive integers.

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

    def call(self, logits: Any, start_mask: Any = None, end_mask: Any = None) -> dict[str, Any]:
        masks = [mask if mask is None else self._with_none(mask) for mask in (start_mask, end_mask)]
        return answer_spans(logits, self.max_length, self.num_best, *masks)._asdict()

    def _with_none(self, mask: Any) -> Any:
        mask = ops.cast(mask, "bool")
        return ops.pad(mask, ((0, 0), (1, 0)), constant_values=False) if self.learnt_none else mask

    def compute_output_spec(self, logits: Any, start_mask: Any = None, end_mask: Any = None) -> dict[str, Any]:
        """The shapes, whatever T is."""
        batch, best = logits.shape[0], self.num_best
        shapes: dict[str, tuple[Any, ...]] = {"starts": (batch, best), "ends": (batch, best), "scores": (batch, best)}
        shapes |= {"none": (batch,), "total": (batch,)}
        return {
            name: keras.KerasTensor(shape, dtype="int32" if name in ("starts", "ends") else "float32")
            for name, shape in shapes.items()
        }

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config.pop("dtype", None)
        settings = {"max_length": self.max_length, "num_best": self.num_best, "learnt_none": self.learnt_none}
        return {**config, **settings}
