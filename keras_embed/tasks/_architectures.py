"""Backbones by name, for tasks that are made from a corpus."""

from typing import Any

from keras_embed._errors import check_one_of, message
from keras_embed.backbones import (
    AveragingBackbone,
    BCNBackbone,
    ConvolutionalBackbone,
    ESIMBackbone,
    RecurrentBackbone,
    TransformerBackbone,
)

#: Those that read one text by its words.
OF_TEXTS: dict[str, Any] = {
    "average": AveragingBackbone,
    "bcn": BCNBackbone,
    "convolutional": ConvolutionalBackbone,
    "recurrent": RecurrentBackbone,
    "transformer": TransformerBackbone,
}
#: Those that read two.
OF_PAIRS: dict[str, Any] = {"esim": ESIMBackbone}


def backbone_of(architecture: str, known: dict[str, Any], preprocessor: Any, embeddings: Any, config: Any) -> Any:
    """A fresh backbone.

    Args:
        architecture: its name.
        known: name -> class.
        preprocessor: whose `embeddings(**config)` are read where there are none, with what of `config` is theirs.
        embeddings: layers, or `None`.
        config: arguments of the class, and `word_dim`, `char_filters`, `casing_dim` and `weights` of the embeddings.

    Raises:
        ValueError: for a name that is not known, and sizes of embeddings that are given.
    """
    check_one_of("architecture", architecture, known)
    sizes = {name: config[name] for name in ("word_dim", "char_filters", "casing_dim", "weights") if name in config}
    if embeddings is None:
        embeddings = preprocessor.embeddings(**sizes)
    elif sizes:
        raise ValueError(message("`embeddings` or their sizes", f"both: {sorted(sizes)}"))
    return known[architecture](embeddings, **{name: value for name, value in config.items() if name not in sizes})
