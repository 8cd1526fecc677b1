"""Cached outputs of frozen encoders, on disk."""

__all__: list[str] = []
