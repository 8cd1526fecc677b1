"""Recipes of the benchmark's taggers."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Recipe:
    """Recipe of a tagger without pretrained vectors: words, characters, casing, a bidirectional LSTM and a CRF.

    Attributes:
        corpus: name in `keras_embed.corpora`; the model is trained on its train split and scored on its dev split.
        epochs: maximum number of epochs, over which the learning rate decays to zero.
        batch_size: sentences per batch.
        min_count: words with a lower count are out-of-vocabulary.
        word_dim, char_dim, casing_dim: embedding dimensions.
        unknown_dropout: rate at which words are replaced by the unknown token.
        word_dropout: dropout rate of the word embeddings.
        char_filters: number of filters of each width in `kernel_sizes`.
        hidden_dim, num_layers: units per direction and layers of the LSTM.
        dropout: rate of variational dropout around the LSTM layers.
        learning_rate: initial learning rate of Adam, with cosine decay.
        weight_decay: decoupled weight decay; 0 disables it.
        clipnorm: maximum global norm of the gradient.
        ema_momentum: momentum of the moving average of the weights that is evaluated. It covers about
            1 / (1 - momentum) steps; a run that stops before a few times as many is evaluated near its initial weights.
    """

    corpus: str
    epochs: int
    batch_size: int = 32
    min_count: int = 2
    word_dim: int = 100
    char_dim: int = 30
    casing_dim: int = 8
    unknown_dropout: float = 0.15
    word_dropout: float = 0.0
    char_filters: int = 50
    kernel_sizes: tuple[int, ...] = (2, 3, 4)
    hidden_dim: int = 150
    num_layers: int = 2
    dropout: float = 0.5
    learning_rate: float = 3e-3
    weight_decay: float = 0.0
    clipnorm: float = 5.0
    ema_momentum: float = 0.998


RECIPES = {
    "upos": Recipe("ud_english_ewt", epochs=28, unknown_dropout=0.2, word_dropout=0.2, hidden_dim=200),
    "ner": Recipe("wnut17", epochs=14, batch_size=16, num_layers=1, hidden_dim=150, unknown_dropout=0.1),
}


def make_tagger(recipe: Recipe, train: Any) -> Any:
    """Returns the compiled tagger of a recipe, with vocabularies learned from the training set."""
    import keras

    import keras_embed as ke

    preprocessor = ke.preprocessors.TaggerPreprocessor.from_corpus(train, min_count=recipe.min_count)
    tokenizer = preprocessor.tokenizer
    embeddings = [
        ke.layers.WordEmbedding(
            tokenizer.vocabulary_size(),
            recipe.word_dim,
            unknown_dropout=recipe.unknown_dropout,
            dropout=recipe.word_dropout,
        ),
        ke.layers.CharacterCNN(len(tokenizer.characters), recipe.char_dim, recipe.char_filters, recipe.kernel_sizes),
        ke.layers.CasingEmbedding(len(ke.text.characters.CASING_CLASSES), recipe.casing_dim),
    ]
    backbone = ke.backbones.RecurrentBackbone(
        embeddings, hidden_dim=recipe.hidden_dim, num_layers=recipe.num_layers, dropout=recipe.dropout
    )
    tagger = ke.Tagger(backbone, preprocessor=preprocessor)
    steps = recipe.epochs * -(-len(train) // recipe.batch_size)
    tagger.compile(
        keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(recipe.learning_rate, steps),
            global_clipnorm=recipe.clipnorm,
            weight_decay=recipe.weight_decay or None,
            use_ema=True,
            ema_momentum=recipe.ema_momentum,
        )
    )
    return tagger
