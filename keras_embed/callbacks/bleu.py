"""BLEU of a translator while it trains."""

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

import keras

from keras_embed._errors import check_positive, message


class BLEU(keras.callbacks.Callback):
    """Translates held-out sentences at the end of epochs and puts their BLEU, from 0 to 100, into the logs.

    There it stands beside the loss in the progress bar and in the history. Callbacks that come behind this one in the
    list see it too: `EarlyStopping("val_bleu", mode="max")`, `ModelCheckpoint`, `CheckpointAveraging`.

    The figure is sacreBLEU's (Post 2018), computed from whole sentences as people write them, so that it can be
    compared with other people's; `signature` says with which settings.

    Args:
        sources: the sentences to translate, with the model's `translate(sources, **options)`.
        references: their translations by people: a string for each source, or a list of as many strings for each.
        every: in which epochs: 1 all, 2 each second. Between, the logs keep the value that was measured last.
        name: in the logs; "bleu" for sentences of the training set.
        lowercase: whether case counts for nothing.
        tokenize: sacreBLEU's name of a tokenizer, "zh" or "ja-mecab" for example; None: its own choice, "13a".
        options: arguments of `translate`, as a search or a batch size.

    Raises:
        ImportError: where sacreBLEU is not installed.
        ValueError: unless every source has references, and the same number of them.

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
        #: What the last epoch that was measured translated, for a look at it.
        self.translations: list[str] = []
        self._last: float | None = None
        self._metric = _sacrebleu().BLEU(
            lowercase=lowercase, tokenize=tokenize, references=_streams(self.sources, references)
        )

    @property
    def signature(self) -> str:
        """sacreBLEU's line on how the figure was computed; known after the first measurement."""
        return str(self._metric.get_signature())

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Measures, where it is time, and writes the figure into the logs.

        Raises:
            ValueError: where `translate` does not give one string for each source.
        """
        if (epoch + 1) % self.every == 0:
            self.translations = [str(text) for text in self.model.translate(self.sources, **self.options)]
            if len(self.translations) != len(self.sources):
                received = f"{len(self.translations)} for {len(self.sources)} sources"
                raise ValueError(message("`translate` to give one string for each source", received))
            self._last = float(self._metric.corpus_score(self.translations, None).score)
        if logs is not None and self._last is not None:
            logs[self.name] = self._last


def _streams(sources: list[str], references: Sequence[Any]) -> list[list[str]]:
    """R lists of one reference for each source, as sacreBLEU takes them."""
    rows = [[row] if isinstance(row, str) else list(row) for row in references]
    counts = {len(row) for row in rows}
    if not rows or len(rows) != len(sources) or len(counts) != 1 or counts == {0}:
        received = f"{len(sources)} sources, {len(rows)} entries of references, of {sorted(counts)} strings each"
        raise ValueError(message("references for every source, the same number of them", received))
    return [list(stream) for stream in zip(*rows, strict=True)]


def _sacrebleu() -> Any:
    try:
        return importlib.import_module("sacrebleu.metrics")
    except ImportError as error:
        raise ImportError(
            message("sacrebleu to be installed, for BLEU", str(error), "pip install 'keras-embed[translation]'")
        ) from error
