"""The command line program `keras-embed`, also `python -m keras_embed`."""

from keras_embed.cli.program import main

__all__ = ["main"]
