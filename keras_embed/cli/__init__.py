"""The command line: `keras-embed`, or `python -m keras_embed`."""

from keras_embed.cli.program import main

__all__ = ["main"]
