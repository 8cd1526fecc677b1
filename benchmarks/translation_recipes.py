"""Recipes of the benchmark's translators."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Recipe:
    """Recipe of a translator of Multi30k's tokenized, lowercased sentences, with subwords.

    Attributes:
        source, target: languages.
        architecture: "recurrent" or "transformer".
        backbone: arguments of the backbone.
        epochs: number of epochs, over which the learning rate decays to zero.
        vocabulary_size: size of the byte-pair vocabulary, shared by both languages.
        batch_tokens: target subwords per batch, including padding.
        learning_rate: peak learning rate of Adam.
        warmup: number of warmup steps.
        label_smoothing: label smoothing of the loss.
        averaged: number of last epochs whose weights are averaged.
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
    """Normalizes punctuation, lowercases, and tokenizes with Moses; tokens are separated by spaces."""
    from sacremoses import MosesPunctNormalizer, MosesTokenizer

    normalizer, tokenizer = MosesPunctNormalizer(lang=language), MosesTokenizer(lang=language)
    return [tokenizer.tokenize(normalizer.normalize(text).lower(), return_str=True, escape=False) for text in texts]


def load_pairs(recipe: Recipe, split: str) -> tuple[list[str], list[str]]:
    """Returns sources and targets of a split of Multi30k."""
    from keras_embed import corpora

    pairs = corpora.load(f"multi30k_{recipe.source}_{recipe.target}", split)
    return tokenized(pairs.sources, recipe.source), tokenized(pairs.targets, recipe.target)
