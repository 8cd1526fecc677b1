"""The mean of the weights of several epochs."""

import json
import tempfile
from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_embed._errors import check_one_of, check_positive, message


class CheckpointAveraging(keras.callbacks.Callback):
    """Keeps the weights of the last or of the best epochs in files, and leaves their mean in the model.

    Each epoch of the tail of a training stands somewhere else around the same optimum; their mean stands nearer to it.
    Vaswani et al. (2017) averaged the last 5 checkpoints, and every translation toolkit has a script for it.

    The epochs' weights are in files, and the mean is made one variable at a time: there is never more in memory than
    the model and, while a file is written, one copy of it. Weights that are not floating point numbers are the last
    epoch's.

    To go on after an interruption, give the same `folder` and call `fit` with `initial_epoch`: files of earlier epochs
    count, files of this epoch and later ones are dropped. Training that goes on in the same process starts from where
    it stood, not from the mean.

    Args:
        count: of how many epochs the mean is; of all, where there were fewer.
        monitor: a figure of the logs, "val_loss" or "val_bleu": the mean is of the `count` best epochs by it. None: of
            the last ones.
        mode: "min" or "max": which is better; "auto": "min" for names with "loss" or "perplexity", else "max".
        folder: for the files, `count` times the size of the weights; None: a temporary one.
        swap: whether the mean is put into the model when training ends. If not, call `swap_weights`.

    Raises:
        ValueError: for a `count` below one, and another `mode`.

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
        folder: str | Path | None = None,
        swap: bool = True,
    ) -> None:
        super().__init__()
        check_positive("count", count)
        check_one_of("mode", mode, ("auto", "min", "max"))
        if mode == "auto":
            mode = "min" if any(word in (monitor or "") for word in ("loss", "perplexity")) else "max"
        self.count, self.monitor, self.mode, self.swap = count, monitor, mode, swap
        self._temporary = tempfile.TemporaryDirectory() if folder is None else None
        self.folder = Path(self._temporary.name if self._temporary is not None else str(folder))
        self._averaged = False

    @property
    def epochs(self) -> list[int]:
        """The epochs, counted from 0, whose mean it would be now."""
        return sorted(self._index())

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Puts the weights of training back, where the mean is in the model."""
        if self._averaged:
            self.swap_weights()

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Forgets epochs of another training, that this one has not come to yet."""
        self._keep({number: rank for number, rank in self._index().items() if number < epoch})

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Keeps this epoch's weights, if they are among the last or the best."""
        index = self._index() | {epoch: self._rank(epoch, logs or {})}
        kept = dict(sorted(index.items(), key=lambda item: (item[1], item[0]))[-self.count :])
        if epoch in kept:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._write(self._file(epoch))
        self._keep(kept)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Puts the mean into the model, if that was asked for."""
        if self.swap and self._index():
            self.swap_weights()

    def swap_weights(self) -> None:
        """Puts the mean into the model, or, called again, the weights that training left there.

        Raises:
            ValueError: where no epoch was kept yet.
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
        for place, variable in enumerate(self.model.weights):
            dtype = keras.backend.standardize_dtype(variable.dtype)
            if "float" in dtype:
                total = archives[0][f"arr_{place}"].astype("float64")
                for archive in archives[1:]:
                    total += archive[f"arr_{place}"]
                variable.assign((total / len(archives)).astype("float64" if dtype == "float64" else "float32"))
        for archive in archives:
            archive.close()
        self._averaged = not self._averaged

    def _rank(self, epoch: int, logs: dict[str, Any]) -> float:
        """The higher, the rather an epoch is kept."""
        if self.monitor is None:
            return float(epoch)
        if self.monitor not in logs:
            known = ", ".join(sorted(logs))
            raise ValueError(
                message(f"`{self.monitor}` in the logs", known, "a callback that makes it earlier in the list")
            )
        value = float(logs[self.monitor])
        if np.isnan(value):
            return -np.inf
        return value if self.mode == "max" else -value

    def _file(self, epoch: int) -> Path:
        return self.folder / f"epoch_{epoch:05d}.npz"

    def _write(self, file: Path) -> None:
        """One archive of all weights, read back variable by variable; whole or not there at all."""
        arrays = [keras.ops.convert_to_numpy(variable) for variable in self.model.weights]
        half = {"float16", "bfloat16"}  # NumPy's files know no bfloat16
        partial = file.with_suffix(".partial.npz")
        np.savez(partial, *(array.astype("float32") if str(array.dtype) in half else array for array in arrays))
        partial.replace(file)

    def _index(self) -> dict[int, float]:
        """Epoch to rank, of the files that are there."""
        file = self.folder / "epochs.json"
        if not file.exists():
            return {}
        return {int(epoch): rank for epoch, rank in json.loads(file.read_text(encoding="utf-8")).items()}

    def _keep(self, index: dict[int, float]) -> None:
        """Writes the index, then deletes the files that are no longer in it."""
        gone = set(self._index()) - set(index)
        if index or gone:
            partial = self.folder / "epochs.partial.json"
            partial.write_text(json.dumps(index), encoding="utf-8")
            partial.replace(self.folder / "epochs.json")
        for epoch in gone:
            self._file(epoch).unlink(missing_ok=True)
