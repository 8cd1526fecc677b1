"""What tasks share that write texts piece by piece."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import keras

from keras_embed._errors import check_positive, message
from keras_embed.decoding import BeamSearch, ForbiddenTokens, Greedy, Sampling
from keras_embed.losses import SmoothedCrossentropy
from keras_embed.metrics import TokenAccuracy, TokenPerplexity
from keras_embed.schedules import InverseSquareRoot
from keras_embed.tasks._parts import check_parts
from keras_embed.tasks._string_task import Made, StringTask
from keras_embed.tokenizers.subword_tokenizer import START_ID

#: What no text has.
NO_PADDING_NO_START = ForbiddenTokens((0, START_ID))


class TextWriter(StringTask):
    """A task over a backbone with logits, `begin` and `step`, and a preprocessor whose `dataset` takes `batch_tokens`.

    `label_smoothing` is that of the loss unless told otherwise.
    """

    label_smoothing = 0.0

    def __init__(self, backbone: Any, preprocessor: Any, search: Any, **kwargs: Any) -> None:
        # === Functional Model ===
        check_parts(self, backbone, preprocessor)
        inputs = backbone.input
        outputs = backbone(inputs)["logits"]
        # Set before `super().__init__`, which compiles.
        self.backbone = backbone
        self.preprocessor = preprocessor
        super().__init__(inputs=inputs, outputs=outputs, **kwargs)

        # === Config ===
        self.search = search
        self._made = Made()

    def compile(self, optimizer: Any = "auto", loss: Any = "auto", *, metrics: Any = "auto", **kwargs: Any) -> None:
        """Like `keras.Model.compile`; "auto" is a choice that suits the task.

        Args:
            optimizer: "auto": Adam with the Transformer's beta_2 of 0.98, gradients clipped to a global norm of 1;
                its rate rises to 2e-3 in 1,000 steps and falls with their inverse square root.
            loss: "auto": `losses.SmoothedCrossentropy`, for a translator with label smoothing of 0.1.
            metrics: "auto": perplexity and accuracy of the tokens.
            **kwargs: for `keras.Model.compile`.
        """
        if isinstance(optimizer, str) and optimizer == "auto":
            rate = InverseSquareRoot(2e-3, 1000)
            optimizer = keras.optimizers.Adam(rate, beta_2=0.98, epsilon=1e-9, global_clipnorm=1.0)
        if isinstance(loss, str) and loss == "auto":
            loss = SmoothedCrossentropy(self.label_smoothing)
        if isinstance(metrics, str) and metrics == "auto":
            metrics = [TokenPerplexity(), TokenAccuracy()]
        super().compile(optimizer=optimizer, loss=loss, metrics=metrics, **kwargs)

    def preprocess_samples(self, x: Any, y: Any = None, sample_weight: Any = None) -> Any:
        """Strings to features; features as they are."""
        if self.preprocessor is None or isinstance(x, Mapping):
            return keras.utils.pack_x_y_sample_weight(x, y, sample_weight)
        return self.preprocessor(x, y=y, sample_weight=sample_weight)

    def fit(  # type: ignore[override]
        self,
        x: Any = None,
        y: Any = None,
        batch_tokens: int = 4096,
        validation_data: Any = None,
        shuffle: bool = True,
        **kwargs: Any,
    ) -> Any:
        """Trains on texts.

        Args:
            x: what is to be written: texts; for a translator pairs of strings, or sources, with their translations as
                `y`; or a `tf.data.Dataset` of batches.
            y: see `x`.
            batch_tokens: pieces to write in a batch, padding included; texts of similar length come together.
            validation_data: as `x`, or `(x, y)`, or a dataset.
            shuffle: anew in every epoch.
            **kwargs: for `keras.Model.fit`.
        """
        seed = int(keras.random.randint((), 0, 2**31 - 1)) if shuffle else None
        data = self._dataset(x, y, batch_tokens, seed)
        if validation_data is not None:
            validation_data = self._dataset(validation_data, None, batch_tokens, None)
        return super(StringTask, self).fit(data, validation_data=validation_data, shuffle=False, **kwargs)

    def evaluate(  # type: ignore[override]
        self, x: Any = None, y: Any = None, batch_tokens: int = 4096, **kwargs: Any
    ) -> Any:
        """Loss and metrics; arguments as for `fit`."""
        if kwargs.get("_use_cached_eval_dataset", False):
            return super(StringTask, self).evaluate(x, y, **kwargs)
        return super(StringTask, self).evaluate(self._dataset(x, y, batch_tokens, None), **kwargs)

    def _dataset(self, x: Any, y: Any, batch_tokens: int, seed: int | None) -> Any:
        if hasattr(x, "element_spec"):
            return x
        self.check_preprocessor()
        check_positive("batch_tokens", batch_tokens)
        return self.preprocessor.dataset(*self._columns(x, y), batch_tokens=batch_tokens, seed=seed)

    def _columns(self, x: Any, y: Any) -> tuple[Any, ...]:
        """What of `x` and `y` the preprocessor's `dataset` takes."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "search": keras.saving.serialize_keras_object(self.search)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A task of the same shape with fresh weights."""
        search = config.get("search")
        if isinstance(search, dict):
            config = {**config, "search": keras.saving.deserialize_keras_object(search)}
        return super().from_config(config)


def several(search: Any, count: int | None) -> Any:
    """The search with so many answers."""
    if count is None or (count == 1 and isinstance(search, Greedy)):
        return search
    check_positive("num_samples", count)
    if isinstance(search, Sampling):
        return dataclasses.replace(search, num_samples=count)
    if isinstance(search, BeamSearch):
        return dataclasses.replace(search, n_best=count, beams=max(count, search.beams))
    raise ValueError(message("`num_samples` of 1 for a search that finds one text", count, "search=Sampling()"))
