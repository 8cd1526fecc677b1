"""A callback that keeps time while a tagger trains."""

import time
from typing import Any

import keras


class Clock(keras.callbacks.Callback):
    """Times the training part of each epoch, and stops before the time is over.

    After an epoch it stops if one more like the longest so far would not fit; within one, when the time is over. The
    time runs from the start of `fit`: compilation and validation are in it.

    Args:
        limit: seconds for all of `fit`.
        tokens: number of tokens of the train part.
        metric: the dev metric to print.
    """

    def __init__(self, limit: float, tokens: int, metric: str) -> None:
        super().__init__()
        self.limit, self.tokens, self.metric = limit, tokens, f"val_{metric}"
        self.epochs: list[dict[str, Any]] = []
        self._longest = 0.0

    def elapsed(self) -> float:
        """Seconds since `fit` began."""
        return time.perf_counter() - self._start

    def on_train_begin(self, logs: Any = None) -> None:
        self._start = time.perf_counter()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._epoch_start = self.elapsed()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self.elapsed() > self.limit:
            self.model.stop_training = True

    def on_test_begin(self, logs: Any = None) -> None:
        self._trained = self.elapsed() - self._epoch_start  # validation is inside of the epoch, after its steps

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        now = self.elapsed()
        self._longest = max(self._longest, now - self._epoch_start)
        cut_short = self.model.stop_training
        self.epochs.append(
            {
                "epoch": epoch + 1,
                "minutes": now / 60,
                "training_s": self._trained,
                # Of an epoch cut short it is not known how many tokens it saw.
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
