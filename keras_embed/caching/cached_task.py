"""Training a task on cached outputs of its frozen encoder."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import keras_hub

from keras_embed._errors import message
from keras_embed._types import Features, Labels, PathLike, Samples, SampleWeights, Tensor
from keras_embed.backbones.outputs import named_outputs
from keras_embed.caching.feature_cache import POOLED, VECTORS, ElmoCache, EncoderCache
from keras_embed.layers import ElmoEmbedding
from keras_embed.layers.elmo_embedding import ELMO_LAYERS
from keras_embed.layers.windows import WindowRows
from keras_embed.preprocessors.features import PREFIX as WINDOW
from keras_embed.preprocessors.features import pick

_INFINITE = -1  # `tf.data.INFINITE_CARDINALITY`
_CallLayer = Callable[..., Any]


@contextlib.contextmanager
def reading_from_cache(
    task: keras_hub.models.Task, folder: PathLike, texts: Sequence[Any], batch_size: int, verbose: int | str
) -> Iterator[None]:
    """Within the context, a task reads the outputs of its frozen encoder from a folder, which is filled first.

    The task's own `preprocess_samples` and `call` are replaced on the instance and restored at the end, so that
    `fit`, callbacks and saving see the task itself.

    Args:
        task: `tasks.StringTask`.
        folder: Of the cache.
        texts: Everything that the task is going to read: arguments of its preprocessor's `dataset`, or datasets.
        batch_size: Number of texts encoded at a time.
        verbose: As of `fit`.
    """
    cache = cache_of(task, folder)
    cache.fill(
        (cache.read(task.preprocessor, x) for x in _batches(task.preprocessor, texts, batch_size)), batch_size, verbose
    )
    model = task.derived_model(type(cache), lambda: _model_over(task, cache))
    inputs = {name: tensor for name, tensor in task.input.items() if name not in cache.replaced}
    original_call = task.call

    def preprocess_samples(x: Samples, y: Labels = None, sample_weight: SampleWeights = None) -> Any:
        data = task.preprocessor(x, y=y, sample_weight=sample_weight, names=tuple(inputs))
        features, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        features = pick(features, inputs)
        features |= cache.cached_features(task.preprocessor, x, features)
        return keras.utils.pack_x_y_sample_weight(features, y, sample_weight)

    def call(inputs: Features, training: bool | None = None, mask: Tensor | None = None) -> Tensor | Features:
        if not model.input.keys() <= inputs.keys():  # a callback calls the task on features of its own
            return original_call(inputs, training=training, mask=mask)
        return model({name: inputs[name] for name in model.input}, training=training)

    replaced = {"preprocess_samples": preprocess_samples, "call": call}
    vars(task).update(replaced)
    try:
        yield
    finally:
        for name in replaced:
            del vars(task)[name]


def _batches(preprocessor: keras_hub.models.Preprocessor, texts: Sequence[Any], batch_size: int) -> Iterator[Any]:
    for x in texts:
        dataset = x if hasattr(x, "element_spec") else preprocessor.dataset(x, batch_size=batch_size)
        if float(dataset.cardinality()) == _INFINITE:
            raise ValueError(message("a finite dataset, to cache its features", "an endless one", "no `repeat()`"))
        for batch in dataset:
            yield keras.utils.unpack_x_y_sample_weight(batch)[0]


def cache_of(task: keras_hub.models.Task, folder: PathLike) -> ElmoCache | EncoderCache:
    """Returns the cache of a task's frozen ELMo, or of its backbone, if that is frozen as a whole.

    Args:
        task: `tasks.StringTask`.
        folder: Of the cache.

    Raises:
        ValueError: If the task has neither exactly one ELMo nor a frozen backbone, its ELMo is trainable or has outputs
            that depend on the batch, it calls its backbone twice, or it reads two texts over ELMo.
    """
    task.check_preprocessor()
    embeddings = elmo_embeddings(task.backbone)
    if not embeddings and not task.backbone.trainable_variables and task.backbone.weights:
        return _encoder_cache(task, folder)
    encoders = {id(embedding.elmo): embedding.elmo for embedding in embeddings}
    if len(encoders) != 1:
        expected = "a backbone that is frozen or over the `ElmoEmbedding` of one ELMo, to cache its features"
        raise ValueError(message(expected, f"{len(encoders)} of them", "backbone.trainable = False"))
    if not hasattr(task.preprocessor, "tokens_of"):
        expected = "a task that reads one text, to cache the outputs of its ELMo"
        raise ValueError(message(expected, f"a {type(task).__name__}", "fit without `feature_cache`"))
    [elmo] = encoders.values()
    trained = {id(weight) for weight in task.trainable_variables} & {id(weight) for weight in elmo.weights}
    if trained:
        received = f"one with {len(trained)} trainable weights"
        raise ValueError(message("a frozen ELMo, to cache its features", received, "elmo.trainable = False"))
    for embedding in embeddings:
        if embedding.reads_boundaries:
            received = f"{embedding.name} with layer_norm={embedding.layer_norm!r}"
            received += f", keep_boundaries={embedding.keep_boundaries}"
            raise ValueError(message("embeddings that read words alone", received, 'layer_norm="tokens"'))
    return ElmoCache(folder, elmo, task.preprocessor.tokenizer)


def _encoder_cache(task: keras_hub.models.Task, folder: PathLike) -> EncoderCache:
    prefix = "" if set(task.backbone.input) <= set(task.input) else WINDOW
    if not {prefix + name for name in task.backbone.input} <= set(task.input):
        expected = "a task that reads one text, or two texts in one sequence, to cache its features"
        raise ValueError(message(expected, f"one that reads {sorted(task.input)}", "fit without `feature_cache`"))
    return EncoderCache(folder, task.backbone, prefix)


def elmo_embeddings(model: keras.Model) -> list[ElmoEmbedding]:
    """Returns all `ElmoEmbedding` layers of a model and of the models in it."""
    found: list[ElmoEmbedding] = []
    for layer in model.layers:
        if isinstance(layer, ElmoEmbedding):
            found.append(layer)
        elif isinstance(layer, keras.Model) and hasattr(layer, "layers"):
            found += elmo_embeddings(layer)
    return found


def _model_over(task: keras_hub.models.Task, cache: ElmoCache | EncoderCache) -> keras.Model:
    return model_over_elmo(task, cache) if isinstance(cache, ElmoCache) else model_over_encoder(task, cache)


def model_over_elmo(task: keras_hub.models.Task, cache: ElmoCache) -> keras.Model:
    """Returns the task as a model over cached ELMo layers and the features that its ELMo does not read.

    It shares all layers and their weights, and has none of its own.
    """
    inputs = {name: keras.Input(x.shape[1:], dtype=x.dtype, name=name) for name, x in task.input.items()}
    inputs[ELMO_LAYERS] = keras.Input((None, *cache.shape), dtype="float16", name=ELMO_LAYERS)

    def call(layer: keras.layers.Layer, *args: Any, **kwargs: Any) -> Any:
        if isinstance(layer, ElmoEmbedding):  # mixes the cached layers instead of running its ELMo
            return layer({name: inputs[name] for name in ("padding_mask", ELMO_LAYERS)})
        if isinstance(layer, keras.Model) and elmo_embeddings(layer):  # the backbone, around the embedding
            return _rewired(layer, {**args[0], ELMO_LAYERS: inputs[ELMO_LAYERS]}, call)
        return layer(*args, **kwargs)

    outputs = _rewired(task, inputs, call)
    read = {name: x for name, x in inputs.items() if name not in cache.replaced}
    return keras.Model(read, outputs, name="over_cached_features")


def model_over_encoder(task: keras_hub.models.Task, cache: EncoderCache) -> keras.Model:
    """Returns the task as a model over cached outputs of its backbone; see `model_over_elmo`."""
    inputs = {name: keras.Input(x.shape[1:], dtype=x.dtype, name=name) for name, x in task.input.items()}
    rows = (None,) if cache.prefix else ()  # the windows of a text: (B, N, T, D)
    cached = {VECTORS: keras.Input((*rows, None, cache.width), dtype="float16", name=VECTORS)}
    if cache.pooled:
        cached[POOLED] = keras.Input((*rows, cache.width), dtype="float16", name=POOLED)
    sources = {"sequence_output": VECTORS, "pooled_output": POOLED}

    def call(layer: keras.layers.Layer, *args: Any, **kwargs: Any) -> Any:
        if layer is not task.backbone:  # the head
            return layer(*args, **kwargs)
        dtype = layer.dtype_policy.compute_dtype
        found = {name: WindowRows()(x) if rows else x for name, x in cached.items()}  # (B N, T, D)
        found = {name: keras.ops.cast(x, dtype) for name, x in found.items()}
        outputs = {name: found[sources[name]] for name in named_outputs(layer.output)}
        return outputs if isinstance(layer.output, dict) else next(iter(outputs.values()))

    outputs = _rewired(task, {**inputs, **cached}, call)
    return keras.Model({**inputs, **cached}, outputs, name="over_cached_vectors")


def _rewired(model: keras.Model, inputs: Features, call: _CallLayer) -> Tensor | Features:
    """Returns a model's outputs over other inputs, with its layers called by `call`."""
    # A plain copy, because Keras would also compile the clone of a compiled model.
    plain = keras.Model({**inputs, **model.input}, model.output)
    return keras.models.clone_model(plain, inputs, clone_function=lambda layer: layer, call_function=call).output
