"""Pre-train a small encoder on raw text with masked language modelling, fill masks, and fine-tune it to find names.

    python examples/07_pretrain_and_fine_tune.py                                 # fairy tales
    python examples/07_pretrain_and_fine_tune.py --encoder transformer --steps 10000 --dim 128
    python examples/07_pretrain_and_fine_tune.py --corpus my.txt --backend jax   # any text, one document per line

The tales are read from the folder that KERAS_EMBED_DATA names, by default ../shared/data. If they are missing, the
sentences of the small corpus of the package are used instead. `python -m benchmarks pretraining` runs the full
recipe.
"""

import argparse
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

if backend := re.search(r"--backend[ =](\w+)", " ".join(sys.argv)):
    os.environ["KERAS_BACKEND"] = backend[1]  # read by Keras when it is imported

import keras

import keras_embed as ke

DATA = Path(os.environ.get("KERAS_EMBED_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")
JIT = keras.config.backend() == "jax"  # on the other backends, compilation would take longer than this short training
MASKED = ["the king and his [MASK] lived in a castle .", "she was very [MASK] .", "once upon a [MASK] ."]


def load(corpus: str | None) -> list[str]:
    """Returns documents."""
    if corpus is not None:
        return [line for line in Path(corpus).read_text(encoding="utf-8").splitlines() if line.strip()]
    if (DATA / "fairytaleqa").is_dir():
        os.environ.setdefault("KERAS_EMBED_DATA", str(DATA))
        return list(dict.fromkeys(ke.corpora.load("fairytaleqa").contexts))  # each is a section of a tale
    print(f"No folder {DATA / 'fairytaleqa'}: reading the sentences of the small corpus of the package instead.")
    sentences = [" ".join(tokens) for tokens in ke.corpora.load("tiny_ner").tokens]
    return [" ".join(sentences[start : start + 10]) for start in range(0, len(sentences), 10)]


def encoder(kind: str, tokenizer: ke.tokenizers.EncoderTokenizer, dim: int) -> keras.Model:
    """Returns a randomly initialised encoder. The recurrent kind needs fewer training steps."""
    embeddings = [ke.layers.WordEmbedding(tokenizer.vocabulary_size(), dim, unknown_dropout=0.0)]
    if kind == "recurrent":
        return ke.backbones.RecurrentBackbone(embeddings, cell="gru", hidden_dim=dim, dropout=0.1)
    return ke.backbones.TransformerBackbone(embeddings, 4, 4, hidden_dim=dim, feed_forward_dim=2 * dim, dropout=0.1)


def fine_tune(backbone: keras.Model, tokenizer: ke.tokenizers.EncoderTokenizer, epochs: int) -> keras.callbacks.History:
    """Trains a tagger with the encoder on a few sentences of the package's corpus."""
    train, dev = ke.corpora.load("tiny_ner", ("train", "dev"))
    preprocessor = ke.preprocessors.TaggerPreprocessor.from_corpus(train, tokenizer=tokenizer)
    tagger = ke.Tagger(backbone, preprocessor=preprocessor)
    steps = epochs * -(-200 // 16)
    rate = ke.schedules.LinearWarmupDecay(2e-3, steps // 10 + 1, steps + 1)
    tagger.compile(keras.optimizers.AdamW(rate, global_clipnorm=1.0), jit_compile=JIT)
    return tagger.fit(train[:200], validation_data=dev, epochs=epochs, batch_size=16)


def main(arguments: Sequence[str] | None = None) -> ke.MaskedLanguageModel:
    """Runs all steps, and returns the masked language model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", help="path of your own text file")
    parser.add_argument("--steps", type=int, default=500, help="pre-training steps of 32 x 64 subwords")
    parser.add_argument("--epochs", type=int, default=6, help="fine-tuning epochs")
    parser.add_argument("--encoder", choices=["recurrent", "transformer"], default="recurrent")
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--backend", choices=["tensorflow", "jax", "torch"], help="the backend of Keras")
    parser.add_argument("--output", type=Path, default=Path("pretraining"), help="folder for picture and SavedModel")
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

    print("\nNames, with the pre-trained encoder")
    histories = {"pre-trained": fine_tune(model.backbone, tokenizer, options.epochs)}
    print("\nNames, with the same encoder, randomly initialised")
    fresh = encoder(options.encoder, tokenizer, options.dim)
    histories["randomly initialised"] = fine_tune(fresh, tokenizer, options.epochs)

    options.output.mkdir(parents=True, exist_ok=True)
    picture = options.output / "fine_tuning.png"
    ke.plots.learning_curves(histories, "entity_f1").figure.savefig(picture, dpi=110)
    print(f"Wrote the learning curves of both to {picture}.")
    model.export(options.output / "1")
    print(f"Wrote the SavedModel, which fills the masks of texts, to {options.output / '1'}.")
    return model


if __name__ == "__main__":
    main()
