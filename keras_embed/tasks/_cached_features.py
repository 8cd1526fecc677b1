"""A task over features that its frozen encoder gave before: all of its layers but that one, all of its weights."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from typing import Any

import keras

from keras_embed._errors import message
from keras_embed.caching.elmo_cache import FeatureCache
from keras_embed.caching.encoder_cache import POOLED, VECTORS, EncoderCache, named_outputs
from keras_embed.layers import ElmoEmbedding
from keras_embed.layers.windows import WindowRows
from keras_embed.layers.elmo_embedding import ELMO_LAYERS
from keras_embed.preprocessors.features import PREFIX as WINDOW

_INFINITE = -1  # `tf.data.INFINITE_CARDINALITY`


@contextlib.contextmanager
def kept_features(
    task: Any, made: Any, folder: str | os.PathLike[str], texts: Sequence[Any], batch_size: int, verbose: Any
) -> Iterator[None]:
    """While it lasts, a task reads what its frozen encoder says from a folder, which is filled first.

    Args:
        task: a `StringTask`.
        made: its `Made`.
        folder: of the features.
        texts: what it is going to read: what its preprocessor's `dataset` takes, and datasets.
        batch_size: sentences encoded at a time.
        verbose: as of `fit`.
    """
    cache = feature_cache(task, folder)
    batches = (cache.read(task.preprocessor, x) for x in _batches(task.preprocessor, texts, batch_size))
    cache.fill(batches, batch_size, verbose)
    model = cached_model if isinstance(cache, FeatureCache) else over_vectors
    made.cached = made.cached or model(task, cache)
    made.cache = cache
    try:
        yield
    finally:
        made.cache = None


def _batches(preprocessor: Any, texts: Sequence[Any], batch_size: int) -> Iterator[Any]:
    for some in texts:
        dataset = some if hasattr(some, "element_spec") else preprocessor.dataset(some, batch_size=batch_size)
        if float(dataset.cardinality()) == _INFINITE:
            raise ValueError(message("a dataset with an end, to keep its features", "an endless one", "no `repeat()`"))
        for batch in dataset:
            yield keras.utils.unpack_x_y_sample_weight(batch)[0]


def feature_cache(task: Any, folder: str | os.PathLike[str]) -> Any:
    """The cache of a task's frozen ELMo, or of its backbone, if that is frozen as a whole.

    Args:
        task: a `StringTask`.
        folder: of the cache.

    Raises:
        ValueError: for a task without exactly one ELMo and without a frozen backbone, an ELMo that is trained or whose
            features depend on the batch, a task that asks its backbone twice, and one that reads two texts over ELMo.
    """
    task.check_preprocessor()
    if not elmo_embeddings(task.backbone) and not task.backbone.trainable_variables and task.backbone.weights:
        return _encoder_cache(task, folder)
    embeddings = elmo_embeddings(task.backbone)
    encoders = {id(embedding.elmo): embedding.elmo for embedding in embeddings}
    if len(encoders) != 1:
        expected = "a backbone that is frozen or over the `ElmoEmbedding` of one ELMo, to keep its features"
        raise ValueError(message(expected, f"{len(encoders)} of them", "backbone.trainable = False"))
    if not hasattr(task.preprocessor, "tokens_of"):
        expected = "a task that reads one text, to keep what its ELMo says"
        raise ValueError(message(expected, f"a {type(task).__name__}", "fit without `feature_cache`"))
    [elmo] = encoders.values()
    trained = {id(weight) for weight in task.trainable_variables} & {id(weight) for weight in elmo.weights}
    if trained:
        received = f"one of whose weights {len(trained)} are trained"
        raise ValueError(message("a frozen ELMo, to keep its features", received, "elmo.trainable = False"))
    for embedding in embeddings:
        if embedding.reads_boundaries:
            received = f"{embedding.name} with layer_norm={embedding.layer_norm!r}"
            received += f", keep_boundaries={embedding.keep_boundaries}"
            raise ValueError(message("embeddings that read words alone", received, 'layer_norm="tokens"'))
    return FeatureCache(folder, elmo, task.preprocessor.tokenizer)


def _encoder_cache(task: Any, folder: str | os.PathLike[str]) -> EncoderCache:
    prefix = "" if set(task.backbone.input) <= set(task.input) else WINDOW
    if not {prefix + name for name in task.backbone.input} <= set(task.input):
        expected = "a task that reads one text, or two in a row, to keep its features"
        raise ValueError(message(expected, f"one that reads {sorted(task.input)}", "fit without `feature_cache`"))
    return EncoderCache(folder, task.backbone, prefix)


def elmo_embeddings(model: Any) -> list[Any]:
    """All layers `ElmoEmbedding` of a model, and of models in it."""
    found = []
    for layer in model.layers:
        if isinstance(layer, ElmoEmbedding):
            found.append(layer)
        elif isinstance(layer, keras.Model) and hasattr(layer, "layers"):
            found += elmo_embeddings(layer)
    return found


def cached_model(task: Any, cache: FeatureCache) -> Any:
    """The task as a model from `cache.features` and what its ELMo does not read, to what the task gives.

    It shares all layers and their weights, and has none of its own.
    """
    inputs = {name: keras.Input(x.shape[1:], dtype=x.dtype, name=name) for name, x in task.input.items()}
    inputs[ELMO_LAYERS] = keras.Input((None, *cache.shape), dtype="float16", name=ELMO_LAYERS)

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(layer, ElmoEmbedding):
            return layer({name: inputs[name] for name in ("padding_mask", ELMO_LAYERS)})
        if isinstance(layer, keras.Model) and elmo_embeddings(layer):
            return _wired(layer, {**args[0], ELMO_LAYERS: inputs[ELMO_LAYERS]}, call)
        return layer(*args, **kwargs)

    outputs = _wired(task, inputs, call)
    read = {name: x for name, x in inputs.items() if name not in cache.replaced}
    return keras.Model(read, outputs, name="over_cached_features")


def over_vectors(task: Any, cache: EncoderCache) -> Any:
    """The task as a model from what its backbone gave before; as `cached_model`."""
    inputs = {name: keras.Input(x.shape[1:], dtype=x.dtype, name=name) for name, x in task.input.items()}
    rows = (None,) if cache.prefix else ()
    kept = {VECTORS: keras.Input((*rows, None, cache.width), dtype="float16", name=VECTORS)}
    if cache.pooled:
        kept[POOLED] = keras.Input((*rows, cache.width), dtype="float16", name=POOLED)
    given = {"sequence_output": VECTORS, "pooled_output": POOLED}

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if layer is not task.backbone:
            return layer(*args, **kwargs)
        policy = layer.dtype_policy.compute_dtype
        found = {name: WindowRows()(x) if rows else x for name, x in kept.items()}
        found = {name: keras.ops.cast(x, policy) for name, x in found.items()}
        outputs = {name: found[given[name]] for name in named_outputs(layer.output)}
        return outputs if isinstance(layer.output, dict) else next(iter(outputs.values()))

    outputs = _wired(task, {**inputs, **kept}, call)
    return keras.Model({**inputs, **kept}, outputs, name="over_kept_vectors")


def _wired(model: Any, inputs: dict[str, Any], call: Any) -> Any:
    """A model's outputs over other inputs, of which it may have one more; its layers are called by `call`."""
    # Not the model itself: of one that is compiled, Keras would compile the copy.
    plain = keras.Model({**inputs, **model.input}, model.output)
    return keras.models.clone_model(plain, inputs, clone_function=lambda layer: layer, call_function=call).output
