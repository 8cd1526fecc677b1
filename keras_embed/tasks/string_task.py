"""Base class of tasks: models that are trained on strings and answer with strings."""

import contextlib
import warnings
from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

import keras
import keras_hub
import numpy as np
from numpy.typing import NDArray

from keras_embed._backend import graph_function, predict_batch, tf, without_retracing, without_warning_of
from keras_embed._errors import check_known, message
from keras_embed._types import (
    Config,
    Dataset,
    Features,
    KerasObject,
    Labels,
    PathLike,
    Samples,
    SampleWeights,
    Tensor,
    TFFunction,
    TFModule,
    TFTensor,
)
from keras_embed.caching.cached_task import reading_from_cache
from keras_embed.preprocessors.batching import padded_batch, similar_length_batches
from keras_embed.preprocessors.features import pick
from keras_embed.tasks._backbones import check_parts
from keras_embed.tasks._feature_axes import feature_axes

_Answer = TypeVar("_Answer")


class StringTask(keras_hub.models.Task):
    """Base class of all tasks: a preprocessor, a backbone and a head, from strings to answers.

    Subclass it to write a task of your own. The base class makes batches of similar length, trains, caches the features
    of frozen encoders, saves, and exports. A subclass defines:

    - `__init__(self, backbone, preprocessor=None, ..., **kwargs)`, which builds the outputs of the Functional model,
      calls `super().__init__(backbone, preprocessor, inputs, outputs, **kwargs)`, and `get_config` for its own
      arguments;
    - `kind`, the name of the task in error messages; `needs`, the name of the labels that `fit` cannot do without;
      and `preprocessor_cls`;
    - `default_optimizer`, `default_loss`, `default_metrics` or `default_weighted_metrics`, which `compile` uses for
      "auto";
    - a method that answers, such as `tag` or `classify`, by `answer_tensors`; or by `answer_in_batches` and
      `predict_features`, if a row of data gives several rows of the model's input;
    - `answer_model` and `postprocess`, if answers need other outputs or other arguments than those of the task;
      `serving_signatures`, if an exported model takes or returns something else; and `network_outputs` for ONNX and
      LiteRT.

    Its preprocessor is a `preprocessors.StringPreprocessor`.

    Args:
        backbone: A Keras model over a dict of features.
        preprocessor: Makes the features from strings; `None` to feed features.
        inputs: Inputs of the task, by name.
        outputs: Outputs of the task.
        **kwargs: `name`, `trainable`, `dtype`, `compile`.

    Raises:
        TypeError: If an argument is unknown.

    Example:
    >>> import keras_embed as ke
    >>> class FirstWordClassifier(StringTask):
    ...     needs = "labels"
    ...
    ...     def __init__(self, backbone, preprocessor=None, **kwargs):
    ...         self.check_parts(backbone, preprocessor)
    ...         first = backbone(backbone.input)["sequence_output"][:, 0]  # (B, T, D) to (B, D)
    ...         logits = keras.layers.Dense(len(preprocessor.classes))(first)  # (B, K)
    ...         super().__init__(backbone, preprocessor, backbone.input, logits, **kwargs)
    ...
    ...     def default_loss(self):
    ...         return keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    >>> texts, labels = ["a fine film", "dull"], ["good", "bad"]
    >>> preprocessor = ke.preprocessors.ClassifierPreprocessor.from_corpus(texts, labels)
    >>> backbone = ke.backbones.RecurrentBackbone(preprocessor.embeddings(word_dim=4), hidden_dim=4)
    >>> history = FirstWordClassifier(backbone, preprocessor).fit(texts, labels, verbose=0)
    >>> list(history.history)
    ['loss']
    """

    backbone_cls = keras_hub.models.Backbone
    kind = "task"
    needs = ""
    preprocessor: Any  # of `preprocessor_cls`, or `None`; a property of Keras Hub's class

    def __init__(
        self,
        backbone: keras.Model,
        preprocessor: keras_hub.models.Preprocessor | None,
        inputs: Features,
        outputs: Tensor | Features,
        **kwargs: Any,
    ) -> None:
        check_known(type(self), kwargs, ("name", "trainable", "dtype", "compile"))
        # Set before `super().__init__`, which compiles and so asks for the defaults.
        self.backbone = backbone
        self.preprocessor = preprocessor
        super().__init__(inputs=inputs, outputs=outputs, **kwargs)
        self._derived_models = DerivedModels()

    @classmethod
    def check_parts(cls, backbone: keras.Model, preprocessor: keras_hub.models.Preprocessor | None) -> None:
        """Raises `ValueError` if `backbone` is not a Keras model, or is too small for the preprocessor's features.

        Args:
            backbone: Checked for the number of terms, subwords and positions.
            preprocessor: Makes the features, or `None`.
        """
        check_parts(cls, backbone, preprocessor)

    def check_preprocessor(self) -> None:
        """Raises `ValueError` if the task has no preprocessor, and so cannot read strings."""
        if self.preprocessor is None:
            expected = f"a {self.kind} with a preprocessor"
            raise ValueError(message(expected, "preprocessor=None", f"{type(self).__name__}(..., preprocessor=...)"))

    def derived_model(self, key: Hashable, build: Callable[[], keras.Model]) -> keras.Model:
        """Returns a model that shares all weights with the task, such as its decoder; built once for each key.

        Args:
            key: Of the model.
            build: Returns the model, from the task's layers.
        """
        return self._derived_models.get(key, build)

    @property
    def is_hub_backbone(self) -> bool:
        """True if the backbone is one of Keras Hub, usually pretrained, and not a subclass from `keras_embed`."""
        # Our backbones extend Keras Hub's class too.
        kinds = type(self.backbone).__mro__
        ours = any(kind.__module__.startswith("keras_embed.") for kind in kinds)
        return keras_hub.models.Backbone in kinds and not ours

    # === Training ===

    def compile(
        self,
        optimizer: KerasObject = "auto",
        loss: KerasObject = "auto",
        *,
        metrics: KerasObject = "auto",
        weighted_metrics: KerasObject = "auto",
        **kwargs: Any,
    ) -> None:
        """Configures the task for training, like `keras.Model.compile`.

        Args:
            optimizer: "auto": `default_optimizer()`.
            loss: "auto": `default_loss()`.
            metrics: "auto": `default_metrics()`.
            weighted_metrics: "auto": `default_weighted_metrics()`.
            **kwargs: For `keras.Model.compile`.
        """
        super().compile(
            optimizer=self.default_optimizer() if _is_auto(optimizer) else optimizer,
            loss=self.default_loss() if _is_auto(loss) else loss,
            metrics=self.default_metrics() if _is_auto(metrics) else metrics,
            weighted_metrics=self.default_weighted_metrics() if _is_auto(weighted_metrics) else weighted_metrics,
            **kwargs,
        )

    def default_optimizer(self) -> keras.optimizers.Optimizer:
        """Returns the optimizer for "auto": Adam; learning rate 5e-5 for encoders of Keras Hub, else 1e-3."""
        return keras.optimizers.Adam(5e-5 if self.is_hub_backbone else 1e-3)

    def default_loss(self) -> KerasObject:
        """Returns the loss for "auto"."""
        return None

    def default_metrics(self) -> KerasObject:
        """Returns the metrics for "auto"."""
        return None

    def default_weighted_metrics(self) -> KerasObject:
        """Returns the weighted metrics for "auto"."""
        return None

    def compile_from_config(self, config: Config) -> None:
        """Restores optimizer, loss and metrics of a saved task; its config has no "auto"."""
        self.compile(**keras.saving.deserialize_keras_object(config))
        if self.optimizer is not None and self.built:
            self.optimizer.build(self.trainable_variables)

    def preprocess_samples(
        self, x: Samples, y: Labels = None, sample_weight: SampleWeights = None
    ) -> tuple[Any, ...] | Features:
        """Returns the features that the model reads, and no others; TensorFlow graph code."""
        if self.preprocessor is None:
            return super().preprocess_samples(x, y, sample_weight)
        data = self.preprocessor(x, y=y, sample_weight=sample_weight, names=tuple(self.input))
        features, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        return keras.utils.pack_x_y_sample_weight(pick(features, self.input), y, sample_weight)

    def fit(
        self,
        x: Samples = None,
        y: Labels = None,
        batch_size: int = 32,
        sample_weight: SampleWeights = None,
        validation_data: Samples = None,
        shuffle: bool = True,
        *,
        feature_cache: PathLike | None = None,
        **kwargs: Any,
    ) -> keras.callbacks.History:
        """Trains on strings in memory, or on a `tf.data.Dataset` of batches.

        Args:
            x: What the preprocessor's `dataset` takes, or a dataset.
            y: Labels, if `x` has none.
            batch_size: Rows in a batch.
            sample_weight: A weight for each row, (N,).
            validation_data: `x`, `(x, y)`, `(x, y, sample_weight)`, or a dataset.
            shuffle: Whether to shuffle before each epoch.
            feature_cache: A folder for the outputs of the backbone's frozen ELMo, or of a backbone that is frozen as a
                whole, in half precision. Texts whose outputs are not in the folder are encoded once, before the first
                epoch. Any number of tasks, encoders and processes can use a folder at the same time, and an interrupted
                run continues.
            **kwargs: For `keras.Model.fit`.

        Returns:
            `keras.callbacks.History`.

        Raises:
            ValueError: If labels are missing, or the task has no frozen encoder for `feature_cache`.
            OSError: If the disk has no room for the features.
        """
        texts = [x]  # all that a feature cache has to encode
        if self.preprocessor is not None:
            seed = int(keras.random.randint((), 0, 2**31 - 1)) if shuffle else None
            x, y, sample_weight = self._batched(x, y, sample_weight, batch_size, seed), None, None
            shuffle = False  # the dataset is shuffled already
            if validation_data is not None:
                if not isinstance(validation_data, tuple):
                    validation_data = (validation_data,)
                x_val, y_val, weight_val = keras.utils.unpack_x_y_sample_weight(validation_data)
                texts.append(x_val)
                validation_data = self._batched(x_val, y_val, weight_val, batch_size, None)
        kwargs.update(sample_weight=sample_weight, validation_data=validation_data, shuffle=shuffle)
        reading: contextlib.AbstractContextManager[None] = contextlib.nullcontext()
        if feature_cache is not None:
            reading = reading_from_cache(self, feature_cache, texts, batch_size, kwargs.get("verbose", "auto"))
        with reading:
            return self._fit(x, y, batch_size=batch_size if self.preprocessor is None else None, **kwargs)

    def _fit(self, *args: Any, **kwargs: Any) -> keras.callbacks.History:
        """`keras_hub.models.Task.fit`, without warnings about what a user cannot change."""
        with without_retracing(), without_warning_of(self._unused_variables()):
            return super().fit(*args, **kwargs)

    def _unused_variables(self) -> list[str]:
        """Returns the paths of trainable variables that `sequence_output` does not depend on: an encoder's pooler."""
        outputs = self.backbone.output
        if not isinstance(outputs, dict) or set(outputs) == {"sequence_output"} or "sequence_output" not in outputs:
            return []
        used = {id(v) for v in keras.Model(self.backbone.input, outputs["sequence_output"]).trainable_variables}
        return [v.path for v in self.backbone.trainable_variables if id(v) not in used]

    def evaluate(
        self,
        x: Samples = None,
        y: Labels = None,
        batch_size: int = 32,
        sample_weight: SampleWeights = None,
        **kwargs: Any,
    ) -> float | list[float] | dict[str, float]:
        """Returns loss and metrics; arguments as for `fit`."""
        with without_retracing():
            if self.preprocessor is not None and not kwargs.get("_use_cached_eval_dataset", False):
                return super().evaluate(self._batched(x, y, sample_weight, batch_size, None), **kwargs)
            return super().evaluate(x, y, batch_size=batch_size, sample_weight=sample_weight, **kwargs)

    def _batched(
        self, x: Samples, y: Labels, sample_weight: SampleWeights, batch_size: int, seed: int | None
    ) -> Dataset:
        """Returns a dataset of batches; a dataset is returned unchanged."""
        if hasattr(x, "element_spec"):
            return x
        batches = self.preprocessor.dataset(x, y, sample_weight, batch_size, seed)
        if self.needs and len(batches.element_spec) < 2 + (sample_weight is not None):
            raise ValueError(message(f"{self.needs} to learn from or to compare with", "y=None", "fit(x, y)"))
        return batches

    # === Answers ===

    def answer_model(self) -> keras.Model:
        """Returns the model whose outputs `postprocess` takes: the task, or one of its derived models."""
        return self

    def postprocess(self, outputs: Any) -> Features:
        """Converts outputs of `answer_model` to answers, by name; TensorFlow graph code."""
        answers: Features = self.preprocessor.postprocess(outputs)
        return answers

    def answer_tensors(self, x: Samples, batch_size: int = 32) -> Features:
        """Returns the answers of `postprocess` for all rows, in order, as the exported model returns them.

        Args:
            x: Strings in memory, which the preprocessor takes; they may be empty.
            batch_size: Rows at a time.
        """
        return self.postprocess(self.predict_rows(x, batch_size))

    def predict_rows(self, x: Samples, batch_size: int = 32) -> NDArray[Any]:
        """Returns the output of `answer_model` for all rows, in order, (N, ...).

        Args:
            x: Strings in memory, which the preprocessor takes; they may be empty.
            batch_size: Rows at a time. Rows of similar length are in a batch.

        Raises:
            ValueError: If the task has no preprocessor, or a row cannot be used.
        """
        self.check_preprocessor()
        preprocessor, model = self.preprocessor, self.answer_model()
        tokens = preprocessor.split(x)

        def answer(rows: NDArray[np.int64]) -> list[NDArray[Any]]:
            batch = tf.nest.map_structure(lambda part: padded_batch(part, rows), tokens)
            return list(self.predict_features(model, preprocessor.encode(batch, tuple(self.input))))

        outputs = self.answer_in_batches(preprocessor.lengths(tokens), batch_size, answer)
        return np.stack(outputs) if outputs else np.zeros((0, *model.output.shape[1:]), np.float32)

    def answer_in_batches(
        self, lengths: Sequence[int], batch_size: int, answer: Callable[[NDArray[np.int64]], Sequence[_Answer]]
    ) -> list[_Answer]:
        """Answers rows of similar length together, and returns the answers in the order of the rows.

        Args:
            lengths: Of the rows, N.
            batch_size: Rows in a batch.
            answer: Takes the indices of a batch and returns an answer for each; further answers, of padding, are
                ignored.
        """
        answers: dict[int, _Answer] = {}
        # Sorted by length, each batch is padded to the length of its own rows only.
        for rows in similar_length_batches(lengths, batch_size):
            answers.update(zip(rows.tolist(), answer(rows), strict=False))
        return [answers[row] for row in range(len(lengths))]

    @staticmethod
    def predict_features(model: keras.Model, features: Features) -> Any:
        """Returns the outputs of a model, the task or a derived one, for one batch of its preprocessor's features."""
        if isinstance(model, StringTask):  # whose own `predict_on_batch` would take strings
            task = model
            model = task.derived_model("network", lambda: keras.Model(task.input, task.output, name="network"))
        return predict_batch(model, {name: np.asarray(x) for name, x in pick(features, model.input).items()})

    # === Export ===

    def export(self, filepath: PathLike, format: str = "tf_saved_model", **kwargs: Any) -> None:
        """Writes a SavedModel from strings to answers, or the network alone; see `keras_embed.serving`.

        The SavedModel has the task's `serving_signatures`. Loading it takes TensorFlow alone, and TensorFlow Text if
        the tokenizer needs it. Batch size and length are dynamic. TensorFlow and JAX write it directly; for PyTorch,
        another process loads the saved task under TensorFlow.

        Args:
            filepath: Folder or file to create. An existing one is replaced when the new one is complete; if writing
                fails, it is left unchanged.
            format: "tf_saved_model"; "onnx" and "litert": see `serving.export_network`; other formats are passed to
                `keras.Model.export`, without strings.
            **kwargs: For `serving.export_network` or `keras.Model.export`.

        Raises:
            ValueError: If the task has no preprocessor, or a step that runs in Python.
            OSError: If the folder cannot be written, with the reason.
        """
        if format == "tf_saved_model":
            from keras_embed.serving.saved_model import export_task

            export_task(self, filepath)
        elif format in ("onnx", "litert"):
            from keras_embed.serving.networks import export_network

            export_network(self, filepath, format, **kwargs)
        else:
            super().export(filepath, format=format, **kwargs)

    def check_exportable(self) -> None:
        """Raises `ValueError` if the task has no preprocessor, or its strings go through a step in Python."""
        self.check_preprocessor()
        self.preprocessor.check_exportable()

    def serving_signatures(self, module: TFModule) -> dict[str, TFFunction]:
        """Returns the signatures of the exported SavedModel, from strings to answers, by name.

        By default `serving_default`, from the columns of `preprocessor.signature()` to the answers of `postprocess`.

        Args:
            module: `tf.Module` that is saved. Everything that the functions use, such as lookup tables, has to be
                assigned to it; `exported_network` assigns the network's weights.
        """
        preprocessor = self.preprocessor
        specs = list(preprocessor.signature().values())

        def features(*columns: TFTensor) -> Features:
            return pick(preprocessor.encode(preprocessor.split(*columns), tuple(self.input)), self.input)

        run = self.exported_network(module, self.answer_model(), features, *specs)
        module.resources = preprocessor.resources()

        @tf.function(autograph=False, input_signature=specs)
        def serving_default(*columns: TFTensor) -> Features:
            return self.postprocess(run(features(*columns)))

        return {"serving_default": serving_default}

    def exported_network(
        self,
        module: TFModule,
        model: keras.Model,
        features: Callable[..., Features],
        *specs: Any,
    ) -> Callable[[Features], Any]:
        """Returns a model as a function of TensorFlow features, for `serving_signatures`.

        Args:
            module: As there; its attribute `model` is set.
            model: The task, or one of its derived models.
            features: Makes the features from strings; TensorFlow graph code.
            *specs: `tf.TensorSpec`s of the arguments of `features`.
        """
        run, module.model = graph_function(model, feature_axes(features, *specs))
        return run

    def network_outputs(self) -> Features:
        """Returns the symbolic outputs, by name, of the network that is exported to ONNX and LiteRT."""
        return self.output if isinstance(self.output, dict) else {"outputs": self.output}

    # === Presets ===

    @classmethod
    def from_preset(cls, preset: PathLike, load_weights: bool = True, **kwargs: Any) -> "StringTask":
        """Loads a task from a preset; see `keras_hub.models.Task.from_preset`.

        Keras Hub looks for a subclass for the preset's backbone. These tasks take any backbone, so there is none to
        look for.
        """
        from keras_hub.src.utils.preset_utils import get_preset_loader

        return get_preset_loader(str(preset)).load_task(cls, load_weights, "num_classes" not in kwargs, **kwargs)

    def load_task_weights(self, filepath: PathLike) -> None:
        """Loads the weights that are not the backbone's; the state of a preset's optimizer is ignored."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Skipping variable loading for optimizer")
            super().load_task_weights(filepath)


class DerivedModels:
    """Models that share all weights with their task.

    Keras does not track this object, so the models are not saved: they have no weights of their own.
    """

    def __init__(self) -> None:
        self._models: dict[Hashable, keras.Model] = {}

    def get(self, key: Hashable, build: Callable[[], keras.Model]) -> keras.Model:
        """Returns the model of a key, which is built if there is none."""
        if key not in self._models:
            self._models[key] = build()
        return self._models[key]


def _is_auto(argument: KerasObject) -> bool:
    return isinstance(argument, str) and argument == "auto"
