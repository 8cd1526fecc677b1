"""TensorFlow and Keras without the messages that they log about themselves."""

import contextlib
import importlib
import logging
import os
import re
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from keras_embed._types import Features

if TYPE_CHECKING:
    from keras import Model


def import_quietly(*names: str) -> None:
    """Imports modules that import TensorFlow, without the lines that it logs before its log level is set.

    These come from C++ and go to file descriptor 2, past `sys.stderr`. If an import fails, they are shown.

    Args:
        names: module names, in the order of import.
    """
    # Redirect file descriptor 2 to a temporary file while the modules are imported.
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            for name in names:
                importlib.import_module(name)
        except BaseException:
            file.seek(0)
            os.write(stderr, file.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


def predict_batch(model: "Model", features: Features) -> Any:
    """Calls `model.predict_on_batch(features)`, without TensorFlow's warning about changing shapes."""
    with without_retracing():
        return model.predict_on_batch(features)


@contextlib.contextmanager
def without_retracing() -> Iterator[None]:
    """Hides TensorFlow's warning that a function is retraced often.

    It counts the compilations of all models together. Ours pad to few lengths, and each is compiled once.
    """
    log = logging.getLogger("tensorflow")

    def wanted(record: logging.LogRecord) -> bool:
        return "triggered tf.function retracing" not in record.getMessage()

    log.addFilter(wanted)
    try:
        yield
    finally:
        log.removeFilter(wanted)


@contextlib.contextmanager
def without_warning_of(unread: Sequence[str]) -> Iterator[None]:
    """Hides Keras' warning that variables have no gradients, if these are all of them.

    Args:
        unread: paths of the variables of layers that a model owns but does not use, such as the pooler of an encoder
            below a head that reads each token.
    """
    with warnings.catch_warnings():
        if unread:
            text = re.escape(f"Gradients do not exist for variables {list(unread)} ")
            warnings.filterwarnings("ignore", message=text)
        yield
