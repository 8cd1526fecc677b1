"""Averaging of the weights of several epochs."""

import json
import tempfile
from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_embed._atomic import atomic_path, write_atomically
from keras_embed._errors import check_one_of, check_positive, message
from keras_embed._types import PathLike


class CheckpointAveraging(keras.callbacks.Callback):
    """Saves the weights of the last or the best epochs, and sets the model's weights to their mean after training.

        w = (w_1 + ... + w_count) / count

    The weights of the last epochs of a training vary around an optimum, and their mean is closer to it. Vaswani et al.
    (2017) averaged the last 5 checkpoints, and every translation toolkit has a script for it.

    The weights are stored in files and averaged one variable at a time, so that memory holds at most the model and,
    while a file is written, one copy of it. Weights that are not floating-point numbers are those of the last epoch.

    To resume after an interruption, pass the same `folder` and call `fit` with `initial_epoch`: files of earlier epochs
    are used, files of this and later epochs are deleted. Training that continues in the same process starts from the
    last trained weights, not from the mean.

    Args:
        count: Number of epochs to average; all of them if there are fewer.
        monitor: Name of a value in the logs, such as "val_loss" or "val_bleu": averages the `count` best epochs.
            `None`: the last ones.
        mode: "min" or "max", the better direction; "auto": "min" for names with "loss" or "perplexity", otherwise
            "max".
        folder: Folder for the files, `count` times the size of the weights. `None`: a temporary folder.
        swap: If True, sets the weights to the mean when training ends. Otherwise, call `swap_weights`.

    Raises:
        ValueError: If `count` is not a positive integer, or `mode` is unknown.

    References:
        Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 6.1.

    Example:
    >>> import numpy as np
    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")])
    >>> model.compile(keras.optimizers.SGD(1.0), "mean_absolute_error")
    >>> averaging = CheckpointAveraging(count=3)
    >>> history = model.fit(np.ones((1, 1)), np.full((1, 1), 9.0), epochs=5, verbose=0, callbacks=[averaging])
    >>> float(model.get_weights()[0][0, 0])  # of 3, 4 and 5
    4.0
    """

    def __init__(
        self,
        count: int = 5,
        monitor: str | None = None,
        mode: str = "auto",
        folder: PathLike | None = None,
        swap: bool = True,
    ) -> None:
        super().__init__()
        check_positive("count", count)
        check_one_of("mode", mode, ("auto", "min", "max"))
        if mode == "auto":
            mode = "min" if any(word in (monitor or "") for word in ("loss", "perplexity")) else "max"
        self.count, self.monitor, self.mode, self.swap = count, monitor, mode, swap
        # Deleted with this object.
        self._temporary = tempfile.TemporaryDirectory() if folder is None else None
        self.folder = Path(folder) if folder is not None else Path(self._temporary.name if self._temporary else "")
        self._averaged = False

    @property
    def epochs(self) -> list[int]:
        """The epochs, counted from 0, whose weights are stored now."""
        return sorted(self._index())

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Restores the trained weights if the model has the mean."""
        if self._averaged:
            self.swap_weights()

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Deletes the files of this and later epochs, left by an earlier training."""
        self._store_index({number: rank for number, rank in self._index().items() if number < epoch})

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Saves the weights of this epoch if it is among the last or the best."""
        index = self._index() | {epoch: self._rank(epoch, logs or {})}
        best = dict(sorted(index.items(), key=lambda item: (item[1], item[0]))[-self.count :])
        if epoch in best:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._write(self._file(epoch))
        self._store_index(best)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Sets the weights to the mean if `swap` is True."""
        if self.swap and self._index():
            self.swap_weights()

    def swap_weights(self) -> None:
        """Sets the weights to the mean, or, when called again, back to the trained weights.

        Raises:
            ValueError: If no epoch is stored.
        """
        before = self.folder / "training.npz"
        if self._averaged:
            files = [before]
        else:
            files = [self._file(epoch) for epoch in self.epochs]
            if not files:
                raise ValueError(message("an epoch to have ended", "no weights", "`fit` first"))
            self._write(before)
        archives = [np.load(file) for file in files]
        # One variable at a time, summed in float64.
        for index, variable in enumerate(self.model.weights):
            dtype = keras.backend.standardize_dtype(variable.dtype)
            if "float" in dtype:
                total = archives[0][f"arr_{index}"].astype("float64")
                for archive in archives[1:]:
                    total += archive[f"arr_{index}"]
                variable.assign((total / len(archives)).astype("float64" if dtype == "float64" else "float32"))
        for archive in archives:
            archive.close()
        self._averaged = not self._averaged

    def _rank(self, epoch: int, logs: dict[str, Any]) -> float:
        """Returns the rank of an epoch; the `count` highest are stored."""
        if self.monitor is None:
            return float(epoch)
        if self.monitor not in logs:
            known = ", ".join(sorted(logs))
            raise ValueError(
                message(f"`{self.monitor}` in the logs", known, "a callback that computes it earlier in the list")
            )
        value = float(logs[self.monitor])
        if np.isnan(value):
            return -np.inf
        return value if self.mode == "max" else -value

    def _file(self, epoch: int) -> Path:
        return self.folder / f"epoch_{epoch:05d}.npz"

    def _write(self, file: Path) -> None:
        """Writes all weights to an archive, atomically."""
        arrays = [keras.ops.convert_to_numpy(variable) for variable in self.model.weights]
        half = {"float16", "bfloat16"}  # NumPy's files do not support bfloat16
        with atomic_path(file) as path, open(path, "wb") as stream:
            np.savez(stream, *(array.astype("float32") if str(array.dtype) in half else array for array in arrays))

    def _index(self) -> dict[int, float]:
        """Returns the ranks of the stored epochs."""
        file = self.folder / "epochs.json"
        if not file.exists():
            return {}
        return {int(epoch): rank for epoch, rank in json.loads(file.read_text(encoding="utf-8")).items()}

    def _store_index(self, index: dict[int, float]) -> None:
        """Writes the index, then deletes the files that are no longer in it."""
        gone = set(self._index()) - set(index)
        if index or gone:
            write_atomically(self.folder / "epochs.json", json.dumps(index))
        for epoch in gone:
            self._file(epoch).unlink(missing_ok=True)
