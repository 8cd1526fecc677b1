"""Learning the word pieces of a BERT."""

from collections.abc import Iterable

from keras_embed._errors import check_positive

#: The first pieces of a vocabulary that `bert_pieces` learns: padding, unknown, start, end and what hides a piece.
BERT_SPECIAL_PIECES = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def bert_pieces(
    texts: Iterable[str], vocabulary_size: int = 8000, lowercase: bool = True, min_count: int = 2
) -> tuple[str, ...]:
    """The word pieces of some texts, cut as BERT's own tokenizer cuts them: at white space and around punctuation.

    Args:
        texts: strings.
        vocabulary_size: greatest number of pieces, the five special ones included. All characters are among them.
        lowercase: whether texts are put into lower case.
        min_count: pairs of pieces seen less often are not merged.

    Returns:
        the pieces by number: `BERT_SPECIAL_PIECES`, then the others, sorted, so that equal texts give equal numbers;
        "##" marks a piece that does not begin a word.

    Raises:
        ValueError: unless `vocabulary_size` is a positive integer.

    References:
        Schuster and Nakajima 2012, https://research.google/pubs/pub37842/; Devlin et al. 2019, section 3,
        https://arxiv.org/abs/1810.04805

    Example:
    >>> bert_pieces(["A dog, a dog."], vocabulary_size=20)[5:]
    ('##g', '##o', ',', '.', 'a', 'd', 'do', 'dog', 'g', 'o')
    """
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

    check_positive("vocabulary_size", vocabulary_size)
    learner = Tokenizer(models.WordPiece(unk_token=BERT_SPECIAL_PIECES[1]))
    learner.normalizer = normalizers.BertNormalizer(lowercase=lowercase, strip_accents=False)
    learner.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=vocabulary_size,
        min_frequency=min_count,
        special_tokens=list(BERT_SPECIAL_PIECES),
        continuing_subword_prefix="##",
        show_progress=False,
    )
    learner.train_from_iterator(texts, trainer)
    return (*BERT_SPECIAL_PIECES, *sorted(set(learner.get_vocab()) - set(BERT_SPECIAL_PIECES)))
