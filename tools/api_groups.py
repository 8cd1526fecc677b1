"""Groups of names on the API pages, for tools/docs_hooks.py.

A name that is in no group of its subpackage is listed after the groups, under "Other".
"""

#: Subpackage -> title of a group -> names, in the order of the page.
GROUPS: dict[str, dict[str, tuple[str, ...]]] = {
    "corpora": {
        "Loading by name": ("load", "names", "describe", "register", "Entry", "File"),
        "Reading files": (
            *("read_conll", "read_conllu", "read_plain", "read_roles", "read_texts", "read_pairs", "read_snli"),
            *("read_sst", "read_sts", "read_squad", "read_translations", "read_parallel", "read_tab_separated"),
        ),
        "Data": (
            *("Corpus", "Sentence", "LabelledTexts", "LabelledPairs", "Translations"),
            *("Questions", "Question", "Answer", "write_squad_predictions"),
        ),
    },
    "layers": {
        "Embeddings": (
            *("WordEmbedding", "SubwordEmbedding", "PartlyFrozenEmbedding", "CharacterCNN", "CharacterLSTM"),
            *("CasingEmbedding", "PredicateEmbedding", "ElmoEmbedding", "ScalarMix", "EmbeddingBag"),
        ),
        "TF-IDF": ("TfidfVectorization",),
        "Linear chains": (
            *("CRF", "IndependentTags", "TagConstraints", "CRFDecode"),
            *("CRFMarginals", "CRFKBest", "CRFSample", "CRFEntropy"),
        ),
        "Pooling": ("MeanPooling", "MaxPooling", "FirstPooling", "LastPooling", "AttentionPooling"),
        "Attention": (
            *("BahdanauAttention", "LuongAttention", "LocalAttention", "LocationSensitiveAttention"),
            *("MonotonicAttention", "CoverageAttention", "MultiHeadAttention"),
            *("AttentionFlow", "SelfAttentionFlow", "SoftAlignment"),
        ),
        "Encoders and decoders": (
            *("TransformerEncoder", "TransformerDecoder", "RecurrentDecoder", "HighwayLSTM"),
            *("SinusoidalPositions", "LearnedPositions", "RotaryPositions", "RelativePositions"),
            *("ScheduledSampling", "ParallelScheduledSampling"),
        ),
        "Regularization": ("VariationalDropout", "WordDropout"),
    },
    "metrics": {
        "Tags": ("EntityF1", "TagAccuracy", "SpanF1", "entity_scores", "role_scores"),
        "Classes and scores": ("ClassF1", "classification_report", "Matthews", "Pearson", "Spearman"),
        "Answers": ("SpanMatch", "squad_scores", "best_no_answer_threshold"),
        "Text generation": ("TokenAccuracy", "TokenPerplexity"),
    },
    "tasks": {
        "Tasks": (
            *("Tagger", "TextClassifier", "PairClassifier", "SpanQA", "Translator", "LanguageModel"),
            *("MaskedLanguageModel", "BidirectionalLanguageModel"),
        ),
        "Answers": (
            *("TaggedSentence", "TaggedSpan", "ClassifiedText", "AnsweredQuestion", "FoundAnswer", "TranslatedText"),
            *("Hypothesis", "GeneratedText", "Continuation", "FilledText", "Filling"),
        ),
        "Base classes": ("StringTask",),
    },
    "text": {
        "Vocabularies": (
            *("Vocabulary", "LanguageModelVocabulary", "CharacterVocabulary", "ByteCharacters", "ElmoCharacters"),
            *("ElmoCodePoints", "SubwordIndex", "CharacterNgrams", "elmo_features"),
        ),
        "Pipelines": (
            *("Pipeline", "Step", "WordStep", "HostWordStep", "Lowercase", "StripAccents", "UnicodeNormalize"),
            *("TokenPattern", "WordNgrams", "WordNormalizer", "KeepWords", "StopWords", "SnowballStemmer"),
            *("Lemmatizer", "UposKeys", "TermCounts"),
        ),
        "Tags and spans": (
            *("TagScheme", "register_scheme", "infer_scheme", "convert", "allowed_transitions", "spans", "Span"),
            *("mark_predicate",),
        ),
    },
    "tokenizers": {
        "Subword tokenizers": (
            *("SubwordTokenizer", "BytePairSubwordTokenizer", "WordPieceSubwordTokenizer"),
            *("SentencePieceSubwordTokenizer", "WholeWordTokenizer", "EncoderTokenizer"),
        ),
        "Splitters": ("WordTokenizer", "WhitespaceTokenizer", "MosesTokenizer", "SentenceSplitter", "Tokenize"),
        "Features of words": ("WordFeaturizer", "WordFeature", "PredicateTokenizer", "mark_predicate"),
    },
    "vectors": {
        "Loading and saving": ("load", "save_word2vec", "register_format", "ReadReport", "storage"),
        "Vectors": ("WordVectors", "Neighbor", "Subwords", "UnknownWordError", "QuantizedMatrix", "align", "Coverage"),
        "Training": ("train_word2vec", "train_fasttext", "train_glove", "cooccurrences", "Cooccurrences"),
        "Evaluation": ("evaluation", "evaluate_similarity", "evaluate_analogies"),
    },
}


def grouped(room: str, names: list[str]) -> dict[str, list[str]]:
    """Returns the names of a subpackage by group; without groups, all under the title ""."""
    if room not in GROUPS:
        return {"": names}
    groups = {title: [name for name in members if name in names] for title, members in GROUPS[room].items()}
    placed = {name for members in groups.values() for name in members}
    groups["Other"] = [name for name in names if name not in placed]
    return {title: members for title, members in groups.items() if members}
