"""Pretraining of ELMo: a language model in both directions."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_embed._backend import predict_batch
from keras_embed._errors import check_positive, message
from keras_embed._types import Features, KerasObject, PathLike, SampleWeights, Tensor
from keras_embed.layers.language_model_head import LanguageModelHead
from keras_embed.metrics.perplexity import Perplexity
from keras_embed.preprocessors import LanguageModelWindows
from keras_embed.tasks import _training_run
from keras_embed.tasks.string_task import DerivedModels
from keras_embed.text import LanguageModelVocabulary


class BidirectionalLanguageModel(keras.Model):
    """Trains an `ElmoBackbone` to predict each word from all words before it, and from all after it.

    Both directions share the token encoder and the softmax (Peters et al. 2018). Text is read in endless rows
    (`LanguageModelWindows`): the state after a window is the initial state of the next, and no gradient flows between
    windows. In training the loss is that of a sampled softmax, in evaluation of the full one.

    By default `compile` uses the published settings: Adagrad with rate 0.2 and initial accumulators of 1, gradients of
    the sum over a window clipped to a global norm of 10.

    On JAX, `keras.distribution.set_distribution(keras.distribution.DataParallel(auto_shard_dataset=False))`, called
    before the backbone is created, distributes the rows over all devices; losses stay the same.

    Args:
        backbone: `backbones.ElmoBackbone` of bytes. Its `dropout` is that of the training: 0.1 in the published models.
        vocabulary: `text.LanguageModelVocabulary`, the words to predict.
        batch_size: B, rows of each direction, as of the windows.
        **kwargs: `name`.

    Raises:
        ValueError: If the backbone has vectors of known words, or other characters than bytes.

    References:
        Peters et al. 2018, https://arxiv.org/abs/1802.05365; Jozefowicz et al. 2016,
        https://arxiv.org/abs/1602.02410.

    Example:
    >>> import pathlib
    >>> from keras_embed.backbones import ElmoBackbone
    >>> from keras_embed.preprocessors import LanguageModelWindows
    >>> _ = pathlib.Path("shard.txt").write_text("the cat sat\\nthe dog ran away\\n" * 9)
    >>> vocabulary = LanguageModelVocabulary(["the", "cat", "dog", "sat", "ran", "away"])
    >>> windows = LanguageModelWindows(["shard.txt"], vocabulary, batch_size=2, window=4, negatives=4, max_characters=8)
    >>> elmo = ElmoBackbone(
    ...     hidden_dim=8, projection_dim=4, filters=((1, 4), (2, 4)), num_highway=1, char_dim=4, max_characters=8
    ... )
    >>> model = BidirectionalLanguageModel(elmo, vocabulary, batch_size=2)
    >>> model.compile()
    >>> history = model.fit(windows, epochs=2, steps_per_epoch=3, verbose=0)
    >>> sorted(history.history)
    ['loss', 'perplexity', 'tokens/s']
    >>> 1 < model.perplexity(["shard.txt"]) < 20
    True
    """

    def __init__(
        self, backbone: keras.Model, vocabulary: LanguageModelVocabulary, batch_size: int = 128, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        check_positive("batch_size", batch_size)
        if backbone.cache_size or backbone.token_encoder.vocabulary_size:
            raise ValueError(message("a backbone that reads characters alone", "one with vectors of words"))
        self.backbone = backbone
        self.vocabulary = vocabulary
        self.batch_size = batch_size
        self.head = LanguageModelHead(len(vocabulary), name="head")
        self.head.build((None, None, 2, backbone.projection_dim))
        shape = (batch_size, backbone.num_layers, 2)
        state = {"initializer": "zeros", "trainable": False, "autocast": False, "dtype": "float32"}
        self.hidden_state = self.add_weight((*shape, backbone.projection_dim), name="hidden_state", **state)
        self.cell_state = self.add_weight((*shape, backbone.hidden_dim), name="cell_state", **state)
        self.perplexity_of_windows = Perplexity()
        self.built = True
        self._derived_models = DerivedModels()

    def compile(self, optimizer: KerasObject = None, **kwargs: Any) -> None:
        """Configures the model for training.

        Args:
            optimizer: `None`: the published one.
            **kwargs: For `keras.Model.compile`, except `loss`, which is fixed.
        """
        if optimizer is None:
            optimizer = keras.optimizers.Adagrad(0.2, initial_accumulator_value=1.0, global_clipnorm=10.0)
        super().compile(optimizer=optimizer, **kwargs)

    def call(self, features: Features, training: bool = False) -> Tensor:
        """Returns the losses (B, 2, T) of a window, and carries the state to its end."""
        losses, state = self._read(features, (self.hidden_state, self.cell_state), training)
        for weight, value in zip((self.hidden_state, self.cell_state), state, strict=True):
            weight.assign(ops.cast(value, "float32"))
        return losses

    def _read(
        self, features: Features, state: tuple[Tensor, Tensor], training: bool
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        words = self.backbone.token_encoder(features["elmo_ids"])  # (U, D)
        streams = ops.take(words, ops.transpose(features["char_index"], (0, 2, 1)), axis=0)  # (B, T, 2, D)
        layers, state = self.backbone.stack(streams, initial_state=state, return_state=True, training=training)
        # Of the sampled softmax; absent in evaluation, which uses the full one.
        sampled = [features.get(name) for name in ("candidates", "target_log_counts", "candidate_log_counts")]
        return self.head(layers[:, :, -1], features["targets"], *sampled), state

    def compute_loss(
        self,
        x: Features | None = None,
        y: Tensor | None = None,
        y_pred: Tensor | None = None,
        sample_weight: SampleWeights = None,
        training: bool = True,
    ) -> Tensor:
        """Returns the mean over rows and directions of the sum over a window, in nats."""
        self.perplexity_of_windows.update_state(ops.stop_gradient(y_pred))
        return ops.mean(ops.sum(ops.cast(y_pred, "float32"), axis=-1))

    def fit(
        self,
        windows: LanguageModelWindows,
        epochs: int = 10,
        steps_per_epoch: int | None = None,
        held_out: Sequence[PathLike] | None = None,
        checkpoint: PathLike | None = None,
        callbacks: Sequence[keras.callbacks.Callback] = (),
        **kwargs: Any,
    ) -> keras.callbacks.History:
        """Trains, with tokens/s and the windows' (sampled) perplexity in the progress bar.

        Args:
            windows: `LanguageModelWindows` of the same vocabulary and batch size.
            epochs: Number of epochs, including those before an interruption.
            steps_per_epoch: Windows in an epoch; `None`: one pass through the text.
            held_out: Files of tokenized text; their perplexity under the full softmax is logged after each epoch as
                `val_perplexity`.
            checkpoint: A folder. After each epoch, saves weights, optimizer, state and the position in the text; `fit`
                with the same folder continues with the losses of an uninterrupted run.
            callbacks: Keras callbacks.
            **kwargs: `verbose`, for `keras.Model.fit`.

        Returns:
            `keras.callbacks.History`.

        Raises:
            ValueError: If the windows have other rows, words or lengths than the model.
        """
        if len(windows.vocabulary) != len(self.vocabulary) or windows.batch_size != self.batch_size:
            expected = f"windows of {self.batch_size} rows and a vocabulary of {len(self.vocabulary)} words"
            raise ValueError(message(expected, f"{windows.batch_size} rows, {len(windows.vocabulary)} words"))
        if self.backbone.max_characters != windows.max_characters:
            expected = f"windows with max_characters={self.backbone.max_characters}, as the backbone has"
            raise ValueError(message(expected, windows.max_characters))
        if not self.compiled:
            self.compile()
        done = 0 if checkpoint is None else _training_run.resume(self, checkpoint, windows)
        steps = windows.steps_per_pass if steps_per_epoch is None else steps_per_epoch
        stream = _training_run.Windows(windows, steps)
        validate = None if held_out is None else lambda: self.perplexity(held_out)
        added = [_training_run.Progress(self.batch_size * windows.window, validate)]
        if checkpoint is not None:
            added.append(_training_run.Checkpoint(checkpoint, stream, done))
        arguments = {"epochs": epochs, "initial_epoch": done, "steps_per_epoch": steps, "shuffle": False}
        return super().fit(iter(stream), callbacks=[*added, *callbacks], **arguments, **kwargs)

    def perplexity(self, files: Sequence[PathLike], batch_size: int = 32, window: int = 8) -> float:
        """Returns the perplexity of held-out text, over both directions, under the full softmax.

        Unknown words count as the word "<UNK>", and the end of each sentence in reading order counts as a word. The
        state is carried from window to window, as in training; that of the training is left unchanged.

        Args:
            files: Tokenized text, one sentence per line.
            batch_size: Rows.
            window: Steps at a time; needs memory for `batch_size * window * len(vocabulary)` floats.
        """
        source = LanguageModelWindows(
            files,
            self.vocabulary,
            batch_size=batch_size,
            window=window,
            negatives=1,
            max_characters=self.backbone.max_characters,
            shuffle=False,
        )
        shape = (batch_size, self.backbone.num_layers, 2)
        state = {
            "hidden_state": np.zeros((*shape, self.backbone.projection_dim), "float32"),
            "cell_state": np.zeros((*shape, self.backbone.hidden_dim), "float32"),
        }
        total = words = 0.0
        for features in source.once():
            weights = features.pop("weights")
            losses, state["hidden_state"], state["cell_state"] = predict_batch(self.evaluator(), {**features, **state})
            total += float(np.sum(losses.astype("float64") * weights))
            words += float(np.sum(weights))
        return float(np.exp(total / words))

    def evaluator(self) -> keras.Model:
        """Returns the model of full losses with its state as input and output, which shares all weights.

        It takes a dict with `elmo_ids` (U, L), `char_index` and `targets` (B, 2, T), `hidden_state`
        (B, num_layers, 2, D) and `cell_state` (B, num_layers, 2, H), and returns losses (B, 2, T) and both states.
        """

        def build() -> keras.Model:
            shape = (self.backbone.num_layers, 2)
            inputs = {
                "elmo_ids": keras.Input((self.backbone.max_characters,), dtype="int32", name="elmo_ids"),
                "char_index": keras.Input((2, None), dtype="int32", name="char_index"),
                "targets": keras.Input((2, None), dtype="int32", name="targets"),
                "hidden_state": keras.Input((*shape, self.backbone.projection_dim), name="hidden_state"),
                "cell_state": keras.Input((*shape, self.backbone.hidden_dim), name="cell_state"),
            }
            losses, state = self._read(inputs, (inputs["hidden_state"], inputs["cell_state"]), False)
            return keras.Model(inputs, [losses, *state], name="evaluator")

        return self._derived_models.get("evaluator", build)
