"""Word2Vec as a Keras model."""

from typing import Any

import keras

from keras_embed import _errors
from keras_embed._types import Config, KerasObject
from keras_embed.backbones._frozen import FreezableBackbone
from keras_embed.functional import skipgram


@keras.saving.register_keras_serializable(package="keras_embed")
class Word2Vec(FreezableBackbone):
    """Skip-gram and CBOW: two embedding matrices and the scores of target words given context words.

        logit(target) = v'_target . mean_c v_c

    In skip-gram one word predicts a neighbour, in CBOW all words in a window predict the one at its centre. The
    training examples determine which of the two is trained (`preprocessors.Word2VecExamples`). With binary
    cross-entropy on the logits it is word2vec with negative sampling, under any optimizer and callback. Each step
    updates whole matrices; `vectors.train_word2vec` updates only the rows of a batch, and is many times faster.

    Args:
        vocabulary_size: V, the number of words, with ids 0..V-1.
        dim: Width of a vector.
        dtype: Dtype or policy.
        **kwargs: `name`, `trainable`.

    Call arguments:
        inputs: Dict with `token_ids`, int32 `(B, C)`, the context words; `padding_mask`, bool `(B, C)`, True = real;
            and `target_ids`, int32 `(B, N)`, the target words.

    Returns:
        Logits, floats `(B, N)`.

    Raises:
        ValueError: If a size is not a positive integer.

    References:
        Mikolov et al. 2013, https://arxiv.org/abs/1301.3781 and https://arxiv.org/abs/1310.4546.

    Example:
    >>> import numpy as np
    >>> model = Word2Vec(vocabulary_size=9, dim=4)
    >>> inputs = {"token_ids": np.array([[2], [3]]), "padding_mask": np.ones((2, 1), bool)}
    >>> tuple(model({**inputs, "target_ids": np.array([[1, 7, 8], [4, 5, 0]])}).shape)
    (2, 3)
    >>> tuple(model.input_embedding.embeddings.shape)
    (9, 4)
    """

    def __init__(self, vocabulary_size: int, dim: int = 100, dtype: KerasObject = None, **kwargs: Any) -> None:
        _errors.check_positive("vocabulary_size", vocabulary_size)
        _errors.check_positive("dim", dim)

        # === Layers ===
        uniform = keras.initializers.RandomUniform(-1 / dim, 1 / dim)
        input_embedding = keras.layers.Embedding(
            vocabulary_size, dim, embeddings_initializer=uniform, dtype=dtype, name="input_embedding"
        )
        output_embedding = keras.layers.Embedding(
            vocabulary_size, dim, embeddings_initializer="zeros", dtype=dtype, name="output_embedding"
        )

        # === Functional Model ===
        inputs = {
            "token_ids": keras.Input((None,), dtype="int32", name="token_ids"),
            "padding_mask": keras.Input((None,), dtype="bool", name="padding_mask"),
            "target_ids": keras.Input((None,), dtype="int32", name="target_ids"),
        }
        context = input_embedding(inputs["token_ids"])  # (B, C, D)
        targets = output_embedding(inputs["target_ids"])  # (B, N, D)
        logits = skipgram.scores(context, inputs["padding_mask"], targets)  # (B, N)
        super().__init__(inputs=inputs, outputs=logits, dtype=dtype, **kwargs)

        # === Config ===
        self.input_embedding = input_embedding
        self.output_embedding = output_embedding
        self.vocabulary_size = vocabulary_size
        self.dim = dim

    def get_config(self) -> Config:
        return {**super().get_config(), "vocabulary_size": self.vocabulary_size, "dim": self.dim}
