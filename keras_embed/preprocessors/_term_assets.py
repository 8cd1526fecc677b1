"""The terms of a TF-IDF layer as a file of a preset."""

from pathlib import Path
from typing import Any

import keras_hub
import numpy as np

_FILE = "terms.npz"


class TermAssets(keras_hub.tokenizers.Tokenizer):
    """Stands where Keras Hub looks for files of a preset, which may lie in a folder or on a server.

    Args:
        tfidf: `layers.TfidfVectorization`.
    """

    def __init__(self, tfidf: Any) -> None:
        super().__init__(dtype="int32", config_file="terms.json")
        self.file_assets = [_FILE]
        self._held = (tfidf,)

    def save_assets(self, dir_path: Any) -> None:
        """Writes terms and idf into a folder."""
        store: dict[str, Any] = {}
        self._held[0].save_own_variables(store)
        folder = Path(dir_path) / "assets" / "terms"
        folder.mkdir(parents=True, exist_ok=True)
        np.savez(folder / _FILE, **store)

    def load_assets(self, dir_path: Any) -> None:
        """Reads what `save_assets` wrote."""
        with np.load(Path(dir_path) / _FILE) as store:
            self._held[0].load_own_variables(store)
