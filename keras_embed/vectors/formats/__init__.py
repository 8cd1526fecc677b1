"""Files of word vectors: one format a file, behind `load` and `save_word2vec`."""
