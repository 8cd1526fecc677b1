"""An embedding matrix with frozen and trained rows."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike, NDArray

from keras_embed import _errors
from keras_embed._types import Config, KerasObject, Shape, Tensor


@keras.saving.register_keras_serializable(package="keras_embed")
class PartlyFrozenEmbedding(keras.layers.Layer):
    """`keras.layers.Embedding` that stores frozen and trained rows in two matrices.

    The optimizer never sees the frozen matrix. Unlike with a gradient mask, momentum and weight decay cannot change the
    frozen rows, and they need no optimizer state.

    Args:
        input_dim: V, the number of ids.
        output_dim: D, the width of a vector.
        frozen_rows: The frozen ids: a boolean mask `(V,)`, an array of ids, or an integer n for the ids below n. The
            config holds their number; the ids themselves are saved with the weights.
        embeddings_initializer: Initializer of the whole matrix `(V, D)`, before it is split.
        weights: The whole matrix, instead of an initializer. It is saved with the weights, never in the config.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        inputs: Int tensor of shape `(B, T)`, or of any other shape.

    Returns:
        Float tensor of shape `(B, T, D)`.

    Raises:
        ValueError: If no id or every id is frozen, or `weights` has another shape.

    Example:
    >>> import numpy as np
    >>> layer = PartlyFrozenEmbedding(4, 2, frozen_rows=[1, 2], weights=np.eye(4)[:, :2])
    >>> keras.ops.convert_to_numpy(layer(np.array([[1, 3]]))).tolist()
    [[[0.0, 1.0], [0.0, 0.0]]]
    >>> [tuple(weight.shape) for weight in layer.trainable_weights]
    [(2, 2)]
    """

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        frozen_rows: int | Sequence[int] | NDArray[np.generic],
        embeddings_initializer: KerasObject = "uniform",
        weights: ArrayLike | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _errors.check_positive("input_dim", input_dim)
        _errors.check_positive("output_dim", output_dim)
        self.input_dim = input_dim
        self.output_dim = output_dim
        self.embeddings_initializer = keras.initializers.get(embeddings_initializer)
        self._frozen_mask = _frozen_mask(frozen_rows, input_dim)
        self._initial_weights = None if weights is None else ops.convert_to_numpy(weights)
        self.num_frozen = int(self._frozen_mask.sum())
        if self._initial_weights is not None and self._initial_weights.shape != (input_dim, output_dim):
            shape = self._initial_weights.shape
            raise ValueError(_errors.message(f"`weights` of shape ({input_dim}, {output_dim})", f"shape {shape}"))

    def build(self, input_shape: Shape | None = None) -> None:
        shape = (self.input_dim, self.output_dim)
        weights = self._initial_weights
        matrix = self.embeddings_initializer(shape, self.variable_dtype) if weights is None else weights
        order = np.argsort(~self._frozen_mask, kind="stable")  # frozen ids first
        self.frozen = self.add_weight(
            name="frozen",
            shape=(self.num_frozen, self.output_dim),
            initializer=lambda _, dtype: ops.cast(ops.take(matrix, order[: self.num_frozen], axis=0), dtype),
            trainable=False,
        )
        self.trained = self.add_weight(
            name="trained",
            shape=(self.input_dim - self.num_frozen, self.output_dim),
            initializer=lambda _, dtype: ops.cast(ops.take(matrix, order[self.num_frozen :], axis=0), dtype),
        )
        # Maps an id to its row in the concatenation of both matrices.
        self.places = self.add_weight(
            name="places",
            shape=(self.input_dim,),
            dtype="int32",
            initializer=lambda _, dtype: ops.convert_to_tensor(np.argsort(order), dtype),
            trainable=False,
            autocast=False,
        )
        self._initial_weights = None  # free the memory: the weights hold the matrix now
        self.built = True

    def call(self, inputs: Tensor) -> Tensor:
        row = ops.take(self.places, inputs, axis=0)  # (B, T)
        is_frozen = row < self.num_frozen
        # Each lookup uses row 0 where the other matrix has the vector.
        frozen = ops.take(self.frozen, ops.where(is_frozen, row, 0), axis=0)  # (B, T, D)
        trained = ops.take(self.trained, ops.where(is_frozen, 0, row - self.num_frozen), axis=0)  # (B, T, D)
        return ops.cast(ops.where(ops.expand_dims(is_frozen, -1), frozen, trained), self.compute_dtype)

    @property
    def embeddings(self) -> Tensor:
        """The whole matrix (V, D), in the order of the ids."""
        return ops.take(ops.concatenate([self.frozen, self.trained], axis=0), self.places, axis=0)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape, self.output_dim)

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "input_dim": self.input_dim,
            "output_dim": self.output_dim,
            "frozen_rows": self.num_frozen,
            "embeddings_initializer": keras.initializers.serialize(self.embeddings_initializer),
        }


def _frozen_mask(frozen_rows: int | Sequence[int] | NDArray[np.generic], input_dim: int) -> NDArray[np.bool_]:
    """Returns the mask (V,) of the frozen ids."""
    rows = np.asarray(frozen_rows)
    mask = np.zeros(input_dim, bool)
    if rows.dtype == bool:
        if rows.shape != mask.shape:
            raise ValueError(_errors.message(f"a mask `frozen_rows` of shape ({input_dim},)", f"shape {rows.shape}"))
        mask = rows  # (V,)
    elif rows.ndim == 0:  # the ids below n
        mask[: int(rows)] = True
    else:  # ids
        if rows.size and not 0 <= rows.min() <= rows.max() < input_dim:
            raise ValueError(_errors.message(f"`frozen_rows` from 0 to {input_dim - 1}", frozen_rows))
        mask[rows.astype(np.int64)] = True
    if not 0 < mask.sum() < input_dim:
        raise ValueError(
            _errors.message(
                "some rows frozen and some not",
                f"{int(mask.sum())} of {input_dim} frozen",
                "frozen_rows=None, or trainable=False",
            )
        )
    return mask
