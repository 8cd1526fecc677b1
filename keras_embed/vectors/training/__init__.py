"""Training of word vectors: Word2Vec, fastText, GloVe, and the counts that they need."""
