"""`keras-embed train`."""

import argparse
import contextlib
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

from keras_embed._errors import message
from keras_embed._types import Config
from keras_embed.cli._shared import (
    Commands,
    Parser,
    add_backend,
    add_command,
    add_encoding,
    add_group,
    add_json,
    check_export_folder,
    json_line,
    positive,
    positive_float,
    separator,
    standard_input,
)

if TYPE_CHECKING:
    import keras_hub

    from keras_embed.corpora import Corpus, LabelledTexts, Translations
    from keras_embed.tasks import Tagger, TextClassifier, Translator

_Data = TypeVar("_Data")
_Scores: TypeAlias = dict[str, float]

_HELD_OUT = ("dev", "validation", "test")
_TAGGER_EXAMPLES = (
    "keras-embed train tagger --corpus tiny_ner --epochs 1 --hidden-dim 16 -o ner.keras",
    "keras-embed train tagger --train train.conll --dev dev.conll -o ner.keras --export exported/ner/1",
    "keras-embed train tagger --train train.conll --columns tokens,tags --vectors vectors.txt -o ner.keras",
)
_CLASSIFIER_EXAMPLES = (
    "keras-embed train classifier --train reviews.tsv --dev reviews-dev.tsv -o reviews.keras",
    "keras-embed train classifier --train reviews.csv --text review --label stars --model cnn -o reviews.keras",
    "keras-embed train classifier --train topics.tsv --label-separator , -o topics.keras --export exported/topics/1",
)
_SCHEMES = ("IOB1", "BIO", "BIOES", "BIOUL", "BMES")
_CLASSIFIERS = ("linear", "average", "cnn", "lstm")
_TRANSLATOR_EXAMPLES = (
    "keras-embed train translator --train pairs.tsv --dim 64 --layers 1 -o de-en.keras --export exported/de-en/1",
    "keras-embed train translator --train pairs.tsv --model recurrent --dim 64 --pieces words -o de-en.keras",
)


def add(commands: Commands) -> None:
    """Adds the commands."""
    group = add_group(commands, "train", "train a tagger, a classifier or a translator")
    _add_tagger(group)
    _add_classifier(group)
    _add_translator(group)


def _add_training(parser: Parser, data: str, epochs: int, batch_size: str) -> None:
    """Adds the options of the data, the training and the output.

    Args:
        parser: parser of the command.
        data: description of a file of training data.
        epochs: default number of epochs.
        batch_size: the unit and the default of the batch size.
    """
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--train", metavar="FILE", help=f"training data: {data}; - is standard input")
    source.add_argument("--corpus", metavar="NAME", help="a registered corpus; see `keras-embed corpora list`")
    parser.add_argument(
        "--dev", metavar="FILE", help="validation data in the same format; for --corpus, its dev part is used"
    )
    add_encoding(parser, "the data")
    parser.add_argument("-o", "--output", type=_keras_file, required=True, metavar="FILE.keras", help="the saved model")
    parser.add_argument("--export", metavar="DIR", help="also write a SavedModel")
    parser.add_argument("--epochs", type=positive, default=epochs, metavar="N", help=f"number of epochs ({epochs})")
    parser.add_argument("--batch-size", type=positive, metavar="N", help=batch_size)
    parser.add_argument("--learning-rate", type=positive_float, metavar="N", help="default: depends on the model")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="random seed (1)")
    parser.add_argument("--quiet", action="store_true", help="no progress bars")
    add_json(parser)
    add_backend(parser)


def _keras_file(text: str) -> Path:
    """Parses the name of a file to save a model to.

    Example:
    >>> _keras_file("ner.keras").suffix
    '.keras'
    """
    if not text.endswith(".keras") or text == ".keras":
        raise argparse.ArgumentTypeError(f"expected a file name that ends in .keras, received {text!r}")
    return Path(text)


