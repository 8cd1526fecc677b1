"""Optional packages, imported when they are needed."""

import importlib
from typing import Any

from keras_embed._errors import message


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
