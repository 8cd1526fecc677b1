"""What all tasks share that are trained on strings and answer with strings."""

import contextlib
import os
import warnings
from typing import Any

import keras
import keras_hub

from keras_embed._backend import without_retracing, without_warning_of
from keras_embed._errors import check_known, message
from keras_embed.caching.encoder_cache import VECTORS
from keras_embed.layers.elmo_embedding import ELMO_LAYERS
from keras_embed.preprocessors.features import pick
from keras_embed.tasks._cached_features import kept_features
from keras_embed.tokenizers.any_backbone import ANY_BACKBONE


class StringTask(keras_hub.models.Task):
    """A task whose preprocessor makes batches of similar length out of strings in memory.

    Its preprocessor has `dataset(x, y, sample_weight, batch_size, seed)`. `kind` is what error texts call it.
    """

    backbone_cls = ANY_BACKBONE
    kind = "task"
    #: What `fit` and `evaluate` need beside texts in memory, where a corpus does not bring it along; "": nothing.
    needs = ""
    _made: "Made"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        check_known(type(self), kwargs, ("inputs", "outputs", "name", "trainable", "dtype", "compile"))
        super().__init__(*args, **kwargs)

    @property
    def is_hub_backbone(self) -> bool:
        """Whether the backbone is one of Keras Hub, which is pretrained as a rule, and none that extends ours."""
        kinds = type(self.backbone).__mro__
        ours = any(kind.__module__.startswith("keras_embed.") for kind in kinds)
        return keras_hub.models.Backbone in kinds and not ours

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Restores optimizer, loss and metrics of a saved task: all that `compile` resolved was saved."""
        self.compile(**keras.saving.deserialize_keras_object(config))
        if self.optimizer is not None and self.built:
            self.optimizer.build(self.trainable_variables)

    def preprocess_samples(self, x: Any, y: Any = None, sample_weight: Any = None) -> Any:
        """Strings to the features that the backbone reads, and no others; kept ones in `fit(..., feature_cache=)`."""
        if self.preprocessor is None:
            return super().preprocess_samples(x, y, sample_weight)
        cache = self._made.cache
        replaced = () if cache is None else cache.replaced
        names = {name: tensor for name, tensor in self.input.items() if name not in replaced}
        data = self.preprocessor(x, y=y, sample_weight=sample_weight, names=tuple(names))
        features, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        features = pick(features, names)
        if cache is not None:
            features |= cache.added(self.preprocessor, x, features)
        return keras.utils.pack_x_y_sample_weight(features, y, sample_weight)

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Scores; where the features hold what a frozen encoder said, without running it."""
        if isinstance(inputs, dict) and (ELMO_LAYERS in inputs or VECTORS in inputs):
            model = self._made.cached
            return model({name: inputs[name] for name in model.input}, training=training)
        return super().call(inputs, training=training, mask=mask)

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int = 32,
        sample_weight: Any = None,
        validation_data: Any = None,
        shuffle: bool = True,
        *,
        feature_cache: str | os.PathLike[str] | None = None,
        **kwargs: Any,
    ) -> Any:
        """Trains on strings in memory, or on a `tf.data.Dataset` of batches.

        Args:
            x: what the preprocessor's `dataset` takes, or a dataset.
            y: see `x`.
            batch_size: rows in a batch.
            sample_weight: (B,) a weight for each row.
            validation_data: `x` alone, `(x, y)`, `(x, y, sample_weight)`, or a dataset.
            shuffle: anew in every epoch.
            feature_cache: a folder that keeps what the backbone's frozen ELMo, or a backbone that is frozen as a whole,
                says of each text, in half precision. Only texts that are not there yet are run through it, once, before
                the first epoch. A folder may serve any number of tasks, encoders and processes at once; a run that was
                killed goes on where it was.
            **kwargs: for `keras.Model.fit`.

        Raises:
            ValueError: for a `feature_cache` of a task without a frozen encoder.
            OSError: where the disk has no room for the features.
        """
        texts = [x]
        if self.preprocessor is not None:
            seed = int(keras.random.randint((), 0, 2**31 - 1)) if shuffle else None
            x, y, sample_weight = self._batched(x, y, sample_weight, batch_size, seed), None, None
            shuffle = False  # the dataset does
            if validation_data is not None:
                if not isinstance(validation_data, tuple):
                    validation_data = (validation_data,)
                x_val, y_val, weight_val = keras.utils.unpack_x_y_sample_weight(validation_data)
                texts.append(x_val)
                validation_data = self._batched(x_val, y_val, weight_val, batch_size, None)
        kwargs.update(sample_weight=sample_weight, validation_data=validation_data, shuffle=shuffle)
        keeping: Any = contextlib.nullcontext()
        if feature_cache is not None:
            keeping = kept_features(self, self._made, feature_cache, texts, batch_size, kwargs.get("verbose", "auto"))
        with keeping:
            return self.quiet_fit(x, y, batch_size=batch_size if self.preprocessor is None else None, **kwargs)

    def quiet_fit(self, *args: Any, **kwargs: Any) -> Any:
        """`keras_hub.models.Task.fit`, without warnings of what a user cannot change."""
        with without_retracing(), without_warning_of(self._unread()):
            return super().fit(*args, **kwargs)

    def evaluate(
        self, x: Any = None, y: Any = None, batch_size: int = 32, sample_weight: Any = None, **kwargs: Any
    ) -> Any:
        """Loss and metrics; arguments as for `fit`."""
        with without_retracing():
            if self.preprocessor is not None and not kwargs.get("_use_cached_eval_dataset", False):
                return super().evaluate(self._batched(x, y, sample_weight, batch_size, None), **kwargs)
            return super().evaluate(x, y, batch_size=batch_size, sample_weight=sample_weight, **kwargs)

    def _unread(self) -> list[str]:
        """Paths of the backbone's trainable variables that its sequence does not depend on: an encoder's own pooler."""
        outputs = self.backbone.output
        if not isinstance(outputs, dict) or set(outputs) == {"sequence_output"} or "sequence_output" not in outputs:
            return []
        read = {id(v) for v in keras.Model(self.backbone.input, outputs["sequence_output"]).trainable_variables}
        return [v.path for v in self.backbone.trainable_variables if id(v) not in read]

    def _batched(self, x: Any, y: Any, sample_weight: Any, batch_size: int, seed: int | None) -> Any:
        """Strings in memory as a dataset of batches; a dataset stays as it is."""
        if hasattr(x, "element_spec"):
            return x
        batches = self.preprocessor.dataset(x, y, sample_weight, batch_size, seed)
        if self.needs and len(batches.element_spec) < 2 + (sample_weight is not None):
            raise ValueError(message(f"{self.needs} to learn from or to compare with", "y=None", "fit(x, y)"))
        return batches

    def export(self, filepath: Any, format: str = "tf_saved_model", **kwargs: Any) -> None:
        """Writes a SavedModel from strings to answers, or the network alone; see `keras_embed.serving`.

        Args:
            filepath: folder, or file, to make. One that exists is replaced once the new one is complete.
            format: "tf_saved_model"; "onnx" and "litert": see `serving.export_network`; other formats go to
                `keras.Model.export`, without strings.
            **kwargs: for `serving.export_network` or `keras.Model.export`.
        """
        if format == "tf_saved_model":
            from keras_embed.serving.saved_model import export_task

            export_task(self, filepath)
        elif format in ("onnx", "litert"):
            from keras_embed.serving.networks import export_network

            export_network(self, filepath, format, **kwargs)
        else:
            super().export(filepath, format=format, **kwargs)

    def load_task_weights(self, filepath: Any) -> None:
        """The weights that are not the backbone's. A preset's optimizer state is left alone, without a word."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Skipping variable loading for optimizer")
            super().load_task_weights(filepath)

    def check_preprocessor(self) -> None:
        """Raises `ValueError` for a task that cannot read strings."""
        if self.preprocessor is None:
            expected = f"a {self.kind} with a preprocessor"
            raise ValueError(message(expected, "preprocessor=None", f"{type(self).__name__}(..., preprocessor=...)"))


class Made:
    """Keeps models that share all weights out of Keras' sight: they have none of their own to save.

    `cached` is the task over features that its frozen encoder gave before, `cache` what keeps them while it is trained;
    `models` are those that a task makes by its arguments.
    """

    model: Any = None
    cached: Any = None
    cache: Any = None

    def __init__(self) -> None:
        self.models: dict[Any, Any] = {}