def _training_data(
    options: argparse.Namespace, read: Callable[[str], _Data], kind: type[_Data]
) -> tuple[_Data, _Data | None]:
    """Returns training data and validation data.

    Args:
        options: options of the command.
        read: reads a file.
        kind: the class of a registered corpus for the task.
    """
    if options.train:
        return read(options.train), read(options.dev) if options.dev else None
    from keras_embed import corpora

    if options.dev:
        options.parser.error("expected --dev together with --train, received it with --corpus")
    entry = corpora.describe(options.corpus)
    # Train on "train", validate on the first held-out split.
    splits = [split for split in ("train", *_HELD_OUT) if split in entry.splits]
    if "train" not in splits:
        options.parser.error(f"expected a corpus with a train part, received {entry.name}: {', '.join(entry.splits)}")
    parts: list[_Data] = []
    for part in corpora.load(entry.name, split=splits[:2]):
        if not isinstance(part, kind):
            received = f"{entry.name}: {type(part).__name__}"
            options.parser.error(f"expected a corpus of {kind.__name__}, received {received}")
        parts.append(cast("_Data", part))
    return parts[0], parts[1] if len(parts) > 1 else None


def _prepare(options: argparse.Namespace) -> None:
    """Sets the seed. Raises an error before the training if the output cannot be written."""
    import keras

    # A long training should not end with an error about the output.
    folder = options.output.parent
    folder.mkdir(parents=True, exist_ok=True)
    if options.output.is_dir() or not os.access(folder, os.W_OK):
        raise ValueError(message("a file that can be written", f"{options.output}", "-o FILE.keras in another folder"))
    if options.export:
        check_export_folder(options.export)
    keras.utils.set_random_seed(options.seed)


def _set_learning_rate(task: "keras_hub.models.Task", rate: float | None) -> None:
    """Changes the learning rate of the optimizer that the task has chosen."""
    if rate is not None:
        optimizer = type(task.optimizer)
        task.compile(optimizer=optimizer.from_config({**task.optimizer.get_config(), "learning_rate": rate}))


def _finish(
    options: argparse.Namespace, task: "keras_hub.models.Task", fit: Callable[[], object], scores: Callable[[], _Scores]
) -> None:
    """Trains, saves, exports and reports.

    Args:
        options: options of the command.
        task: the task.
        fit: trains it.
        scores: evaluates it; empty without validation data.
    """
    with contextlib.redirect_stdout(sys.stderr):  # the output of the command is its report, not the progress
        fit()
        found = scores()
    task.save(options.output)
    record: dict[str, object] = {"model": str(options.output), "epochs": options.epochs, "scores": found}
    if options.export:
        task.export(options.export)
        record["saved_model"] = options.export
    if options.json:
        print(json_line(record))
        return
    for name, score in found.items():
        print(f"{name}: {score:.4f}")
    print(f"The model is in {options.output}{f', the SavedModel in {options.export}' if options.export else ''}.")


def _verbose(options: argparse.Namespace) -> int | str:
    return 0 if options.quiet else "auto"


def _dev_scores(scores: Any) -> _Scores:
    return {f"dev {name}": float(score) for name, score in scores.items()}


def _source(file: str) -> Any:
    """Returns the path of a file, or standard input for "-"."""
    return standard_input() if file == "-" else file


# --- tagger ---


def _add_tagger(commands: Commands) -> None:
    parser = add_command(commands, "tagger", run_tagger, "train a tagger of words", _TAGGER_EXAMPLES)
    _add_training(parser, "CoNLL columns or CoNLL-U", 10, "sentences per batch (32)")
    help = "names of the columns of a CoNLL file, such as tokens,-,-,tags; - skips a column (tokens,tags)"
    parser.add_argument("--columns", default="tokens,tags", metavar="NAMES", help=help)
    parser.add_argument("--format", choices=("conll", "conllu"), help="default: CoNLL-U if the first line has its form")
    help = "separator of columns, such as tab or ' ' (tabs if the first line has one, otherwise spaces)"
    parser.add_argument("--separator", type=separator, metavar="TEXT", help=help)
    help = "prefix of comment lines before a sentence; '' for none (lines such as '# text = ...')"
    parser.add_argument("--comment", metavar="TEXT", help=help)
    help = f"scheme of the tags: {', '.join(_SCHEMES)}; none if they mark no spans (inferred from the tags)"
    parser.add_argument("--scheme", choices=(*_SCHEMES, "none"), metavar="NAME", help=help)
    parser.add_argument("--tags", metavar="NAME", help="the column of tags, for CoNLL-U and for --corpus, such as upos")
    parser.add_argument("--word-dim", type=positive, metavar="N", help="width of word vectors (100)")
    parser.add_argument("--hidden-dim", type=positive, default=100, metavar="N", help="LSTM units per direction (100)")
    parser.add_argument("--vectors", metavar="FILE", help="initial word vectors")
    parser.add_argument("--elmo", metavar="PRESET", help="a frozen ELMo as additional input, such as elmo_tiny_en")


