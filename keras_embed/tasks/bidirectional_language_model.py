"""Training of ELMo: a language model that reads in both directions."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_embed._backend import predict_batch
from keras_embed._errors import check_positive, message
from keras_embed.layers.language_model_head import LanguageModelHead
from keras_embed.metrics.perplexity import Perplexity
from keras_embed.preprocessors import LanguageModelWindows
from keras_embed.tasks import _training_run
from keras_embed.tasks._string_task import Made
from keras_embed.text import LanguageModelVocabulary


class BidirectionalLanguageModel(keras.Model):
    """Trains an `ElmoBackbone` to guess each word from all before it, and from all behind it (Peters et al. 2018).

    Both directions share the token encoder and the softmax. Text comes in endless rows (`LanguageModelWindows`); the
    state behind a window is where the next begins, and no gradient goes from one to the other. In training the loss is
    that of some sampled words, in evaluation of all words.

    Without arguments `compile` takes the published recipe: Adagrad with rate 0.2 and accumulators from 1, gradients of
    the sum over a window cut to a global norm of 10.

    On JAX, `keras.distribution.set_distribution(keras.distribution.DataParallel(auto_shard_dataset=False))` before the
    backbone is made spreads the rows over all devices; losses stay the same.

    Args:
        backbone: `backbones.ElmoBackbone` of bytes. Its `dropout` is the training's: 0.1 in the published models.
        vocabulary: `text.LanguageModelVocabulary`, what is guessed.
        batch_size: B, rows of each direction, the same as the windows'.
        **kwargs: `name`.

    Raises:
        ValueError: for a backbone that keeps vectors of known words, or has other characters than bytes.

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
        self, backbone: Any, vocabulary: LanguageModelVocabulary, batch_size: int = 128, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        check_positive("batch_size", batch_size)
        if backbone.cache_size or backbone.token_encoder.vocabulary_size:
            raise ValueError(message("a backbone that reads characters alone", "one with words of its own"))
        self.backbone = backbone
        self.vocabulary = vocabulary
        self.batch_size = batch_size
        self.head = LanguageModelHead(len(vocabulary), name="head")
        self.head.build((None, None, 2, backbone.projection_dim))
        shape = (batch_size, backbone.num_layers, 2)
        kept = {"initializer": "zeros", "trainable": False, "autocast": False, "dtype": "float32"}
        self.hidden_state = self.add_weight((*shape, backbone.projection_dim), name="hidden_state", **kept)
        self.cell_state = self.add_weight((*shape, backbone.hidden_dim), name="cell_state", **kept)
        self.perplexity_of_windows = Perplexity()
        self.built = True
        self._evaluator = Made()

    def compile(self, optimizer: Any = None, **kwargs: Any) -> None:
        """Sets the optimizer; None: the published one.

        Args:
            optimizer: a Keras optimizer.
            **kwargs: for `keras.Model.compile`. There is no `loss` to choose.
        """
        if optimizer is None:
            optimizer = keras.optimizers.Adagrad(0.2, initial_accumulator_value=1.0, global_clipnorm=10.0)
        super().compile(optimizer=optimizer, **kwargs)

    def call(self, features: dict[str, Any], training: bool = False) -> Any:
        """Losses `(B, 2, T)` of a window. Where the window ends, the model's state stands afterwards."""
        losses, state = self._read(features, (self.hidden_state, self.cell_state), training)
        for weight, value in zip((self.hidden_state, self.cell_state), state, strict=True):
            weight.assign(ops.cast(value, "float32"))
        return losses

    def _read(self, features: dict[str, Any], state: Any, training: bool) -> tuple[Any, Any]:
        words = self.backbone.token_encoder(features["elmo_ids"])  # (U, D)
        streams = ops.take(words, ops.transpose(features["char_index"], (0, 2, 1)), axis=0)  # (B, T, 2, D)
        layers, state = self.backbone.stack(streams, initial_state=state, return_state=True, training=training)
        sampled = [features.get(name) for name in ("candidates", "target_log_counts", "candidate_log_counts")]
        return self.head(layers[:, :, -1], features["targets"], *sampled), state

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """The mean over rows and directions of the sum over a window, in nats."""
        self.perplexity_of_windows.update_state(ops.stop_gradient(y_pred))
        return ops.mean(ops.sum(ops.cast(y_pred, "float32"), axis=-1))

    def fit(
        self,
        windows: LanguageModelWindows,
        epochs: int = 10,
        steps_per_epoch: int | None = None,
        held_out: Sequence[Any] | None = None,
        checkpoint: Any = None,
        callbacks: Sequence[Any] = (),
        **kwargs: Any,
    ) -> Any:
        """Trains, with tokens/s and the windows' (sampled) perplexity in the progress bar.

        Args:
            windows: `LanguageModelWindows` of the same vocabulary and batch size.
            epochs: how many, those before an interruption included.
            steps_per_epoch: windows in an epoch; None: a pass through the text.
            held_out: files of tokenised text; their perplexity, of the full softmax, goes to each epoch's logs as
                `val_perplexity`.
            checkpoint: folder. Behind each epoch it gets weights, optimizer, state and the position in the text, and
                `fit` with a folder that has them goes on from there: the losses are those that an uninterrupted run
                would have shown.
            callbacks: Keras callbacks.
            **kwargs: `verbose`, for `keras.Model.fit`.

        Returns:
            `keras.callbacks.History`.

        Raises:
            ValueError: for windows of other rows, words or lengths than the model's.
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

    def perplexity(self, files: Sequence[Any], batch_size: int = 32, window: int = 8) -> float:
        """The perplexity of held-out text, both directions together, by the softmax over all words.

        Unknown words count as the one word "<UNK>", and each sentence's end in reading order counts as a word. The
        state is carried from window to window, as in training, and the training's own is left alone.

        Args:
            files: tokenised text, a sentence a line.
            batch_size: rows.
            window: steps at a time; `batch_size * window * len(vocabulary)` floats are in memory.
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
        """The model of full losses with its state as input and output, sharing all weights; made once.

        Takes a dict with `elmo_ids` `(U, L)`, `char_index` and `targets` `(B, 2, T)`, `hidden_state`
        `(B, num_layers, 2, D)`, `cell_state` `(B, num_layers, 2, H)`. Gives losses `(B, 2, T)` and both states.
        """
        if self._evaluator.model is None:
            shape = (self.backbone.num_layers, 2)
            inputs = {
                "elmo_ids": keras.Input((self.backbone.max_characters,), dtype="int32", name="elmo_ids"),
                "char_index": keras.Input((2, None), dtype="int32", name="char_index"),
                "targets": keras.Input((2, None), dtype="int32", name="targets"),
                "hidden_state": keras.Input((*shape, self.backbone.projection_dim), name="hidden_state"),
                "cell_state": keras.Input((*shape, self.backbone.hidden_dim), name="cell_state"),
            }
            losses, state = self._read(inputs, (inputs["hidden_state"], inputs["cell_state"]), False)
            self._evaluator.model = keras.Model(inputs, [losses, *state], name="evaluator")
        return self._evaluator.model
