"""Creates a folder with all files that the examples of the commands use."""

import keras
import numpy as np
import small_classifier
import small_tagger
import small_translator

import keras_embed as ke


def fill(folder, exports=True):
    """Writes models, texts, tables and vectors into a folder, under the names that `--help` uses."""
    tasks = {
        "ner": small_tagger.make_tagger(),
        "reviews": small_classifier.make_classifier(),
        "de-en": small_translator.make_translator(),
    }
    for name, task in tasks.items():
        task.save(folder / f"{name}.keras")
        if exports:
            task.export(folder / "exported" / name / "1")
    texts(folder)
    return tasks


def texts(folder):
    """Writes all files except the models."""
    lines = {
        "sentences.txt": ["Ada Byron lives in Rome .", "", "nobody came"],
        "texts.txt": ["a fine film", "so dull a film"],
        "german.txt": ["der hund schläft", "ein mann"],
        "words.txt": ["king", "queen"],
        "pairs.tsv": ["\t".join(pair) for pair in small_translator.PAIRS],
        "vectors.txt": ["king 1 0.9 0.1", "man 1 0.1 0", "woman 0.1 0.1 1", "queen 0.1 0.9 1.1", "Rome 0 -1 0"],
    }
    rows = list(zip(small_classifier.TEXTS, small_classifier.LABELS, strict=True))
    lines["reviews.tsv"] = ["\t".join(row) for row in rows]
    topics = zip(small_classifier.TEXTS, small_classifier.MANY, strict=True)
    lines["topics.tsv"] = [f"{text}\t{','.join(labels)}" for text, labels in topics]
    lines["reviews-dev.tsv"] = lines["reviews.tsv"][:6]
    lines["reviews.csv"] = ["review,stars", *(f'"{text}",{label}' for text, label in rows)]
    tagged = zip(small_tagger.WORDS, small_tagger.TAGS, strict=True)
    column = [[*(f"{word} {tag}" for word, tag in zip(*pair, strict=True)), ""] for pair in tagged]
    lines["train.conll"] = [line for sentence in column for line in sentence]
    lines["dev.conll"] = [line for sentence in column[:4] for line in sentence]
    for name, content in lines.items():
        (folder / name).write_text("".join(f"{line}\n" for line in content), encoding="utf-8")


def pieces_preset(folder):
    """Returns a small BERT preset with its subword vocabulary, in Keras Hub's format."""
    import keras_hub

    tokenizer = ke.tokenizers.EncoderTokenizer.train(small_classifier.TEXTS, min_count=1)
    sizes = dict(num_layers=1, num_heads=2, hidden_dim=8, intermediate_dim=8, max_sequence_length=32)
    keras.utils.set_random_seed(1)
    backbone = keras_hub.models.BertBackbone(tokenizer.vocabulary_size(), **sizes)
    backbone.save_to_preset(folder)
    tokenizer.tokenizer.save_to_preset(folder)
    return backbone, tokenizer


def rows(path):
    """An array that a command wrote."""
    return np.load(path)
