"""File formats of word vectors: detection, one reader for each format, and writing."""
