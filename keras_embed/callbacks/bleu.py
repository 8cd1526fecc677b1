"""BLEU of a translator during training."""

import importlib
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

import keras

from keras_embed._errors import check_positive, message


class BLEU(keras.callbacks.Callback):
    """Translates held-out sentences at the end of epochs and adds their BLEU, from 0 to 100, to the logs.

    It is shown in the progress bar and stored in the history. Callbacks after this one in the list can use it:
    `EarlyStopping("val_bleu", mode="max")`, `ModelCheckpoint`, `CheckpointAveraging`.

    BLEU is computed by sacreBLEU (Post 2018) from detokenized sentences, so that it is comparable with published
    scores; `signature` contains the settings.

    Args:
        sources: The sentences to translate, by the model's `translate(sources, **options)`.
        references: Reference translations: a string for each source, or a list of strings for each, of equal lengths.
        every: Computes BLEU in every `every`-th epoch. In the other epochs the logs contain the last value.
        name: Name in the logs; "bleu" for sentences of the training set.
        lowercase: If True, ignores case.
        tokenize: sacreBLEU's name of a tokenizer, for example "zh" or "ja-mecab". `None`: its default, "13a".
        options: Arguments of `translate`, such as a search or a batch size.

    Raises:
        ImportError: If sacreBLEU is not installed.
        ValueError: If a source has no references, or the numbers of references differ.

    References:
        Papineni et al. 2002, https://aclanthology.org/P02-1040; Post 2018, https://arxiv.org/abs/1804.08771.

    Example:
    >>> class Parrot:
    ...     def translate(self, sources):
    ...         return sources
    >>> bleu = BLEU(["we all live in a yellow house"], ["we all live in a yellow boat"])
    >>> bleu.set_model(Parrot())
    >>> logs = {"loss": 0.7}
    >>> bleu.on_epoch_end(0, logs)
    >>> round(logs["val_bleu"], 1)
    80.9
    """

    def __init__(
        self,
        sources: Sequence[str],
        references: Sequence[str] | Sequence[Sequence[str]],
        every: int = 1,
        name: str = "val_bleu",
        lowercase: bool = False,
        tokenize: str | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        check_positive("every", every)
        self.sources, self.every, self.name = list(sources), every, name
        self.options = dict(options or {})
        #: The translations of the last epoch in which BLEU was computed.
        self.translations: list[str] = []
        self._last: float | None = None
        self._metric = _sacrebleu().BLEU(
            lowercase=lowercase, tokenize=tokenize, references=_streams(self.sources, references)
        )

    @property
    def signature(self) -> str:
        """sacreBLEU's signature of the settings; available after the first computation."""
        return str(self._metric.get_signature())

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Computes BLEU, if it is due in this epoch, and adds it to the logs.

        Raises:
            ValueError: If `translate` does not return one string for each source.
        """
        if (epoch + 1) % self.every == 0:
            self.translations = [str(text) for text in self.model.translate(self.sources, **self.options)]
            if len(self.translations) != len(self.sources):
                received = f"{len(self.translations)} for {len(self.sources)} sources"
                raise ValueError(message("`translate` to return one string for each source", received))
            self._last = float(self._metric.corpus_score(self.translations, None).score)
        if logs is not None and self._last is not None:
            logs[self.name] = self._last


def _streams(sources: list[str], references: Sequence[str] | Sequence[Sequence[str]]) -> list[list[str]]:
    """Transposes the references to lists of one reference for each source, as sacreBLEU expects them.

    Raises:
        ValueError: If a source has no references, or the numbers of references differ.
    """
    rows = [[row] if isinstance(row, str) else list(row) for row in references]
    counts = {len(row) for row in rows}
    if not rows or len(rows) != len(sources) or len(counts) != 1 or counts == {0}:
        received = f"{len(sources)} sources, {len(rows)} entries of references, of {sorted(counts)} strings each"
        raise ValueError(message("references for every source, the same number of them", received))
    return [list(stream) for stream in zip(*rows, strict=True)]


def _sacrebleu() -> ModuleType:
    try:
        return importlib.import_module("sacrebleu.metrics")
    except ImportError as error:
        raise ImportError(
            message("sacrebleu to be installed, for BLEU", str(error), "pip install 'keras-embed[translation]'")
        ) from error
