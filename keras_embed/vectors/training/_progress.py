"""How far training is, shown as Keras shows it."""

from typing import Any

from keras_embed._backend import keras


class Progress:
    """A line and a bar for each epoch, as `fit` has them.

    Args:
        epochs: how many there will be.
        steps: of an epoch, in `unit`s.
        verbose: 0: nothing is shown; 1: bars; 2: a line for each epoch.
        unit: what a step is.
    """

    def __init__(self, epochs: int, steps: int, verbose: int, unit: str) -> None:
        self._epochs, self._steps, self._verbose, self._unit = epochs, steps, verbose, unit
        self._bar: Any = None
        self._done = 0.0

    def start_epoch(self, epoch: int) -> None:
        """A new epoch begins; the first is 0."""
        self._done = 0.0
        if self._verbose:
            print(f"Epoch {epoch + 1}/{self._epochs}")
            self._bar = keras.utils.Progbar(self._steps, verbose=self._verbose, unit_name=self._unit)

    def advance(self, share: float) -> None:
        """Such a share of the epoch's steps is done."""
        self._done += share
        if self._verbose:
            self._bar.update(min(round(self._done * self._steps), self._steps - 1))

    def end_epoch(self, **values: float) -> None:
        """The epoch is over; the values are shown beside its bar."""
        if self._verbose:
            self._bar.update(self._steps, values=list(values.items()), finalize=True)
