"""Optional packages, imported when they are needed, and integers of any type."""

import importlib
import numbers
from typing import Any

from keras_embed._errors import check_positive, message


def import_extra(name: str, what: str) -> Any:
    """Imports a package of the extra `vectors`.

    Args:
        name: module name.
        what: what it is needed for, a clause after "for".

    Raises:
        ImportError: If it is not installed; the message names the command that installs it.
    """
    try:
        return importlib.import_module(name)
    except ImportError as missing:
        text = message(f"the package `{name}` for {what}", str(missing), "pip install 'keras-embed[vectors]'")
        raise ImportError(text) from missing


def positive(name: str, value: Any) -> int:
    """Returns a positive integer as an `int`; NumPy's integers are integers too."""
    if isinstance(value, numbers.Integral) and not isinstance(value, bool):
        value = int(value)
    check_positive(name, value)
    return int(value)
