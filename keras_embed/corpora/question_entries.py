"""The questions about texts that the registry knows from the start."""

from keras_embed.corpora.entry import Entry, File
from keras_embed.corpora.fairytaleqa import SPLITS, read_fairytaleqa
from keras_embed.corpora.questions import Questions
from keras_embed.corpora.squad import read_squad

_SQUAD = "https://rajpurkar.github.io/SQuAD-explorer"


def _squad_entry(name: str, version: str, description: str, citation: str) -> Entry:
    """Without checksums: none was ever taken. The test sets are not public."""
    files = {split: f"{split}-v{version}.json" for split in ("train", "dev")}
    return Entry(
        name=name,
        folder="squad",
        splits={split: (File(path, f"{_SQUAD}/dataset/{path}"),) for split, path in files.items()},
        reader=read_squad,
        corpus=Questions,
        tags=None,
        description=description,
        licence="CC-BY-SA-4.0",
        citation=citation,
        homepage=_SQUAD,
    )


ENTRIES = (
    Entry(
        name="fairytaleqa",
        # Without an address: it is an archive of a repository's folder, made by hand.
        splits={
            split: (
                File(
                    "fairytaleqa_by_split.tar",
                    sha256="40d213a5b94af9a1108002e18144dc6b235acd5e2038ea4c1c54f89e3a72fc3a",
                ),
            )
            for split in SPLITS
        },
        reader=read_fairytaleqa,
        corpus=Questions,
        tags=None,
        description="Questions about fairy tales in English, by experts in education; see `comments` for their kinds.",
        licence="Apache-2.0",
        citation="Xu et al. 2022. Fantastic Questions and Where to Find Them: FairytaleQA - An Authentic Dataset for "
        "Narrative Comprehension. ACL 2022.",
        homepage="https://github.com/uci-soe/FairytaleQAData",
        one_archive=True,
    ),
    _squad_entry(
        "squad",
        "1.1",
        "Questions about paragraphs of the English Wikipedia, all of which have an answer there.",
        "Rajpurkar, Zhang, Lopyrev, Liang 2016. SQuAD: 100,000+ Questions for Machine Comprehension of Text. EMNLP "
        "2016.",
    ),
    _squad_entry(
        "squad2",
        "2.0",
        "Questions about paragraphs of the English Wikipedia, a third of which have no answer there.",
        "Rajpurkar, Jia, Liang 2018. Know What You Don't Know: Unanswerable Questions for SQuAD. ACL 2018.",
    ),
)
