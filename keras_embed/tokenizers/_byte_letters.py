"""Bytes written as letters, one each, none of them white space: the alphabet of GPT-2's vocabulary files."""

_PRINTABLE = (*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100))
_OTHERS = tuple(byte for byte in range(256) if byte not in _PRINTABLE)
_LETTER = {byte: chr(byte) for byte in _PRINTABLE} | {byte: chr(256 + place) for place, byte in enumerate(_OTHERS)}
_BYTE = {letter: byte for byte, letter in _LETTER.items()}

#: The letters, those of printable bytes first.
LETTERS = tuple(_LETTER.values())


def as_letters(data: bytes) -> str:
    """One letter a byte."""
    return "".join(_LETTER[byte] for byte in data)


def as_bytes(letters: str) -> bytes:
    """The bytes again."""
    return bytes(_BYTE[letter] for letter in letters)
