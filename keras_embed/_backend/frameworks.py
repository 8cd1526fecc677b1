"""Keras, TensorFlow and TensorFlow Text, each imported at its first use."""

import importlib
from types import ModuleType
from typing import Any


class _LazyModule:
    """A module imported at its first use, so that importing this library never imports TensorFlow."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._module: ModuleType | None = None

    def __getattr__(self, attribute: str) -> Any:
        if self._module is None:
            self._module = importlib.import_module(self._name)
        return getattr(self._module, attribute)


keras: Any = _LazyModule("keras")
tf: Any = _LazyModule("tensorflow")
tf_text: Any = _LazyModule("tensorflow_text")
