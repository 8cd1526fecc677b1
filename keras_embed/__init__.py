"""keras_embed: text to vectors, and vectors to answers, on Keras 3.

Subpackages are imported on first access, so `import keras_embed` is cheap and imports no framework.
"""

import importlib
from typing import TYPE_CHECKING, Any

from keras_embed import _registration

if TYPE_CHECKING:
    from keras_embed import (
        backbones,
        caching,
        callbacks,
        checkpoints,
        cli,
        corpora,
        decoding,
        functional,
        initializers,
        layers,
        losses,
        metrics,
        plots,
        preprocessors,
        schedules,
        serving,
        tasks,
        text,
        tokenizers,
        vectors,
    )
    from keras_embed.tasks import (
        BidirectionalLanguageModel,
        LanguageModel,
        MaskedLanguageModel,
        PairClassifier,
        SpanQA,
        StringTask,
        Tagger,
        TextClassifier,
        Translator,
    )

__version__ = "0.1.0"

__all__ = [
    "BidirectionalLanguageModel",
    "LanguageModel",
    "MaskedLanguageModel",
    "PairClassifier",
    "SpanQA",
    "StringTask",
    "Tagger",
    "TextClassifier",
    "Translator",
    "backbones",
    "caching",
    "callbacks",
    "checkpoints",
    "cli",
    "corpora",
    "decoding",
    "functional",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "plots",
    "preprocessors",
    "schedules",
    "serving",
    "tasks",
    "text",
    "tokenizers",
    "vectors",
]

_registration.defer()


if not TYPE_CHECKING:  # a type checker sees the imports above, and reports any other name as an error

    def __getattr__(name: str) -> Any:
        """Imports a subpackage, or a task, on first access."""
        if name not in __all__:
            raise AttributeError(f"module 'keras_embed' has no attribute {name!r}")
        if name.islower():
            return importlib.import_module(f"keras_embed.{name}")
        return getattr(importlib.import_module("keras_embed.tasks"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
