"""`keras-embed train tagger`."""

import argparse
import tempfile
from typing import Any

from keras_embed.cli._commands import add_command, positive
from keras_embed.cli._training import add_training, compile_with_rate, finish, parts, prepared

_EXAMPLES = (
    "keras-embed train tagger --corpus tiny_ner --epochs 1 --hidden-dim 16 -o ner.keras",
    "keras-embed train tagger --train train.conll --dev dev.conll -o ner.keras --export exported/ner/1",
    "keras-embed train tagger --train train.conll --columns tokens,tags --vectors vectors.txt -o ner.keras",
)


def add(commands: Any) -> None:
    """Adds the command."""
    parser = add_command(commands, "tagger", run, "train a tagger of words", _EXAMPLES)
    add_training(parser, "CoNLL columns, or CoNLL-U by its suffix .conllu", 10, "sentences in a batch (32)")
    help = "what the columns of a CoNLL file are, such as tokens,-,-,tags; - is passed over (tokens,tags)"
    parser.add_argument("--columns", default="tokens,tags", metavar="NAMES", help=help)
    parser.add_argument("--tags", metavar="NAME", help="the column to learn, of CoNLL-U or of a corpus, such as upos")
    parser.add_argument("--word-dim", type=positive, metavar="N", help="width of the words' vectors (100)")
    parser.add_argument("--hidden-dim", type=positive, default=100, metavar="N", help="LSTM cells each way (100)")
    parser.add_argument("--vectors", metavar="FILE", help="word vectors to start from")
    parser.add_argument("--elmo", metavar="PRESET", help="a frozen ELMo to read too, such as elmo_tiny_en")


def run(options: argparse.Namespace) -> None:
    """Trains a bidirectional LSTM with a CRF, over words, their characters and casing."""
    from keras_embed import corpora

    train, dev = parts(options, lambda file: _read(options, file), corpora.Corpus)
    prepared(options)
    tagger = _tagger(options, train)
    compile_with_rate(tagger, options.learning_rate)

    def fit() -> None:
        arguments: dict[str, Any] = {"epochs": options.epochs, "batch_size": options.batch_size or 32}
        arguments["verbose"] = 0 if options.quiet else "auto"
        if dev is not None:
            arguments["validation_data"] = dev
        with tempfile.TemporaryDirectory() as features:  # the frozen part runs once, not in every epoch
            tagger.fit(train, **arguments, **({"feature_cache": features} if options.elmo else {}))

    finish(options, tagger, fit, lambda: {} if dev is None else _scores(tagger, dev))


def _read(options: argparse.Namespace, file: str) -> Any:
    from keras_embed import corpora

    if file.removesuffix(".gz").removesuffix(".xz").endswith(".conllu"):
        return corpora.Corpus(corpora.read_conllu(file, **({"tags": options.tags} if options.tags else {})), file)
    columns = [None if name == "-" else name for name in options.columns.split(",")]
    return corpora.Corpus(corpora.read_conll(file, columns, tags=options.tags or "tags"), file)


def _tagger(options: argparse.Namespace, train: Any) -> Any:
    from keras_embed import Tagger, layers, vectors
    from keras_embed.backbones import ElmoBackbone, RecurrentBackbone
    from keras_embed.preprocessors import TaggerPreprocessor

    preprocessor = TaggerPreprocessor.from_corpus(train)
    word_dim, weights = options.word_dim or 100, None
    if options.vectors:
        table = vectors.load(options.vectors)
        if options.word_dim not in (None, table.dim):
            options.parser.error(f"expected --word-dim {table.dim}, as the vectors have, received {options.word_dim}")
        word_dim, (weights, _) = table.dim, vectors.align(table, preprocessor.tokenizer)
    embeddings = preprocessor.embeddings(word_dim=word_dim, weights=weights)
    if options.elmo:
        elmo = ElmoBackbone.from_preset(options.elmo)
        elmo.trainable = False
        embeddings.append(layers.ElmoEmbedding(elmo))
    return Tagger(RecurrentBackbone(embeddings, cell="lstm", hidden_dim=options.hidden_dim), preprocessor)


def _scores(tagger: Any, dev: Any) -> dict[str, float]:
    scores = tagger.evaluate(dev, verbose=0, return_dict=True)
    return {f"dev {name}": float(score) for name, score in scores.items()}
