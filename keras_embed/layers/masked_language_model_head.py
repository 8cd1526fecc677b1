"""From an encoder's output to the pieces that were masked."""

from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed.layers._features import Shape


@keras.saving.register_keras_serializable(package="keras_embed")
class MaskedLanguageModelHead(keras.layers.Layer):
    """A score for each piece of a vocabulary, at some positions only (Devlin et al. 2019).

        h_i = LayerNorm(g(W x_i + b)),    z_i = E h_i + c

    W is as wide as the rows of E, the vectors of the pieces at the encoder's input where `embedding` is given, else a
    matrix of its own. Unlike Keras Hub's `MaskedLMHead` it gives float32 under mixed precision too.

    Args:
        vocabulary_size: V.
        embedding: `keras.layers.Embedding`, or Keras' `ReversibleEmbedding`, whose vectors are E; `None`: E is its own.
        activation: g; `None`: BERT's GELU, by the formula with tanh.
        epsilon: of the normalisation.
        initializer: of W, and of E where it is the head's own.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        sequence: floats (B, T, D).
        positions: int (B, M), which of the T steps.

    Returns:
        float32 (B, M, V).

    Raises:
        ValueError: for an embedding of another number of pieces.

    References:
        Devlin et al. 2019, https://arxiv.org/abs/1810.04805; Press and Wolf 2017, https://arxiv.org/abs/1608.05859.

    Example:
    >>> import numpy as np
    >>> head = MaskedLanguageModelHead(7)
    >>> tuple(head(np.zeros((2, 5, 4), "float32"), np.array([[1, 3], [2, 0]])).shape)
    (2, 2, 7)
    """

    def __init__(
        self,
        vocabulary_size: int,
        embedding: Any = None,
        activation: Any = None,
        epsilon: float = 1e-12,
        initializer: Any = "auto",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _errors.check_positive("vocabulary_size", vocabulary_size)
        if embedding is not None and embedding.input_dim != vocabulary_size:
            expected = f"an embedding of {vocabulary_size} pieces"
            raise ValueError(_errors.message(expected, f"one of {embedding.input_dim}", "embedding=None"))
        if isinstance(initializer, str) and initializer == "auto":
            initializer = keras.initializers.TruncatedNormal(stddev=0.02)
        self.vocabulary_size, self.epsilon = vocabulary_size, epsilon
        self.embedding = embedding
        self.activation = None if activation is None else keras.activations.get(activation)
        self.initializer = keras.initializers.get(initializer)

    def build(self, sequence_shape: Shape, *_: Any) -> None:
        """Makes the weights."""
        width: Any = sequence_shape[-1] if self.embedding is None else self.embedding.output_dim
        inner = {"dtype": self.dtype_policy, "trainable": self.trainable}
        self.dense = keras.layers.Dense(width, kernel_initializer=self.initializer, name="dense", **inner)
        self.norm = keras.layers.LayerNormalization(epsilon=self.epsilon, name="norm", **inner)
        self.dense.build((None, None, sequence_shape[-1]))
        self.norm.build((None, None, width))
        if self.embedding is None:
            self.kernel = self.add_weight((self.vocabulary_size, width), self.initializer, name="kernel")
        elif not self.embedding.built:
            self.embedding.build()
        self.bias = self.add_weight((self.vocabulary_size,), "zeros", name="bias")
        self.built = True

    def call(self, sequence: Any, positions: Any) -> Any:
        """The scores."""
        x = self.dense(ops.take_along_axis(sequence, ops.expand_dims(positions, -1), axis=1))  # (B, M, E)
        x = ops.gelu(x, approximate=True) if self.activation is None else self.activation(x)
        table = self.kernel if self.embedding is None else self.embedding.embeddings
        scores = ops.matmul(self.norm(x), ops.transpose(ops.cast(table, self.compute_dtype)))
        return ops.cast(scores, "float32") + ops.cast(self.bias, "float32")

    def compute_output_shape(self, sequence_shape: Shape, positions_shape: Shape) -> Shape:
        """`(B, M, V)`."""
        return (*positions_shape, self.vocabulary_size)

    def compute_output_spec(self, sequence: Any, positions: Any) -> Any:
        """Float32."""
        return keras.KerasTensor(self.compute_output_shape(sequence.shape, positions.shape), dtype="float32")

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "embedding": None if self.embedding is None else keras.layers.serialize(self.embedding),
            "activation": None if self.activation is None else keras.activations.serialize(self.activation),
            "epsilon": self.epsilon,
            "initializer": keras.initializers.serialize(self.initializer),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "MaskedLanguageModelHead":
        """A head of the same shape with fresh weights."""
        embedding = config["embedding"]
        return cls(**{**config, "embedding": None if embedding is None else keras.layers.deserialize(embedding)})
