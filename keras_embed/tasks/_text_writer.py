"""Base of the tasks that generate text: translators and language models."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import keras
import keras_hub

from keras_embed._backend import tf
from keras_embed._errors import check_positive, message
from keras_embed._types import (
    Config,
    Dataset,
    Features,
    KerasObject,
    Labels,
    Samples,
    SampleWeights,
    TFFunction,
    TFTensor,
)
from keras_embed.decoding import BeamSearch, ForbiddenTokens, Greedy, Sampling
from keras_embed.losses import SmoothedCrossentropy
from keras_embed.metrics import TokenAccuracy, TokenPerplexity
from keras_embed.schedules import InverseSquareRoot
from keras_embed.tasks.string_task import StringTask
from keras_embed.tokenizers.subword_tokenizer import START_ID

#: A generated text has neither padding nor a start token.
NO_PADDING_NO_START = ForbiddenTokens((0, START_ID))
Search: TypeAlias = Greedy | BeamSearch | Sampling


class TextWriter(StringTask):
    """A task whose backbone has `logits`, `begin` and `step`, and whose preprocessor batches by `batch_tokens`.

    A subclass defines `text_columns`, and `label_smoothing`, that of the default loss.
    """

    label_smoothing = 0.0

    def __init__(
        self,
        backbone: keras.Model,
        preprocessor: keras_hub.models.Preprocessor | None,
        search: Search,
        **kwargs: Any,
    ) -> None:
        self.check_parts(backbone, preprocessor)
        super().__init__(backbone, preprocessor, backbone.input, backbone(backbone.input)["logits"], **kwargs)
        self.search = search

    def default_optimizer(self) -> keras.optimizers.Optimizer:
        """Returns Adam with the Transformer's beta_2 of 0.98, gradients clipped to a norm of 1.

        Its learning rate rises to 2e-3 in 1,000 steps, then falls with their inverse square root.
        """
        rate = InverseSquareRoot(2e-3, 1000)
        return keras.optimizers.Adam(rate, beta_2=0.98, epsilon=1e-9, global_clipnorm=1.0)

    def default_loss(self) -> KerasObject:
        """Returns `losses.SmoothedCrossentropy`; for a translator with label smoothing of 0.1."""
        return SmoothedCrossentropy(self.label_smoothing)

    def default_metrics(self) -> KerasObject:
        """Returns perplexity and accuracy of the tokens."""
        return [TokenPerplexity(), TokenAccuracy()]

    def preprocess_samples(self, x: Samples, y: Labels = None, sample_weight: SampleWeights = None) -> Any:
        if self.preprocessor is None or isinstance(x, Mapping):  # features already
            return keras.utils.pack_x_y_sample_weight(x, y, sample_weight)
        return self.preprocessor(x, y=y, sample_weight=sample_weight)

    def fit(  # type: ignore[override]
        self,
        x: Samples = None,
        y: Labels = None,
        batch_tokens: int = 4096,
        validation_data: Samples = None,
        shuffle: bool = True,
        **kwargs: Any,
    ) -> keras.callbacks.History:
        """Trains on texts.

        Args:
            x: Texts to generate; for a translator pairs of strings, or sources, with their translations as `y`; or a
                `tf.data.Dataset` of batches.
            y: See `x`.
            batch_tokens: Target subwords in a batch, padding included; texts of similar length are batched together.
            validation_data: As `x`, or `(x, y)`, or a dataset.
            shuffle: Whether to shuffle before each epoch.
            **kwargs: For `keras.Model.fit`.

        Returns:
            `keras.callbacks.History`.
        """
        seed = int(keras.random.randint((), 0, 2**31 - 1)) if shuffle else None
        data = self._token_batches(x, y, batch_tokens, seed)
        if validation_data is not None:
            validation_data = self._token_batches(validation_data, None, batch_tokens, None)
        return self._fit(data, validation_data=validation_data, shuffle=False, **kwargs)

    def evaluate(  # type: ignore[override]
        self, x: Samples = None, y: Labels = None, batch_tokens: int = 4096, **kwargs: Any
    ) -> float | list[float] | dict[str, float]:
        """Returns loss and metrics; arguments as for `fit`."""
        if kwargs.get("_use_cached_eval_dataset", False):
            return super().evaluate(x, y, **kwargs)
        return super().evaluate(self._token_batches(x, y, batch_tokens, None), **kwargs)

    def _token_batches(self, x: Samples, y: Labels, batch_tokens: int, seed: int | None) -> Dataset:
        if hasattr(x, "element_spec"):
            return x
        self.check_preprocessor()
        check_positive("batch_tokens", batch_tokens)
        return self.preprocessor.dataset(*self.text_columns(x, y), batch_tokens=batch_tokens, seed=seed)

    def text_columns(self, x: Samples, y: Labels) -> tuple[Sequence[str], ...]:
        """Returns the columns of texts that the preprocessor's `dataset` takes."""
        raise NotImplementedError

    def get_config(self) -> Config:
        return {**super().get_config(), "search": keras.saving.serialize_keras_object(self.search)}

    @classmethod
    def from_config(cls, config: Config) -> "TextWriter":
        search = config.get("search")
        if isinstance(search, dict):
            config = {**config, "search": keras.saving.deserialize_keras_object(search)}
        return super().from_config(config)

    # === Export ===
    # A network exported from JAX has no random state: it would draw the same numbers in every call. So they are drawn
    # outside of the network and enter it as the feature `draws`.

    def draw_axes(self, length: int) -> dict[str, str]:
        """Returns the shape of the feature `draws` for at most `length` steps; empty unless the search samples."""
        return {"draws": f"(batch, {length}, {self.search.width})"} if isinstance(self.search, Sampling) else {}

    def generating_signatures(
        self, length: int, spec: Any, answer: Callable[[TFTensor, Features], Features]
    ) -> dict[str, TFFunction]:
        """Returns `serving_default` and, if the search samples, `seeded`, which also takes an int64 scalar `seed`.

        Args:
            length: Maximum number of steps.
            spec: `tf.TensorSpec` of the strings.
            answer: Takes the strings, and a dict that is empty or has the feature `draws`; TensorFlow graph code.
        """
        sampling = isinstance(self.search, Sampling)

        def shape(strings: TFTensor) -> list[Any]:
            return [tf.shape(strings)[0], length, self.search.width]

        @tf.function(autograph=False, input_signature=[spec])
        def serving_default(strings: TFTensor) -> Features:
            # Seeds of 0, the default, mean new numbers in each process. TensorFlow's own function would store its
            # global seed in the graph.
            return answer(
                strings,
                {"draws": tf.raw_ops.RandomUniform(shape=shape(strings), dtype=tf.float32)} if sampling else {},
            )

        @tf.function(autograph=False, input_signature=[spec, tf.TensorSpec([], tf.int64, name="seed")])
        def seeded(strings: TFTensor, seed: TFTensor) -> Features:
            return answer(strings, {"draws": tf.random.stateless_uniform(shape(strings), tf.stack([seed, 0]))})

        return {"serving_default": serving_default, **({"seeded": seeded} if sampling else {})}


def with_num_samples(search: Search, count: int | None) -> Search:
    """Returns the search with `count` results; `None` leaves it unchanged."""
    if count is None or (count == 1 and isinstance(search, Greedy)):
        return search
    check_positive("num_samples", count)
    if isinstance(search, Sampling):
        return dataclasses.replace(search, num_samples=count)
    if isinstance(search, BeamSearch):
        return dataclasses.replace(search, n_best=count, beams=max(count, search.beams))
    raise ValueError(message("`num_samples` of 1 for a search that finds one text", count, "search=Sampling()"))