def run_tagger(options: argparse.Namespace) -> None:
    """Trains a bidirectional LSTM with a CRF over words, their characters and casing."""
    from keras_embed import corpora

    train, dev = _training_data(options, lambda file: _read_sentences(options, file), corpora.Corpus)
    _prepare(options)
    tagger = _tagger(options, train)
    _set_learning_rate(tagger, options.learning_rate)

    def fit() -> None:
        arguments: Config = {"epochs": options.epochs, "batch_size": options.batch_size or 32}
        arguments["verbose"] = _verbose(options)
        if dev is not None:
            arguments["validation_data"] = dev
        with tempfile.TemporaryDirectory() as features:
            if options.elmo:  # frozen, and so run once, not in every epoch
                arguments["feature_cache"] = features
            tagger.fit(train, **arguments)

    def scores() -> _Scores:
        return {} if dev is None else _dev_scores(tagger.evaluate(dev, verbose=0, return_dict=True))

    _finish(options, tagger, fit, scores)


def _read_sentences(options: argparse.Namespace, file: str) -> "Corpus":
    from keras_embed import corpora
    from keras_embed.corpora.column_files import is_conllu
    from keras_embed.corpora.lines import NamedLines, numbered_lines, source_name

    # A pipe can be read only once: the format is inferred from the same lines that are then parsed.
    source = _source(file)
    lines = NamedLines([line for _, line in numbered_lines(source, options.encoding)], source_name(source))
    default = options.separator is None and options.columns == "tokens,tags" and is_conllu(lines)
    if options.format == "conllu" or (options.format is None and default):
        return corpora.Corpus(corpora.read_conllu(lines, **({"tags": options.tags} if options.tags else {})), file)
    columns = [None if name == "-" else name for name in options.columns.split(",")]
    tags = options.tags or "tags"
    return corpora.Corpus(corpora.read_conll(lines, columns, tags, options.separator, options.comment), file)


def _tagger(options: argparse.Namespace, train: "Corpus") -> "Tagger":
    from keras_embed import Tagger, layers, vectors
    from keras_embed.backbones import ElmoBackbone, RecurrentBackbone
    from keras_embed.preprocessors import TaggerPreprocessor

    preprocessor = TaggerPreprocessor.from_corpus(train, scheme=options.scheme)
    word_dim, weights = options.word_dim or 100, None
    # Pretrained vectors determine the width.
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


# --- classifier ---


def _add_classifier(commands: Commands) -> None:
    parser = add_command(commands, "classifier", run_classifier, "train a classifier of texts", _CLASSIFIER_EXAMPLES)
    _add_training(parser, "a table, or JSON lines", 10, "texts per batch (32)")
    parser.add_argument("--text", default="0", metavar="COLUMN", help="column of the text, by name or index (0)")
    parser.add_argument("--label", default="1", metavar="COLUMN", help="column of the label, by name or index (1)")
    help = "separator of columns, such as tab or ; (inferred from all lines)"
    parser.add_argument("--separator", type=separator, metavar="TEXT", help=help)
    help = "whether the first line names the columns (if --text or --label is a name, or the line is such words)"
    parser.add_argument("--header", action=argparse.BooleanOptionalAction, help=help)
    parser.add_argument(
        "--label-separator", metavar="TEXT", help="separator of labels, for texts with any number of labels"
    )
    help = "linear over TF-IDF of unigrams and bigrams; average of word vectors; convolutions; LSTM (linear)"
    parser.add_argument("--model", choices=_CLASSIFIERS, default="linear", help=help)
    parser.add_argument(
        "--word-dim",
        type=positive,
        default=100,
        metavar="N",
        help="width of word vectors, except for the linear model (100)",
    )
    parser.add_argument("--hidden-dim", type=positive, default=100, metavar="N", help="filters, or LSTM units (100)")


