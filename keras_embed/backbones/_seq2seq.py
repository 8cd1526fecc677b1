"""What backbones share that read one text and write another: their inputs, and the tables of their embeddings."""

from typing import Any

import keras

from keras_embed import _errors

TIES = (None, "source_target", "target_softmax", "all")


def text_inputs() -> dict[str, Any]:
    """The four features: token numbers and masks of both texts."""
    return {
        f"{side}_{name}": keras.Input((None,), dtype=dtype, name=f"{side}_{name}")
        for side in ("encoder", "decoder")
        for name, dtype in (("token_ids", "int32"), ("padding_mask", "bool"))
    }


def check_ties(source_size: int, target_size: int, tie: str | None) -> None:
    """Raises `ValueError` for sizes that are none, an unknown tie, or one of vocabularies of two sizes."""
    _errors.check_positive("source_vocabulary_size", source_size)
    _errors.check_positive("target_vocabulary_size", target_size)
    _errors.check_one_of("tie_embeddings", tie, TIES)
    if tie in ("source_target", "all") and source_size != target_size:
        expected = f"vocabularies of one size for tie_embeddings={tie!r}"
        raise ValueError(_errors.message(expected, f"{source_size} and {target_size}", "a shared vocabulary"))


def embedding_tables(
    source_size: int, target_size: int, dims: tuple[int, int], tie: str | None, dtype: Any
) -> tuple[Any, Any]:
    """The source's and the target's embedding; the target's also makes logits, float32, with `reverse=True`.

    Vectors are drawn with standard deviation `1 / sqrt(D)`.

    Args:
        source_size: V of the source.
        target_size: V of the target.
        dims: D of the source's vectors and of the target's.
        tie: which tables are one, see `TIES` (Press and Wolf 2017).
        dtype: dtype or policy.
    """
    check_ties(source_size, target_size, tie)
    shared = tie in ("source_target", "all")

    def initializer(dim: int) -> Any:
        return keras.initializers.RandomNormal(stddev=dim**-0.5)

    target = keras.layers.ReversibleEmbedding(
        target_size,
        dims[1],
        tie_weights=tie in ("target_softmax", "all"),
        embeddings_initializer=initializer(dims[1]),
        reverse_dtype="float32",
        dtype=dtype,
        name="embedding" if shared else "target_embedding",
    )
    if shared:
        return target, target
    source = keras.layers.Embedding(source_size, dims[0], initializer(dims[0]), dtype=dtype, name="source_embedding")
    return source, target
