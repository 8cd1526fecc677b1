"""Train taggers on few sentences with and without a frozen ELMo, and compare the layer weights of the tasks.

    python examples/04_transfer_from_elmo.py                                   # parts of speech, and names
    python examples/04_transfer_from_elmo.py --sentences 1250 --epochs 15      # a tenth of UD English EWT
    python examples/04_transfer_from_elmo.py --corpus my.conll --backend jax   # a word and its tag in each line

UD English EWT, for parts of speech, is read from the folder that KERAS_EMBED_DATA names, by default ../shared/data. If
it is missing, only the names of the small corpus that ships with the package are used. `python -m benchmarks transfer`
runs the recipe of the published results.
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
import numpy as np

import keras_embed as ke

DATA = Path(os.environ.get("KERAS_EMBED_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")
JIT = keras.config.backend() == "jax"  # on the other backends, compilation would take longer than this short training
DEV = 100  # number of held-out sentences


def load(corpus: str | None, number: int) -> dict[str, tuple[ke.corpora.Corpus, ke.corpora.Corpus]]:
    """Returns, for each task, `number` training sentences and the held-out sentences."""
    if corpus is not None:
        sentences = list(ke.corpora.read_conll(corpus))
        cut = min(DEV, len(sentences) // 4)
        parts = {"tags": (ke.corpora.Corpus(sentences[cut:]), ke.corpora.Corpus(sentences[:cut]))}
    else:
        parts = {"names": ke.corpora.load("tiny_ner", ("train", "dev"))}
        if (DATA / "ud_english_ewt").is_dir():
            os.environ.setdefault("KERAS_EMBED_DATA", str(DATA))
            parts = {"parts of speech": ke.corpora.load("ud_english_ewt", ("train", "dev")), **parts}
        else:
            print(f"No folder {DATA / 'ud_english_ewt'}: only names are used, from the small corpus of the package.")
    return {task: (drawn(train, number), drawn(dev, DEV)) for task, (train, dev) in parts.items()}


def drawn(corpus: ke.corpora.Corpus, number: int) -> ke.corpora.Corpus:
    """Returns a reproducible random sample of `number` sentences; adjacent ones in a file are often similar."""
    order = np.random.default_rng(1).permutation(len(corpus))[:number]
    return ke.corpora.Corpus([corpus[int(index)] for index in sorted(order)])


def make(train: ke.corpora.Corpus, elmo: keras.Model | None, epochs: int) -> ke.Tagger:
    """Returns a tagger with word, character and casing embeddings, optionally ELMo, and an LSTM."""
    preprocessor = ke.preprocessors.TaggerPreprocessor.from_corpus(train)
    embeddings = preprocessor.embeddings(word_dim=50, char_filters=30)
    if elmo is not None:
        embeddings.append(ke.layers.ElmoEmbedding(elmo, dropout=0.3))
    backbone = ke.backbones.RecurrentBackbone(embeddings, hidden_dim=64, dropout=0.4)
    tagger = ke.Tagger(backbone, preprocessor=preprocessor, head="crf" if preprocessor.scheme else "softmax")
    rate = keras.optimizers.schedules.CosineDecay(5e-3, epochs * -(-len(train) // 16), alpha=0.05)
    tagger.compile(keras.optimizers.Adam(rate, global_clipnorm=5.0), jit_compile=JIT)
    return tagger


def layers_of(tagger: ke.Tagger) -> np.ndarray:
    """Returns the weights (3,) of ELMo's layers in the tagger."""
    (mixed,) = (layer for layer in tagger.backbone.layers if isinstance(layer, ke.layers.ElmoEmbedding))
    return keras.ops.convert_to_numpy(keras.ops.softmax(keras.ops.convert_to_tensor(mixed.mixes[0].scalars)))


def main(arguments: Sequence[str] | None = None) -> dict[str, dict[str, float]]:
    """Runs all steps, and returns the final score of each task with and without ELMo."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", help="path of your own CoNLL file")
    parser.add_argument("--sentences", type=int, default=125, help="number of training sentences")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--backend", choices=["tensorflow", "jax", "torch"], help="the backend of Keras")
    parser.add_argument(
        "--output", type=Path, default=Path("transfer"), help="folder for pictures, features and SavedModel"
    )
    options = parser.parse_args(arguments)

    options.output.mkdir(parents=True, exist_ok=True)
    elmo = ke.backbones.ElmoBackbone.from_preset("elmo_tiny_en", trainable=False)
    scores, weights = {}, {}
    for task, (train, dev) in load(options.corpus, options.sentences).items():
        histories = {}
        for way, encoder in {"with a frozen ELMo": elmo, "without": None}.items():
            print(f"\n{task} from {len(train)} sentences, {way}")
            keras.utils.set_random_seed(1)
            tagger = make(train, encoder, options.epochs)
            # ELMo runs once per sentence; its outputs are cached in a folder that tasks and runs can share.
            cache = {"feature_cache": str(options.output / "features")} if encoder is not None else {}
            fitted = tagger.fit(train, validation_data=dev, epochs=options.epochs, batch_size=16, **cache)
            histories[way] = fitted.history
            if encoder is not None:
                weights[task] = layers_of(tagger)
                shipped = tagger
        metric = next(name for name in fitted.history if name in ("entity_f1", "tag_accuracy"))
        scores[task] = {way: history[f"val_{metric}"][-1] for way, history in histories.items()}
        curves = {way: {f"val_{metric}": history[f"val_{metric}"]} for way, history in histories.items()}
        picture = options.output / f"{task.replace(' ', '_')}.png"
        ke.plots.learning_curves(curves, metric).figure.savefig(picture, dpi=120)

    for task, of_task in scores.items():
        print(f"\n{task}: {', '.join(f'{score:.1%} {way}' for way, score in of_task.items())}")
    ke.plots.layer_weights(weights).figure.savefig(options.output / "layers.png", dpi=120)
    shipped.export(options.output / "1")  # takes strings and contains ELMo
    print(f"Wrote the learning curves, ELMo's layer weights and the SavedModel of the last task to {options.output}.")
    return scores


if __name__ == "__main__":
    main()
