"""Training of word vectors: Word2Vec, fastText, GloVe, and co-occurrence counts."""
