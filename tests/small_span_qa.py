"""Small question answering models, trained once for all tests of the task and of its export."""

import functools

import keras
import keras_hub

import keras_embed as ke
from keras_embed.corpora import Answer, Question, Questions
from keras_embed.preprocessors import SpanPreprocessor
from keras_embed.tasks import SpanQA
from keras_embed.tokenizers import EncoderTokenizer

NAMES, PLACES = ("Ada", "Bob", "Eve", "Ян"), ("Rome", "Oslo", "old Bern", "café 🦊")


def _asked():
    for number, name in enumerate(NAMES):
        for place in PLACES[number % 2 :: 2]:
            text = f"{name} lives in {place}."
            yield Question(f"Where does {name} live?", text, (Answer(place, len(name) + 10),), f"{name}/{place}")
            yield Question(f"Who lives in {place}?", text, (Answer(name, 0),), f"who/{name}/{place}")
            yield Question(f"When did {name} leave?", text, (), f"when/{name}/{place}")


QUESTIONS = Questions(_asked(), "small")
LENGTHS = dict(max_length=20, stride=5, max_question_length=8, max_answer_length=4)
FILLER = "It rains, and nobody says a word. "


def make_preprocessor(kind):
    if kind == "joint":
        tokenizer = EncoderTokenizer.train([*QUESTIONS.questions, *QUESTIONS.contexts, FILLER], 200, min_count=1)
        return SpanPreprocessor(tokenizer, **LENGTHS)
    return SpanPreprocessor.from_corpus([*QUESTIONS, Question("", FILLER)], **LENGTHS)


def make_model(kind, preprocessor=None, **kwargs):
    """Untrained. "joint" concatenates question and text, "bidaf" encodes them separately."""
    preprocessor = preprocessor or make_preprocessor(kind)
    if kind == "bidaf":
        embeddings = preprocessor.embeddings(word_dim=8)
        sizes = {"hidden_dim": 6, "num_layers": 1, "num_highway": 0, "dropout": 0.0, "cell": "gru"}
        return SpanQA(ke.backbones.BiDAFBackbone(embeddings, **sizes), preprocessor, **kwargs)
    sizes = {"num_layers": 1, "num_heads": 2, "hidden_dim": 16, "intermediate_dim": 16, "dropout": 0.0}
    size = preprocessor.tokenizer.vocabulary_size()
    return SpanQA(keras_hub.models.BertBackbone(size, max_sequence_length=20, **sizes), preprocessor, **kwargs)


@functools.cache
def trained_model(kind="bidaf"):
    """Trained until it answers its questions; shared by all tests of a process, which do not modify it."""
    keras.utils.set_random_seed(3)
    model = make_model(kind, threshold=0.5)
    model.compile(keras.optimizers.Adam(0.03 if kind == "bidaf" else 0.01), metrics=[])
    model.fit(QUESTIONS, epochs=30, batch_size=15, verbose=0)
    return model
