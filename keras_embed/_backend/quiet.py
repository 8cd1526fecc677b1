"""TensorFlow and Keras without what they write about themselves."""

import contextlib
import importlib
import logging
import os
import re
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from typing import Any


def import_quietly(*names: str) -> None:
    """Imports modules that import TensorFlow, without the lines that it writes before its log level counts.

    These come from C++ and go to file descriptor 2, past `sys.stderr`. If an import fails, they are shown after all.

    Args:
        names: of the modules, in the order in which they are to be imported.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            for name in names:
                importlib.import_module(name)
        except BaseException:
            file.seek(0)
            os.write(kept, file.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def predict_batch(model: Any, features: Any) -> Any:
    """`model.predict_on_batch(features)`, without TensorFlow's warning that shapes differ from call to call."""
    with without_retracing():
        return model.predict_on_batch(features)


@contextlib.contextmanager
def without_retracing() -> Iterator[None]:
    """Leaves out TensorFlow's warning that a function is compiled often.

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
    """Leaves out Keras' warning that variables have no gradients if these are all of them.

    Args:
        unread: paths of the variables of layers that a model holds and does not read, such as the pooler of an encoder
            below a head that reads each token.
    """
    with warnings.catch_warnings():
        if unread:
            told = re.escape(f"Gradients do not exist for variables {list(unread)} ")
            warnings.filterwarnings("ignore", message=told)
        yield