def run_classifier(options: argparse.Namespace) -> None:
    """Trains, and reports accuracy and F1 on the validation data."""
    from keras_embed import corpora

    train, dev = _training_data(options, lambda file: _read_texts(options, file), corpora.LabelledTexts)
    _prepare(options)
    classifier = _classifier(options, train)
    _set_learning_rate(classifier, options.learning_rate)

    def fit() -> None:
        arguments: Config = {"epochs": options.epochs, "batch_size": options.batch_size or 32}
        arguments["verbose"] = _verbose(options)
        if dev is not None:
            arguments["validation_data"] = (dev.texts, _labels(dev))
        classifier.fit(train.texts, _labels(train), **arguments)

    def scores() -> _Scores:
        if dev is None:
            return {}
        return _dev_scores(classifier.evaluate(dev.texts, _labels(dev), verbose=0, return_dict=True))

    _finish(options, classifier, fit, scores)


def _read_texts(options: argparse.Namespace, file: str) -> "LabelledTexts":
    from keras_embed import corpora

    text, label = (int(column) if column.isdecimal() else column for column in (options.text, options.label))
    rows = corpora.read_texts(
        _source(file), text, label, options.separator, options.header, options.label_separator, options.encoding
    )
    return corpora.LabelledTexts(rows, file)


def _labels(corpus: "LabelledTexts") -> list[Any]:
    """Returns a string for each text, or a list of strings."""
    return [list(label) if isinstance(label, tuple) else label for label in corpus.labels]


def _classifier(options: argparse.Namespace, train: "LabelledTexts") -> "TextClassifier":
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


# --- translator ---


def _add_translator(commands: Commands) -> None:
    parser = add_command(commands, "translator", run_translator, "train a translator", _TRANSLATOR_EXAMPLES)
    _add_training(
        parser,
        "one text, a tab and its translation per line",
        20,
        "maximum number of target subwords in a batch (4096)",
    )
    help = "whether the first line names the columns (if it is words such as source and target)"
    parser.add_argument("--header", action=argparse.BooleanOptionalAction, help=help)
    parser.add_argument("--model", choices=("transformer", "recurrent"), default="transformer", help="(transformer)")
    subwords = ("bpe", "wordpiece", "sentencepiece", "words")
    parser.add_argument("--pieces", choices=subwords, default="bpe", help="tokenization of the texts (bpe)")
    parser.add_argument(
        "--vocabulary-size", type=positive, default=8000, metavar="N", help="maximum size of the vocabulary (8000)"
    )
    parser.add_argument("--lowercase", action="store_true", help="lowercase all texts")
    parser.add_argument("--dim", type=positive, default=256, metavar="N", help="width of the model (256)")
    parser.add_argument(
        "--layers", type=positive, metavar="N", help="layers of encoder and decoder each (3; recurrent: 1)"
    )
    parser.add_argument(
        "--attention", default="bahdanau", metavar="NAME", help="attention of the recurrent model (bahdanau)"
    )


def run_translator(options: argparse.Namespace) -> None:
    """Trains, and reports perplexity and accuracy on the validation data."""
    from keras_embed import corpora

    def read(file: str) -> corpora.Translations:
        return corpora.Translations(corpora.read_tab_separated(_source(file), options.header, options.encoding), file)

    train, dev = _training_data(options, read, corpora.Translations)
    _prepare(options)
    translator = _translator(options, train)
    _set_learning_rate(translator, options.learning_rate)
    size = options.batch_size or 4096

    def fit() -> None:
        arguments: Config = {} if dev is None else {"validation_data": list(dev)}
        translator.fit(list(train), batch_tokens=size, epochs=options.epochs, verbose=_verbose(options), **arguments)

    def scores() -> _Scores:
        if dev is None:
            return {}
        return _dev_scores(translator.evaluate(list(dev), batch_tokens=size, verbose=0, return_dict=True))

    _finish(options, translator, fit, scores)


def _translator(options: argparse.Namespace, train: "Translations") -> "Translator":
    from keras_embed import Translator

    sizes: Config = {"hidden_dim": options.dim}
    # Defaults that suit small corpora.
    count = options.layers or (1 if options.model == "recurrent" else 3)
    sizes |= {"num_encoder_layers": count, "num_decoder_layers": count, "dropout": 0.1}
    if options.model == "recurrent":
        sizes |= {"embedding_dim": options.dim, "attention": options.attention}
    else:
        sizes |= {"feed_forward_dim": 4 * options.dim}
    text: Config = {"kind": options.pieces, "vocabulary_size": options.vocabulary_size, "lowercase": options.lowercase}
    if options.pieces == "words":
        text["vocabulary_size"] = None
    return Translator.from_corpus(list(train), options.model, **text, **sizes)
