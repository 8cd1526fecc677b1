"""What stands between a language model's training and its interruptions: position, checkpoints, progress."""

import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras

from keras_embed._backend.generators import restore_generators, save_generators
from keras_embed._errors import message

_WEIGHTS, _RUN, _GENERATORS = "model.weights.h5", "run.json", "generators.npz"
_FORMAT = 1


class Windows:
    """Windows as what `keras.Model.fit` reads, and where their source stood behind each epoch.

    Backends ask for windows before they train on them, so the source's own position is always ahead.
    """

    def __init__(self, source: Any, steps_per_epoch: int) -> None:
        self._source = source
        self._every = steps_per_epoch
        self._marks: dict[int, Any] = {}

    def __iter__(self) -> Iterator[tuple[dict[str, Any]]]:
        number = 0
        while True:
            features = self._source.next_window()
            number += 1
            if number % self._every == 0:
                self._marks[number // self._every] = self._source.position()
            yield (features,)

    def position(self, epochs: int) -> Any:
        """The source's position behind so many epochs of this run."""
        return self._marks.pop(epochs)


class Epochs:
    """Positions by epochs, of a source whose `position` takes a number of steps from where it stood before."""

    def __init__(self, source: Any, steps_per_epoch: int) -> None:
        self._source, self._every = source, steps_per_epoch

    def position(self, epochs: int) -> Any:
        """The source's position behind so many epochs of this run."""
        return self._source.position(epochs * self._every)


class Checkpoint(keras.callbacks.Callback):
    """Writes weights, optimizer, state and position behind each epoch. A checkpoint is there as a whole or not at all.

    Args:
        folder: where; the newest checkpoint replaces the one before it.
        windows: `Windows` or `Epochs` of this run.
        first_epoch: where it began.
    """

    def __init__(self, folder: Any, windows: Any, first_epoch: int) -> None:
        super().__init__()
        self._folder = Path(folder)
        self._windows = windows
        self._first, self._began = first_epoch, False

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """The process's generators go where they stood; up to the first batch, `fit` draws from them itself."""
        if not self._began:
            states = self._folder / f"epoch-{self._first}" / _GENERATORS
            if states.exists():
                restore_generators(states)
            self._began = True

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Writes one."""
        done = epoch + 1
        position = self._windows.position(done - self._first)
        beside = self._folder / f"epoch-{done}.part{os.getpid()}"
        beside.mkdir(parents=True)
        try:
            self.model.save_weights(beside / _WEIGHTS)
            numbers = {name: float(value) for name, value in (logs or {}).items()}
            seeds = [keras.ops.convert_to_numpy(seed).tolist() for seed in _seeds(self.model)]
            content = {"format": _FORMAT, "epochs": done, "position": position, "seeds": seeds, "logs": numbers}
            save_generators(beside / _GENERATORS)
            (beside / _RUN).write_text(json.dumps(content), encoding="utf-8")
            final = self._folder / f"epoch-{done}"
            shutil.rmtree(final, ignore_errors=True)
            os.replace(beside, final)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
        for old in _checkpoints(self._folder)[:-1]:
            shutil.rmtree(old, ignore_errors=True)


class Progress(keras.callbacks.Callback):
    """Adds tokens/s to what the progress bar shows, and held-out perplexity to each epoch.

    Args:
        tokens: words that a step reads, in each direction.
        validate: gives the perplexity; None: none is asked for.
    """

    def __init__(self, tokens: int, validate: Any = None) -> None:
        super().__init__()
        self._tokens = tokens
        self._validate = validate

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Starts the clock."""
        self._began = time.perf_counter()
        self._rate = 0.0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Reads it."""
        self._rate = (batch + 1) * self._tokens / (time.perf_counter() - self._began)
        if logs is not None:
            logs["tokens/s"] = self._rate

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Measures."""
        logs = {} if logs is None else logs
        logs["tokens/s"] = self._rate
        if self._validate is not None:
            logs["val_perplexity"] = self._validate()


def resume(model: Any, folder: Any, source: Any) -> int:
    """Goes to the newest checkpoint of a folder.

    Returns:
        the number of epochs that are done; 0 where there is no checkpoint.

    Raises:
        ValueError: for a checkpoint of another form, or of another model.
    """
    found = _checkpoints(Path(folder))
    if not found:
        return 0
    content = json.loads((found[-1] / _RUN).read_text(encoding="utf-8"))
    if content.get("format") != _FORMAT:
        raise ValueError(f"{found[-1]}: " + message(f"a checkpoint of format {_FORMAT}", content.get("format")))
    model.optimizer.build(model.trainable_variables)
    try:
        model.load_weights(found[-1] / _WEIGHTS)
    except ValueError as error:
        expected = "a checkpoint of this model, vocabulary and batch size"
        raise ValueError(f"{found[-1]}: " + message(expected, str(error), "another folder")) from error
    for seed, value in zip(_seeds(model), content["seeds"], strict=True):
        seed.assign(value)
    source.seek(content["position"])
    return int(content["epochs"])


def _seeds(model: Any) -> list[Any]:
    """The states of random generators, which Keras' files of weights leave out."""
    weights = {id(weight) for weight in model.non_trainable_weights}
    return [variable for variable in model.non_trainable_variables if id(variable) not in weights]


def _checkpoints(folder: Path) -> list[Path]:
    found = [path for path in folder.glob("epoch-*") if path.name.removeprefix("epoch-").isdecimal()]
    return sorted(found, key=lambda path: int(path.name.removeprefix("epoch-")))
