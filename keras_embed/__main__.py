"""`python -m keras_embed`."""

from keras_embed.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
