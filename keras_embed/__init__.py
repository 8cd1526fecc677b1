"""keras_embed: text into vectors, vectors into answers, on Keras 3."""
