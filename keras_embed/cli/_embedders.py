"""What makes vectors of texts: static vectors, an ELMo, or any encoder."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras_embed._backend import predict_batch
from keras_embed._errors import message
from keras_embed.cli._models import load_task

#: What makes of a list of texts their words and, in the same order, a vector for each word.
Embedder = Callable[[Sequence[str]], list[tuple[list[str], Any]]]


def static(path: str, split: str) -> Embedder:
    """Words that have a vector, others by their n-grams where there are such, else left out."""
    from keras_embed import vectors

    table = vectors.load(path)
    splitter = _splitter(split)

    def embed(texts: Sequence[str]) -> list[tuple[list[str], Any]]:
        answers = []
        for words in splitter(texts):
            known = words if table.subwords is not None else [word for word in words if word in table]
            answers.append((known, table.rows(known) if known else np.zeros((0, table.dim), np.float32)))
        return answers

    return embed


def elmo(preset: str, split: str, layer: str | int) -> Embedder:
    """One layer of an ELMo, or the mean of all."""
    from keras_embed import text
    from keras_embed._backend.ragged import ragged_strings
    from keras_embed.backbones import ElmoBackbone
    from keras_embed.checkpoints import load_published, published
    from keras_embed.preprocessors.text_features import pick
    from keras_embed.tokenizers import WordFeaturizer

    if preset in published():
        model, characters = load_published(preset, progress=True)
    else:
        model = ElmoBackbone.from_preset(preset)
        characters = text.ElmoCharacters(model.max_characters)
    if isinstance(layer, int) and layer > model.num_layers:
        raise ValueError(message(f"a layer from 0 to {model.num_layers}", layer))
    splitter = _splitter(split)

    tokenizer = WordFeaturizer(elmo_characters=characters)  # few shapes, so that few programs are compiled

    def embed(texts: Sequence[str]) -> list[tuple[list[str], Any]]:
        sentences = splitter(texts)
        features = tokenizer.encode(ragged_strings(sentences, "word"), names=model.input)
        picked = pick(features, model.input)
        outputs = predict_batch(model, {name: np.asarray(value) for name, value in picked.items()})
        layers = np.asarray(outputs["layer_outputs"], np.float32)  # (B, T, N + 1, 2 D)
        chosen = layers.mean(axis=2) if layer == "mean" else layers[:, :, -1 if layer == "top" else int(layer)]
        return [(words, chosen[row, : len(words)]) for row, words in enumerate(sentences)]

    return embed


def encoder(name: str) -> Embedder:
    """The sequence that an encoder gives out, before any head."""
    from keras_embed.preprocessors.text_features import pick
    from keras_embed.tokenizers import EncoderTokenizer

    backbone, tokenizer = _parts(name)
    names = None if isinstance(tokenizer, EncoderTokenizer) else backbone.input  # with the places of words

    def embed(texts: Sequence[str]) -> list[tuple[list[str], Any]]:
        tokens = tokenizer.tokenize(list(texts))
        features = tokenizer.encode(tokens, names=names)
        picked = {key: np.asarray(value) for key, value in pick(features, backbone.input).items()}
        outputs = predict_batch(backbone, picked)
        sequence = outputs["sequence_output"] if isinstance(outputs, dict) else outputs
        sequence = np.asarray(sequence, np.float32)  # (B, T, D)
        if "word_positions" in features:  # of an encoder that reads pieces: the first of each word
            sequence = np.take_along_axis(sequence, np.asarray(features["word_positions"])[:, :, None], axis=1)
        rows = [[word.decode("utf-8", "replace") for word in row] for row in tokens.to_list()]
        return [(words[: sequence.shape[1]], sequence[row, : len(words)]) for row, words in enumerate(rows)]

    return embed


def _parts(name: str) -> tuple[Any, Any]:
    """Backbone and tokenizer."""
    import keras_hub

    from keras_embed.tasks import StringTask
    from keras_embed.tokenizers import EncoderTokenizer

    if name.endswith(".keras"):
        task = load_task(name, StringTask)
        backbone, tokenizer = task.backbone, getattr(task.preprocessor, "tokenizer", None)
    elif "://" in name or Path(name).is_dir() or name in keras_hub.models.Backbone.presets:
        backbone = keras_hub.models.Backbone.from_preset(name)
        tokenizer = keras_hub.tokenizers.Tokenizer.from_preset(name)
    else:
        raise FileNotFoundError(message("a .keras file, a preset's folder or its name", f"{name}, which is none"))
    if isinstance(tokenizer, keras_hub.tokenizers.Tokenizer) and not hasattr(tokenizer, "encode"):
        tokenizer = EncoderTokenizer(tokenizer)
    outputs = backbone.output
    if tokenizer is None or (isinstance(outputs, dict) and "sequence_output" not in outputs):
        received = f"{type(backbone).__name__}, which has none"
        raise ValueError(message("an encoder that gives a vector for each word", received, "--vectors or --elmo"))
    return backbone, tokenizer


def _splitter(split: str) -> Callable[[Sequence[str]], list[list[str]]]:
    """Texts to lists of words."""
    if split == "blanks":
        return lambda texts: [text.split() for text in texts]
    from keras_embed import text as room

    tokenizer = room.WordTokenizer()

    def words(texts: Sequence[str]) -> list[list[str]]:
        ragged = tokenizer.tokenize(list(texts))
        return [[word.decode("utf-8", "replace") for word in row] for row in ragged.to_list()]

    return words
