"""An embedding matrix some of whose rows never move."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_embed import _errors
from keras_embed.layers._features import Shape


@keras.saving.register_keras_serializable(package="keras_embed")
class PartlyFrozenEmbedding(keras.layers.Layer):
    """`keras.layers.Embedding` with two matrices, one frozen and one trained.

    Frozen rows stand in a weight that no optimizer is given. So neither momentum nor weight decay moves them, as they
    would under a mask on gradients, and they take up no optimizer state.

    Args:
        input_dim: V, the number of ids.
        output_dim: D, the width of a vector.
        frozen_rows: which ids are frozen: a mask `(V,)` of booleans, their numbers, or one number n for the ids below
            n. A config keeps how many they are; which ones they are is saved with the weights.
        embeddings_initializer: of the whole matrix `(V, D)`, before it is divided.
        weights: the whole matrix, in place of an initializer. It is saved with the weights, never in the config.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        inputs: int `(B, T)`, or any other shape.

    Returns:
        Floats `(B, T, D)`.

    Raises:
        ValueError: if no id or every id is frozen, or `weights` has another shape.

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
        frozen_rows: Any,
        embeddings_initializer: Any = "uniform",
        weights: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _errors.check_positive("input_dim", input_dim)
        _errors.check_positive("output_dim", output_dim)
        self.input_dim = input_dim
        self.output_dim = output_dim
        self.embeddings_initializer = keras.initializers.get(embeddings_initializer)
        start = None if weights is None else ops.convert_to_numpy(weights)
        self._start: tuple[Any, Any] = (_mask(frozen_rows, input_dim), start)
        self.num_frozen = int(self._start[0].sum())
        if self._start[1] is not None and self._start[1].shape != (input_dim, output_dim):
            raise ValueError(
                _errors.message(f"`weights` of shape ({input_dim}, {output_dim})", f"shape {self._start[1].shape}")
            )

    def build(self, input_shape: Shape | None = None) -> None:
        """Builds both matrices, and the table that leads from an id to its row in one of them."""
        mask, weights = self._start
        shape = (self.input_dim, self.output_dim)
        matrix = self.embeddings_initializer(shape, self.variable_dtype) if weights is None else weights
        order = np.argsort(~mask, kind="stable")  # frozen ids first
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
        self.places = self.add_weight(
            name="places",
            shape=(self.input_dim,),
            dtype="int32",
            initializer=lambda _, dtype: ops.convert_to_tensor(np.argsort(order), dtype),
            trainable=False,
            autocast=False,
        )
        self._start = (mask, None)  # the weights hold it now
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Looks rows up in the matrix that they stand in."""
        place = ops.take(self.places, inputs, axis=0)  # (B, T)
        is_frozen = place < self.num_frozen
        frozen = ops.take(self.frozen, ops.where(is_frozen, place, 0), axis=0)  # (B, T, D)
        trained = ops.take(self.trained, ops.where(is_frozen, 0, place - self.num_frozen), axis=0)
        return ops.cast(ops.where(ops.expand_dims(is_frozen, -1), frozen, trained), self.compute_dtype)

    @property
    def embeddings(self) -> Any:
        """(V, D) all rows, in the order of the ids."""
        return ops.take(ops.concatenate([self.frozen, self.trained], axis=0), self.places, axis=0)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """`(*input_shape, D)`."""
        return (*input_shape, self.output_dim)

    def get_config(self) -> dict[str, Any]:
        """The arguments, without `weights`, and of the frozen rows how many they are."""
        return {
            **super().get_config(),
            "input_dim": self.input_dim,
            "output_dim": self.output_dim,
            "frozen_rows": self.num_frozen,
            "embeddings_initializer": keras.initializers.serialize(self.embeddings_initializer),
        }


def _mask(frozen_rows: Any, input_dim: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """(V,) whether each id is frozen."""
    rows = np.asarray(frozen_rows)
    mask = np.zeros(input_dim, bool)
    if rows.dtype == bool:
        if rows.shape != mask.shape:
            raise ValueError(_errors.message(f"a mask `frozen_rows` of shape ({input_dim},)", f"shape {rows.shape}"))
        mask = rows
    elif rows.ndim == 0:
        mask[: int(rows)] = True
    else:
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
