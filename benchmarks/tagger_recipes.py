"""How the benchmark's taggers are made and trained."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Recipe:
    """A tagger without pretrained vectors: words, characters and casing, a bidirectional LSTM, a CRF.

    Attributes:
        corpus: name in the registry of `keras_embed.corpora`; its train part is trained on, its dev part scored.
        epochs: at most; the learning rate falls to zero over them.
        batch_size: sentences.
        min_count: rarer words are unknown.
        word_dim, char_dim, casing_dim: widths of the vectors.
        unknown_dropout: rate at which words are read as unknown.
        word_dropout: rate of dropout on the words' vectors.
        char_filters: of each width in `kernel_sizes`.
        hidden_dim, num_layers: of the LSTM, each direction.
        dropout: variational, around the LSTM's layers.
        learning_rate: Adam's at the start, falling as a cosine.
        weight_decay: decoupled; 0 for none.
        clipnorm: global norm of the gradient.
        ema_momentum: of the moving average of the weights that is scored. It remembers 1 / (1 - momentum) steps; a run
            that the clock ends before it has made a few times as many is scored on weights near the random first ones.
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
    """The compiled tagger of a recipe, its vocabularies learnt from the train part."""
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
