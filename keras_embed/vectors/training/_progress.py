"""Progress of training, displayed as by Keras."""

from typing import Any

from keras_embed._backend import keras


class Progress:
    """Displays a line and a progress bar for each epoch, as `fit` does.

    Args:
        epochs: number of epochs.
        steps: number of steps of an epoch.
        verbose: 0: silent; 1: bars; 2: a line for each epoch.
        unit: name of a step.
    """

    def __init__(self, epochs: int, steps: int, verbose: int, unit: str) -> None:
        self._epochs, self._steps, self._verbose, self._unit = epochs, steps, verbose, unit
        self._bar: Any = None
        self._done = 0.0

    def start_epoch(self, epoch: int) -> None:
        """Starts an epoch; the first is 0."""
        self._done = 0.0
        if self._verbose:
            print(f"Epoch {epoch + 1}/{self._epochs}")
            self._bar = keras.utils.Progbar(self._steps, verbose=self._verbose, unit_name=self._unit)

    def advance(self, share: float) -> None:
        """Adds a share of the epoch's steps to those done."""
        self._done += share
        if self._verbose:
            self._bar.update(min(round(self._done * self._steps), self._steps - 1))

    def end_epoch(self, **values: float) -> None:
        """Ends the epoch and displays values beside its bar."""
        if self._verbose:
            self._bar.update(self._steps, values=list(values.items()), finalize=True)
