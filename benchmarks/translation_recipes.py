"""How the benchmark's translators are made and trained."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Recipe:
    """A translator of Multi30k's sentences, tokenised and in lower case, in pieces of words.

    Attributes:
        source, target: languages.
        architecture: "recurrent" or "transformer".
        backbone: arguments of the backbone.
        epochs: the learning rate falls to zero over them.
        vocabulary_size: of the byte pairs, which both languages share.
        batch_tokens: target pieces in a batch, padding included.
        learning_rate: Adam's, at its peak.
        warmup: steps until it is reached.
        label_smoothing: of the loss.
        averaged: how many of the last epochs' weights are averaged.
    """

    source: str
    target: str
    architecture: str
    backbone: dict[str, Any] = field(default_factory=dict)
    epochs: int = 40
    vocabulary_size: int = 10000
    batch_tokens: int = 2048
    learning_rate: float = 2e-3
    warmup: int = 800
    label_smoothing: float = 0.1
    averaged: int = 5


_TRANSFORMER = {
    "num_encoder_layers": 4,
    "num_decoder_layers": 4,
    "num_heads": 4,
    "hidden_dim": 128,
    "feed_forward_dim": 256,
    "dropout": 0.2,
}
_RECURRENT = {
    "cell": "gru",
    "tie_embeddings": "target_softmax",
    "embedding_dim": 256,
    "hidden_dim": 256,
    "dropout": 0.2,
    "bridge": "dense",
}
_SLOW: dict[str, Any] = {
    "epochs": 12,
    "vocabulary_size": 6000,
    "batch_tokens": 1024,
    "learning_rate": 3e-3,
    "warmup": 400,
}

RECIPES = {
    "en_de_transformer": Recipe("en", "de", "transformer", _TRANSFORMER),
    "de_en_transformer": Recipe("de", "en", "transformer", _TRANSFORMER, epochs=26, vocabulary_size=6000),
    "de_en_attention": Recipe("de", "en", "recurrent", {**_RECURRENT, "attention": "bahdanau"}, **_SLOW),
    "de_en_plain": Recipe("de", "en", "recurrent", {**_RECURRENT, "attention": None}, **_SLOW),
}


def tokenized(texts: list[str], language: str) -> list[str]:
    """Texts as the references have them: punctuation normalised, lower case, Moses' tokens with blanks between."""
    from sacremoses import MosesPunctNormalizer, MosesTokenizer

    normalizer, tokenizer = MosesPunctNormalizer(lang=language), MosesTokenizer(lang=language)
    return [tokenizer.tokenize(normalizer.normalize(text).lower(), return_str=True, escape=False) for text in texts]


def load_pairs(recipe: Recipe, split: str) -> tuple[list[str], list[str]]:
    """Sources and targets of a part of Multi30k."""
    from keras_embed import corpora

    pairs = corpora.load(f"multi30k_{recipe.source}_{recipe.target}", split)
    return tokenized(pairs.sources, recipe.source), tokenized(pairs.targets, recipe.target)
