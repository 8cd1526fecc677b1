"""Word2Vec as a plain Keras model, for `fit`."""

from typing import Any

import keras

from keras_embed import _errors
from keras_embed.backbones._frozen import FreezableBackbone
from keras_embed.functional import skipgram


@keras.saving.register_keras_serializable(package="keras_embed")
class Word2Vec(FreezableBackbone):
    """Two tables of vectors, and how well some words fit the mean of others: skip-gram and CBOW.

    In skip-gram one word looks for a neighbour, in CBOW all words around a place look for the one at it; which of both
    is trained is a matter of the examples (`preprocessors.Word2VecExamples`). Trained with binary cross-entropy on its
    logits it is word2vec with negative sampling, under any optimizer and callback. It moves whole tables in each step;
    `vectors.train_word2vec` moves only the rows that a step saw, and is many times faster.

    Args:
        vocabulary_size: V, number of words, their ids 0..V-1.
        dim: width of a vector.
        dtype: dtype or policy of all of it.
        **kwargs: `name`, `trainable`.

    Call arguments:
        inputs: dict with `token_ids`, int32 `(B, C)`, the words that look; `padding_mask`, bool `(B, C)`, True = real;
            and `target_ids`, int32 `(B, N)`, the words looked for.

    Returns:
        Logits `(B, N)`: v'_target . mean of v_token.

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

    def __init__(self, vocabulary_size: int, dim: int = 100, dtype: Any = None, **kwargs: Any) -> None:
        _errors.check_positive("vocabulary_size", vocabulary_size)
        _errors.check_positive("dim", dim)

        # === Layers ===
        small = keras.initializers.RandomUniform(-1 / dim, 1 / dim)
        input_embedding = keras.layers.Embedding(
            vocabulary_size, dim, embeddings_initializer=small, dtype=dtype, name="input_embedding"
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
        looking = input_embedding(inputs["token_ids"])
        logits = skipgram.scores(looking, inputs["padding_mask"], output_embedding(inputs["target_ids"]))
        super().__init__(inputs=inputs, outputs=logits, dtype=dtype, **kwargs)

        # === Config ===
        self.input_embedding = input_embedding
        self.output_embedding = output_embedding
        self.vocabulary_size = vocabulary_size
        self.dim = dim

    def get_config(self) -> dict[str, Any]:
        """The sizes."""
        return {**super().get_config(), "vocabulary_size": self.vocabulary_size, "dim": self.dim}
