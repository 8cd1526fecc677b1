"""`keras-embed train classifier`."""

import argparse
from typing import Any

from keras_embed.cli._commands import add_command, positive
from keras_embed.cli._training import add_training, compile_with_rate, finish, parts, prepared

_EXAMPLES = (
    "keras-embed train classifier --train reviews.tsv --dev reviews-dev.tsv -o reviews.keras",
    "keras-embed train classifier --train reviews.csv --text review --label stars --model cnn -o reviews.keras",
    "keras-embed train classifier --train topics.tsv --label-separator , -o topics.keras --export exported/topics/1",
)
_MODELS = ("linear", "average", "cnn", "lstm")


def add(commands: Any) -> None:
    """Adds the command."""
    parser = add_command(commands, "classifier", run, "train a classifier of texts", _EXAMPLES)
    add_training(parser, "a table, tabs in .tsv and .txt, commas in .csv", 10, "texts in a batch (32)")
    parser.add_argument("--text", default="0", metavar="COLUMN", help="of the text, by name or by number from 0 (0)")
    parser.add_argument("--label", default="1", metavar="COLUMN", help="of the label, by name or by number from 0 (1)")
    parser.add_argument("--label-separator", metavar="TEXT", help="between labels, where a text has any number of them")
    help = "linear on TF-IDF of words and pairs of words; mean of word vectors; filters over them; LSTM (linear)"
    parser.add_argument("--model", choices=_MODELS, default="linear", help=help)
    parser.add_argument("--word-dim", type=positive, default=100, metavar="N", help="of all but the linear model (100)")
    parser.add_argument("--hidden-dim", type=positive, default=100, metavar="N", help="filters, or LSTM cells (100)")


def run(options: argparse.Namespace) -> None:
    """Trains, and reports accuracy and F1 of the dev part."""
    from keras_embed import corpora

    train, dev = parts(options, lambda file: _read(options, file), corpora.LabelledTexts)
    prepared(options)
    classifier = _classifier(options, train)
    compile_with_rate(classifier, options.learning_rate)

    def fit() -> None:
        arguments: dict[str, Any] = {"epochs": options.epochs, "batch_size": options.batch_size or 32}
        arguments["verbose"] = 0 if options.quiet else "auto"
        if dev is not None:
            arguments["validation_data"] = (dev.texts, _labels(dev))
        classifier.fit(train.texts, _labels(train), **arguments)

    def scores() -> dict[str, float]:
        if dev is None:
            return {}
        found = classifier.evaluate(dev.texts, _labels(dev), verbose=0, return_dict=True)
        return {f"dev {name}": float(score) for name, score in found.items()}

    finish(options, classifier, fit, scores)


def _read(options: argparse.Namespace, file: str) -> Any:
    from keras_embed import corpora

    text, label = (int(column) if column.isdecimal() else column for column in (options.text, options.label))
    separator = "," if file.removesuffix(".gz").removesuffix(".xz").endswith(".csv") else "\t"
    named = isinstance(text, str) or isinstance(label, str)
    rows = corpora.read_texts(file, text, label, separator, named, options.label_separator)
    return corpora.LabelledTexts(rows, file)


def _labels(corpus: Any) -> list[Any]:
    """A string for each text, or a list of strings."""
    return [list(label) if isinstance(label, tuple) else label for label in corpus.labels]


def _classifier(options: argparse.Namespace, train: Any) -> Any:
    from keras_embed import TextClassifier, backbones, layers
    from keras_embed.preprocessors import ClassifierPreprocessor

    tfidf = layers.TfidfVectorization(ngrams=(1, 2), sublinear_tf=True) if options.model == "linear" else None
    preprocessor = ClassifierPreprocessor.from_corpus(train.texts, _labels(train), tfidf=tfidf)
    if tfidf is not None:
        return TextClassifier(backbones.BagBackbone(preprocessor.num_terms), preprocessor)
    embeddings = preprocessor.embeddings(word_dim=options.word_dim)
    if options.model == "average":
        return TextClassifier(backbones.AveragingBackbone(embeddings), preprocessor)
    if options.model == "cnn":
        return TextClassifier(
            backbones.ConvolutionalBackbone(embeddings, options.hidden_dim), preprocessor, dropout=0.5
        )
    return TextClassifier(backbones.RecurrentBackbone(embeddings, hidden_dim=options.hidden_dim), preprocessor)
