"""The sections of RESULTS.md, with the commands that produce their figures and their durations."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Section:
    """A section of the page.

    Args:
        name: identifier for the command line and for the output file.
        heading: heading of the section in RESULTS.md.
        commands: commands as written in the section. `DATA` is the folder of the real data sets.
        minutes: approximate duration of all commands on two cores.
        kept: files and folders with results of earlier runs, from which the commands would resume.
    """

    name: str
    heading: str
    commands: tuple[str, ...]
    minutes: int
    kept: tuple[str, ...] = ()


SECTIONS = (
    Section(
        "crf",
        "CRF: loss with gradients, and decoding, against pytorch-crf",
        ("python -m benchmarks crf",),
        10,
    ),
    Section(
        "tagger_upos",
        "Tagger: English parts of speech, UD English-EWT, dev part",
        ("python -m benchmarks tagger upos --minutes 20",),
        20,
    ),
    Section(
        "tagger_ner",
        "Tagger: unusual names, WNUT17, dev part: the baseline",
        ("python -m benchmarks tagger ner --minutes 6",),
        3,
    ),
    Section("tfidf", "TF-IDF: against scikit-learn and Keras' own layer", ("python -m benchmarks tfidf",), 5),
    Section("vectors_io", "Reading word vectors", ("python -m benchmarks vectors_io",), 5),
    Section("skipgram", "Word2Vec: speed", ("python -m benchmarks skipgram",), 30),
    Section("vector_scores", "Word vectors: scores", ("python -m benchmarks vector_scores --seeds 1 2",), 30),
    Section(
        "classify",
        "Text classification: ten folds of MR and Subj",
        ("python -m benchmarks classify --kinds sklearn sklearn_terms linear ratios --threads 1",),
        10,
    ),
    Section(
        "elmo_tiny",
        "ELMo: language models of this project against Kneser-Ney",
        (
            "KERAS_BACKEND=jax python tools/train_elmo_tiny.py en --data DATA --out build/elmo_tiny_en/preset",
            "KERAS_BACKEND=jax python tools/train_elmo_tiny.py ru --data DATA --out build/elmo_tiny_ru/preset",
        ),
        75,
        kept=("build/elmo_tiny_en", "build/elmo_tiny_ru"),
    ),
    Section("elmo", "ELMo: speed at full size", ("python -m benchmarks elmo --threads 1 --runs 1 --batches 1",), 15),
    Section(
        "transfer",
        "ELMo: frozen transfer",
        ("python -m benchmarks transfer --plot docs/images/elmo_transfer.png",),
        360,
        kept=("build/benchmarks/transfer.jsonl", "build/benchmarks/transfer_features"),
    ),
    Section(
        "similarity",
        "Similarity of sentences: ESIM on the STS benchmark",
        ("python -m benchmarks similarity --threads 1",),
        40,
    ),
    Section(
        "pretraining",
        "Pre-training: a small encoder against the same from scratch",
        ("python -m benchmarks pretraining --threads 1",),
        90,
        kept=("build/benchmarks/encoder", "build/benchmarks/pretraining.jsonl"),
    ),
    Section(
        "spans",
        "Answers in a text: FairytaleQA",
        ("python -m benchmarks spans --threads 1",),
        50,
        kept=("build/benchmarks/tales_vectors",),
    ),
    Section(
        "translation",
        "Translation: Multi30k",
        ("python -m benchmarks translation --plot docs/images/bleu_by_length.png",),
        110,
    ),
    Section(
        "translation_speed",
        "Translation: speed against PyTorch and CTranslate2",
        ("python -m benchmarks translation_speed --threads 1 --runs 3",),
        30,
    ),
    Section("padding", "Padding", ("python -m benchmarks padding",), 3),
    Section("import_time", "Import", ("python -m benchmarks import_time",), 3),
    Section("fresh_clone", "Tests and demo", ("python -m benchmarks fresh_clone",), 45),
)
