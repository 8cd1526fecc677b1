"""Pre-train a small encoder on raw text with masked words, let it fill masks, and fine-tune it to find names.

    python examples/07_pretrain_and_fine_tune.py                                 # fairy tales
    python examples/07_pretrain_and_fine_tune.py --encoder transformer --steps 10000 --dim 128
    python examples/07_pretrain_and_fine_tune.py --corpus my.txt --backend jax   # any text, a document in each line

The tales lie in the folder that KERAS_EMBED_DATA names, by default ../shared/data. Where they are absent, the sentences
of the small corpus of the package are read instead. `python -m benchmarks pretraining` is the same at its real size.
"""

import argparse
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

if backend := re.search(r"--backend[ =](\w+)", " ".join(sys.argv)):
    os.environ["KERAS_BACKEND"] = backend[1]  # Keras reads it once, when it is imported

import keras

import keras_embed as ke

DATA = Path(os.environ.get("KERAS_EMBED_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")
JIT = keras.config.backend() == "jax"  # elsewhere, XLA would compile longer than so short a training takes
MASKED = ["the king and his [MASK] lived in a castle .", "she was very [MASK] .", "once upon a [MASK] ."]


def load(corpus: str | None) -> list[str]:
    """Documents."""
    if corpus is not None:
        return [line for line in Path(corpus).read_text(encoding="utf-8").splitlines() if line.strip()]
    if (DATA / "fairytaleqa").is_dir():
        os.environ.setdefault("KERAS_EMBED_DATA", str(DATA))
        return list(dict.fromkeys(ke.corpora.load("fairytaleqa").contexts))  # a section of a tale each
    print(f"No folder {DATA / 'fairytaleqa'}: reading the sentences of the small corpus of the package instead.")
    sentences = [" ".join(tokens) for tokens in ke.corpora.load("tiny_ner").tokens]
    return [" ".join(sentences[start : start + 10]) for start in range(0, len(sentences), 10)]


def encoder(kind: str, tokenizer: ke.tokenizers.EncoderTokenizer, dim: int) -> keras.Model:
    """An encoder with random weights. Of the two, the recurrent one learns from fewer steps."""
    embeddings = [ke.layers.WordEmbedding(tokenizer.vocabulary_size(), dim, unknown_dropout=0.0)]
    if kind == "recurrent":
        return ke.backbones.RecurrentBackbone(embeddings, cell="gru", hidden_dim=dim, dropout=0.1)
    return ke.backbones.TransformerBackbone(embeddings, 4, 4, hidden_dim=dim, feed_forward_dim=2 * dim, dropout=0.1)


def fine_tune(backbone: keras.Model, tokenizer: ke.tokenizers.EncoderTokenizer, epochs: int) -> keras.callbacks.History:
    """A tagger on top of the encoder, trained on a few of the package's sentences."""
    train, dev = ke.corpora.load("tiny_ner", ("train", "dev"))
    preprocessor = ke.preprocessors.TaggerPreprocessor.from_corpus(train, tokenizer=tokenizer)
    tagger = ke.Tagger(backbone, preprocessor=preprocessor)
    steps = epochs * -(-200 // 16)
    rate = ke.schedules.LinearWarmupDecay(2e-3, steps // 10 + 1, steps + 1)
    tagger.compile(keras.optimizers.AdamW(rate, global_clipnorm=1.0), jit_compile=JIT)
    return tagger.fit(train[:200], validation_data=dev, epochs=epochs, batch_size=16)


def main(arguments: Sequence[str] | None = None) -> ke.MaskedLanguageModel:
    """All steps; returns the masked language model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", help="a text file of your own")
    parser.add_argument("--steps", type=int, default=500, help="of pre-training, 32 x 64 pieces each")
    parser.add_argument("--epochs", type=int, default=6, help="of fine-tuning")
    parser.add_argument("--encoder", choices=["recurrent", "transformer"], default="recurrent")
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--backend", choices=["tensorflow", "jax", "torch"], help="of Keras; see the top of this file")
    parser.add_argument("--output", type=Path, default=Path("pretraining"), help="folder of picture and SavedModel")
    options = parser.parse_args(arguments)

    keras.utils.set_random_seed(1)
    documents = load(options.corpus)
    print(f"{len(documents):,} documents, {sum(len(text.split()) for text in documents):,} words")
    preprocessor = ke.preprocessors.MaskedLanguageModelPreprocessor.from_corpus(
        documents, vocabulary_size=1000, sequence_length=64, next_sentence=False
    )
    tokenizer = preprocessor.tokenizer
    model = ke.MaskedLanguageModel(encoder(options.encoder, tokenizer, options.dim), preprocessor)
    rate = ke.schedules.LinearWarmupDecay(3e-3, options.steps // 10 + 1, options.steps + 1)
    model.compile(keras.optimizers.AdamW(rate, global_clipnorm=1.0), jit_compile=JIT)
    epochs = min(5, options.steps)
    model.fit(documents, batch_size=32, epochs=epochs, steps_per_epoch=options.steps // epochs)
    for filled in model.fill(MASKED, top_k=5):
        print(filled.masked, [(filling.string, round(filling.probability, 2)) for filling in filled.fillings[0]])

    print("\nNames, with the encoder that was pre-trained")
    histories = {"pre-trained": fine_tune(model.backbone, tokenizer, options.epochs)}
    print("\nNames, with the same encoder from random weights")
    fresh = encoder(options.encoder, tokenizer, options.dim)
    histories["from random weights"] = fine_tune(fresh, tokenizer, options.epochs)

    options.output.mkdir(parents=True, exist_ok=True)
    picture = options.output / "fine_tuning.png"
    ke.plots.learning_curves(histories, "entity_f1").figure.savefig(picture, dpi=110)
    print(f"The learning curves of both are in {picture}.")
    model.export(options.output / "1")
    print(f"The SavedModel, text with masks in and fillings out, is in {options.output / '1'}.")
    return model


if __name__ == "__main__":
    main()
