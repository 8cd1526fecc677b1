"""Callback that limits and records the training time of a tagger."""

import time
from typing import Any

import keras


class Clock(keras.callbacks.Callback):
    """Times the training steps of each epoch, and stops training at a time limit.

    Training stops after an epoch if another one as long as the longest so far would exceed the limit, or within an
    epoch when the limit is reached. The time runs from the start of `fit`, including compilation and validation.

    Args:
        limit: time limit of `fit` in seconds.
        tokens: number of tokens of the training set.
        metric: dev metric to print.
    """

    def __init__(self, limit: float, tokens: int, metric: str) -> None:
        super().__init__()
        self.limit, self.tokens, self.metric = limit, tokens, f"val_{metric}"
        self.epochs: list[dict[str, Any]] = []
        self._longest = 0.0

    def elapsed(self) -> float:
        """Returns the seconds since the start of `fit`."""
        return time.perf_counter() - self._start

    def on_train_begin(self, logs: Any = None) -> None:
        self._start = time.perf_counter()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._epoch_start = self.elapsed()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self.elapsed() > self.limit:
            self.model.stop_training = True

    def on_test_begin(self, logs: Any = None) -> None:
        self._trained = self.elapsed() - self._epoch_start  # validation runs within the epoch, after its steps

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        now = self.elapsed()
        self._longest = max(self._longest, now - self._epoch_start)
        cut_short = self.model.stop_training
        self.epochs.append(
            {
                "epoch": epoch + 1,
                "minutes": now / 60,
                "training_s": self._trained,
                # The number of tokens of an interrupted epoch is unknown.
                "tokens_per_s": None if cut_short else round(self.tokens / self._trained),
                "loss": float(logs["loss"]),
                "dev": float(logs[self.metric]),
            }
        )
        print(
            "epoch {epoch}: {minutes:.1f} min, {tokens_per_s} tokens/s, loss {loss:.4f}, dev {dev:.4f}".format(
                **self.epochs[-1]
            ),
            flush=True,
        )
        if now + self._longest > self.limit:
            self.model.stop_training = True
