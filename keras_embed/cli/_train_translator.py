"""`keras-embed train translator`."""

import argparse
from typing import Any

from keras_embed.cli._commands import add_command, positive
from keras_embed.cli._training import add_training, compile_with_rate, finish, parts, prepared

_EXAMPLES = (
    "keras-embed train translator --train pairs.tsv --dim 64 --layers 1 -o de-en.keras --export exported/de-en/1",
    "keras-embed train translator --train pairs.tsv --model recurrent --dim 64 --pieces words -o de-en.keras",
)


def add(commands: Any) -> None:
    """Adds the command."""
    parser = add_command(commands, "translator", run, "train a translator", _EXAMPLES)
    add_training(parser, "a text, a tab and its translation a line", 20, "pieces of translations in a batch (4096)")
    parser.add_argument("--model", choices=("transformer", "recurrent"), default="transformer", help="(transformer)")
    pieces = ("bpe", "wordpiece", "sentencepiece", "words")
    parser.add_argument("--pieces", choices=pieces, default="bpe", help="what texts are cut into (bpe)")
    parser.add_argument("--vocabulary-size", type=positive, default=8000, metavar="N", help="pieces at most (8000)")
    parser.add_argument("--lowercase", action="store_true", help="read and write lower case")
    parser.add_argument("--dim", type=positive, default=256, metavar="N", help="width of the model (256)")
    parser.add_argument("--layers", type=positive, metavar="N", help="of encoder and decoder each (3; recurrent: 1)")
    parser.add_argument("--attention", default="bahdanau", metavar="NAME", help="of the recurrent model (bahdanau)")


def run(options: argparse.Namespace) -> None:
    """Trains, and reports perplexity and accuracy of the dev part."""
    from keras_embed import corpora

    def read(file: str) -> Any:
        return corpora.Translations(corpora.read_tab_separated(file), file)

    train, dev = parts(options, read, corpora.Translations)
    prepared(options)
    translator = _translator(options, train)
    compile_with_rate(translator, options.learning_rate)
    size = options.batch_size or 4096

    def fit() -> None:
        arguments: dict[str, Any] = {} if dev is None else {"validation_data": list(dev)}
        verbose = 0 if options.quiet else "auto"
        translator.fit(list(train), batch_tokens=size, epochs=options.epochs, verbose=verbose, **arguments)

    def scores() -> dict[str, float]:
        if dev is None:
            return {}
        found = translator.evaluate(list(dev), batch_tokens=size, verbose=0, return_dict=True)
        return {f"dev {name}": float(score) for name, score in found.items()}

    finish(options, translator, fit, scores)


def _translator(options: argparse.Namespace, train: Any) -> Any:
    from keras_embed import Translator

    sizes: dict[str, Any] = {"hidden_dim": options.dim}
    count = options.layers or (1 if options.model == "recurrent" else 3)
    sizes |= {"num_encoder_layers": count, "num_decoder_layers": count, "dropout": 0.1}
    if options.model == "recurrent":
        sizes |= {"embedding_dim": options.dim, "attention": options.attention}
    else:
        sizes |= {"feed_forward_dim": 4 * options.dim}
    text = {"kind": options.pieces, "vocabulary_size": options.vocabulary_size, "lowercase": options.lowercase}
    if options.pieces == "words":
        text["vocabulary_size"] = None
    return Translator.from_corpus(list(train), options.model, **text, **sizes)
