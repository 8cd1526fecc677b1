"""Heads for BERT's pretraining: masked tokens and next sentences."""

from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed._types import Config, KerasObject, Shape, Tensor


@keras.saving.register_keras_serializable(package="keras_embed")
class MaskedLanguageModelHead(keras.layers.Layer):
    """Scores every token of a vocabulary at selected positions (Devlin et al. 2019).

        h_i = LayerNorm(g(W x_i + b)),    z_i = E h_i + c

    E is the matrix of `embedding`, the token embedding of the encoder, or a matrix of its own. The output width of W is
    that of E. Unlike Keras Hub's `MaskedLMHead`, the scores are float32 under mixed precision too.

    Args:
        vocabulary_size: V.
        embedding: `keras.layers.Embedding` or `keras.layers.ReversibleEmbedding` whose matrix is E. `None`: E is a
            weight of the head.
        activation: g. `None`: BERT's GELU, in its tanh approximation.
        epsilon: Epsilon of the layer normalisation.
        initializer: Initializer of W, and of E if it is a weight of the head.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        sequence: Float tensor of shape `(B, T, D)`.
        positions: Int tensor of shape `(B, M)`, indices of the time steps to score.

    Returns:
        Float32 tensor of shape `(B, M, V)`.

    Raises:
        ValueError: If the embedding has another vocabulary size.

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
        embedding: keras.layers.Embedding | None = None,
        activation: KerasObject = None,
        epsilon: float = 1e-12,
        initializer: KerasObject = "auto",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _errors.check_positive("vocabulary_size", vocabulary_size)
        if embedding is not None and embedding.input_dim != vocabulary_size:
            expected = f"an embedding of {vocabulary_size} tokens"
            raise ValueError(_errors.message(expected, f"one of {embedding.input_dim}", "embedding=None"))
        self.vocabulary_size, self.epsilon = vocabulary_size, epsilon
        self.embedding = embedding
        self.activation = None if activation is None else keras.activations.get(activation)
        self.initializer = _initializer(initializer)

    def build(self, sequence_shape: Shape, *_: Shape) -> None:
        width = sequence_shape[-1] if self.embedding is None else self.embedding.output_dim
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

    def call(self, sequence: Tensor, positions: Tensor) -> Tensor:
        masked = ops.take_along_axis(sequence, ops.expand_dims(positions, -1), axis=1)  # (B, M, D)
        x = self.dense(masked)  # (B, M, E)
        # h = LayerNorm(g(W x + b)), z = E h + c
        x = ops.gelu(x, approximate=True) if self.activation is None else self.activation(x)
        table = self.kernel if self.embedding is None else self.embedding.embeddings  # (V, E)
        scores = ops.matmul(self.norm(x), ops.transpose(ops.cast(table, self.compute_dtype)))  # (B, M, V)
        # float32 before the softmax, under any policy.
        return ops.cast(scores, "float32") + ops.cast(self.bias, "float32")

    def compute_output_shape(self, sequence_shape: Shape, positions_shape: Shape) -> Shape:
        return (*positions_shape, self.vocabulary_size)

    def compute_output_spec(self, sequence: keras.KerasTensor, positions: keras.KerasTensor) -> keras.KerasTensor:
        return keras.KerasTensor(self.compute_output_shape(sequence.shape, positions.shape), dtype="float32")

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "embedding": None if self.embedding is None else keras.layers.serialize(self.embedding),
            "activation": None if self.activation is None else keras.activations.serialize(self.activation),
            "epsilon": self.epsilon,
            "initializer": keras.initializers.serialize(self.initializer),
        }

    @classmethod
    def from_config(cls, config: Config) -> "MaskedLanguageModelHead":
        embedding = config["embedding"]
        return cls(**{**config, "embedding": None if embedding is None else keras.layers.deserialize(embedding)})


@keras.saving.register_keras_serializable(package="keras_embed")
class NextSentenceHead(keras.layers.Layer):
    """Scores whether the second segment of a pair follows the first (Devlin et al. 2019).

    Args:
        initializer: Initializer of the weights; "auto" for a truncated normal distribution with a standard deviation of
            0.02.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        pooled: Float tensor of shape `(B, D)`.

    Returns:
        Float32 tensor of shape `(B, 2)`: index 0 = next sentence, 1 = random sentence, as in google-research's
        checkpoints.

    References:
        Devlin et al. 2019, https://arxiv.org/abs/1810.04805.

    Example:
    >>> import numpy as np
    >>> tuple(NextSentenceHead()(np.zeros((3, 4), "float32")).shape)
    (3, 2)
    """

    def __init__(self, initializer: KerasObject = "auto", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.initializer = _initializer(initializer)

    def build(self, pooled_shape: Shape) -> None:
        inner = {"dtype": self.dtype_policy, "trainable": self.trainable}
        self.dense = keras.layers.Dense(2, kernel_initializer=self.initializer, name="dense", **inner)
        self.dense.build(pooled_shape)
        self.built = True

    def call(self, pooled: Tensor) -> Tensor:
        return ops.cast(self.dense(pooled), "float32")

    def compute_output_shape(self, pooled_shape: Shape) -> Shape:
        return (*pooled_shape[:-1], 2)

    def compute_output_spec(self, pooled: keras.KerasTensor) -> keras.KerasTensor:
        return keras.KerasTensor(self.compute_output_shape(pooled.shape), dtype="float32")

    def get_config(self) -> Config:
        return {**super().get_config(), "initializer": keras.initializers.serialize(self.initializer)}


def _initializer(initializer: KerasObject) -> keras.initializers.Initializer:
    """Returns the initializer; "auto" is BERT's."""
    if isinstance(initializer, str) and initializer == "auto":
        return keras.initializers.TruncatedNormal(stddev=0.02)
    return keras.initializers.get(initializer)
