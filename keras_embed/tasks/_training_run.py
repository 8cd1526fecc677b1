"""Pretraining runs that can be interrupted: positions, checkpoints, progress."""

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import keras

from keras_embed._backend.generators import restore_generators, save_generators
from keras_embed._errors import message
from keras_embed._types import Features, PathLike
from keras_embed.preprocessors import LanguageModelWindows

_WEIGHTS, _RUN, _GENERATORS = "model.weights.h5", "run.json", "generators.npz"
_FORMAT = 1
_Logs = dict[str, float] | None


class _Positions(Protocol):
    """Positions in the data, by the number of steps or epochs of a run; they can be stored as JSON."""

    def position(self, count: int, /) -> Any:
        """Returns the position after so many steps or epochs."""
        ...


class _Source(Protocol):
    """A source of examples whose position can be set."""

    def seek(self, position: Any) -> None:
        """Goes to a position."""
        ...


class Windows:
    """The windows of a source as `keras.Model.fit` reads them, and the position of the source after each epoch.

    Backends fetch windows before they train on them, so the source itself is always ahead.
    """

    def __init__(self, source: LanguageModelWindows, steps_per_epoch: int) -> None:
        self._source = source
        self._every = steps_per_epoch
        self._positions: dict[int, Any] = {}

    def __iter__(self) -> Iterator[tuple[Features]]:
        steps = 0
        while True:
            features = self._source.next_window()
            steps += 1
            if steps % self._every == 0:
                self._positions[steps // self._every] = self._source.position()
            yield (features,)

    def position(self, epochs: int) -> Any:
        """Returns the position of the source after a number of epochs of this run."""
        return self._positions.pop(epochs)


class Epochs:
    """Positions after epochs of a source whose method `position` takes a number of steps."""

    def __init__(self, source: _Positions, steps_per_epoch: int) -> None:
        self._source, self._every = source, steps_per_epoch

    def position(self, epochs: int) -> Any:
        """Returns the position of the source after a number of epochs of this run."""
        return self._source.position(epochs * self._every)


class Checkpoint(keras.callbacks.Callback):
    """Saves weights, optimizer, random state and position after each epoch, atomically.

    Args:
        folder: The newest checkpoint replaces the previous one.
        positions: `Windows` or `Epochs` of this run.
        first_epoch: First epoch of this run.
    """

    def __init__(self, folder: PathLike, positions: _Positions, first_epoch: int) -> None:
        super().__init__()
        self._folder = Path(folder)
        self._positions = positions
        self._first, self._started = first_epoch, False

    def on_train_batch_begin(self, batch: int, logs: _Logs = None) -> None:
        # The generators are restored here because until the first batch, `fit` draws from them itself.
        if not self._started:
            states = self._folder / f"epoch-{self._first}" / _GENERATORS
            if states.exists():
                restore_generators(states)
            self._started = True

    def on_epoch_end(self, epoch: int, logs: _Logs = None) -> None:
        done = epoch + 1
        position = self._positions.position(done - self._first)
        # Written beside and renamed: a run that is killed leaves no incomplete checkpoint.
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
    """Adds tokens/s to the progress bar, and the held-out perplexity to the logs of each epoch.

    Args:
        tokens: Words in a step, of each direction.
        validate: Returns the perplexity; `None`: not logged.
    """

    def __init__(self, tokens: int, validate: Callable[[], float] | None = None) -> None:
        super().__init__()
        self._tokens = tokens
        self._validate = validate

    def on_epoch_begin(self, epoch: int, logs: _Logs = None) -> None:
        self._start = time.perf_counter()
        self._rate = 0.0

    def on_train_batch_end(self, batch: int, logs: _Logs = None) -> None:
        self._rate = (batch + 1) * self._tokens / (time.perf_counter() - self._start)
        if logs is not None:
            logs["tokens/s"] = self._rate

    def on_epoch_end(self, epoch: int, logs: _Logs = None) -> None:
        logs = {} if logs is None else logs
        logs["tokens/s"] = self._rate
        if self._validate is not None:
            logs["val_perplexity"] = self._validate()


def resume(model: keras.Model, folder: PathLike, source: _Source) -> int:
    """Restores model, optimizer and source from the newest checkpoint of a folder.

    Args:
        model: Compiled.
        folder: Of the checkpoints.
        source: Its method `seek` takes a position.

    Returns:
        The number of epochs that are done; 0 if there is no checkpoint.

    Raises:
        ValueError: If the checkpoint has another format, or is of another model.
    """
    found = _checkpoints(Path(folder))  # the newest is last
    if not found:
        return 0
    content = json.loads((found[-1] / _RUN).read_text(encoding="utf-8"))
    if content.get("format") != _FORMAT:
        raise ValueError(f"{found[-1]}: " + message(f"a checkpoint of format {_FORMAT}", content.get("format")))
    # The optimizer has no variables to load into before it is built.
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


def _seeds(model: keras.Model) -> list[keras.Variable]:
    """Returns the states of the random generators, which Keras does not save with the weights."""
    weights = {id(weight) for weight in model.non_trainable_weights}
    return [variable for variable in model.non_trainable_variables if id(variable) not in weights]


def _checkpoints(folder: Path) -> list[Path]:
    """Returns the folders of complete checkpoints, oldest first."""
    found = [path for path in folder.glob("epoch-*") if path.name.removeprefix("epoch-").isdecimal()]
    return sorted(found, key=lambda path: int(path.name.removeprefix("epoch-")))
