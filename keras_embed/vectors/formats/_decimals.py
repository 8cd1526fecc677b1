"""Exact vectorised parsing of decimal numbers to float32, eight digits in one 64-bit word.

A number of at most 16 characters after its sign, `-12.345`, is loaded as two words that end where it ends: the `early`
and the `late` half, the last character in the highest byte. The point is removed, and the digits of a word become an
integer by three multiplications (D. Lemire, "Quickly parsing eight digits", 2018). An integer below 2**53 over a power
of ten up to 10**22 is rounded once, by the division (W. Clinger 1990), so it is the double that `float(text)` returns.
Other notations, such as `1e-05`, are parsed by C.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

#: Bytes that must precede the first number, because two words are loaded from the end of each number.
WIDTH = 16

_U = np.uint64
_EACH = 0x0101010101010101  # times a byte: that byte eight times
_ZEROS, _SIXES, _HIGH_NIBBLES = _U(0x30 * _EACH), _U(0x06 * _EACH), _U(0xF0 * _EACH)
_POINT_BITS, _POINT = _U(0x10 * _EACH), _U(ord(".") ^ 0x30)  # the bit that a point has and no digit, after ^ "0"
_PAIRS, _HUNDREDS, _TEN_THOUSANDS = _U(0x000000FF000000FF), _U(0x000F424000000064), _U(0x0000271000000001)
# Which bits of the two words belong to a number of n characters, n = 0 ... 16.
_ALL = 2**64 - 1
_EARLY_BITS = np.array([_ALL << 8 * (16 - max(n, 8)) & _ALL for n in range(WIDTH + 1)], np.uint64)
_LATE_BITS = np.array([_ALL << 8 * (8 - min(n, 8)) & _ALL for n in range(WIDTH + 1)], np.uint64)
# The divisor of the integer by the byte of the point, 0 ... 7; then the same for negative numbers.
_LATE_SCALES = np.array([s * 10.0 ** (7 - byte) for s in (1, -1) for byte in range(8)])
_EARLY_SCALES = np.array([s * 10.0 ** (15 - byte) for s in (1, -1) for byte in range(8)])


class _Words(NamedTuple):
    early: NDArray[np.uint64]
    late: NDArray[np.uint64]
    size: NDArray[np.int64]
    negative: NDArray[np.bool_]

    def some(self, rows: NDArray[np.int64]) -> "_Words":
        return _Words(self.early[rows], self.late[rows], self.size[rows], self.negative[rows])


def parse(text: bytes, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.float32] | None:
    """Parses numbers.

    Args:
        text: the numbers, with at least `WIDTH` bytes before the first one.
        starts: (N,) offsets of the numbers.
        ends: (N,) offsets one past their last bytes.

    Returns:
        (N,) `np.float32(float(number))` of each, or `None` if one of them is not a number.
    """
    words = _load(text, starts, ends)
    values, right = _point_late(words)
    rest = np.flatnonzero(~right)
    for kernel in (_point_early, _no_point):
        if len(rest):
            values[rest], right = kernel(words.some(rest))
            rest = rest[~right]
    if len(rest):
        fields = [text[start:end] for start, end in zip(starts[rest].tolist(), ends[rest].tolist(), strict=True)]
        read = by_c(fields)
        if read is None:
            return None
        values[rest] = read
    with np.errstate(over="ignore"):
        return values.astype(np.float32)


def _load(text: bytes, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> _Words:
    negative = np.frombuffer(text, np.uint8).take(starts, mode="clip") == ord("-")
    size = ends - starts - negative
    # Sixteen bytes from every offset; complex128 is only the type of that width that is copied fastest.
    pairs = np.ndarray((len(text) - WIDTH + 1,), np.complex128, text, 0, (1,))[ends - WIDTH].view("<u8")
    pairs ^= _ZEROS
    early, late = _EARLY_BITS.take(size, mode="clip"), _LATE_BITS.take(size, mode="clip")
    early &= pairs[0::2]
    late &= pairs[1::2]
    return _Words(early, late, size, negative)


def _point_late(words: _Words) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Returns values, and True for the correct ones: those with the point among the last eight characters."""
    digits, scale, wrong, pointed = _cut_point(words.late, words.negative, _LATE_SCALES)
    number = _integer(digits)
    if words.size.max(initial=0) > 8:
        wrong |= _no_digits(words.early)
        before = _integer(words.early)
        before *= _U(10**7)
        number += before
    values = number.astype(np.float64)
    values /= scale
    pointed &= wrong == 0
    pointed &= words.size > 1
    pointed &= words.size <= WIDTH
    return values, pointed


def _point_early(words: _Words) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Returns values, and True for the correct ones: those with at least eight digits after the point."""
    digits, scale, wrong, pointed = _cut_point(words.early, words.negative, _EARLY_SCALES)
    wrong |= _no_digits(words.late)
    number = _integer(digits) * _U(10**8) + _integer(words.late)
    return number.astype(np.float64) / scale, pointed & (wrong == 0) & (words.size <= WIDTH)


def _no_point(words: _Words) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Returns values, and True for the correct ones: those of digits only."""
    wrong = _no_digits(words.early) | _no_digits(words.late)
    number = _integer(words.early) * _U(10**8) + _integer(words.late)
    right = (wrong == 0) & (words.size > 0) & (words.size <= WIDTH) & (number < _U(2**53))
    return number.astype(np.float64) * np.where(words.negative, -1.0, 1.0), right


def _cut_point(
    word: NDArray[np.uint64], negative: NDArray[np.bool_], scales: NDArray[np.float64]
) -> tuple[NDArray[np.uint64], NDArray[np.float64], NDArray[np.uint64], NDArray[np.bool_]]:
    """Removes the point.

    Returns:
        The digits, their divisors, bits that are set in invalid words, and True for words with a point.
    """
    bit = word & _POINT_BITS
    unit = bit >> _U(4)  # the lowest bit of the point's byte
    without = unit * _POINT
    without ^= word
    wrong = _no_digits(without)
    there = unit * _U(0xFF)
    there &= without
    wrong |= there
    np.subtract(bit, _U(1), out=there)
    there &= bit  # 0 where there is one point only
    wrong |= there
    # The exponent of a double is the index of the bit that is set: (1023 + 8 * byte) >> 3 is 127 + byte.
    byte = unit.astype(np.float64).view(np.int64)
    byte >>= 55
    byte -= 127
    byte += np.left_shift(negative, 3, dtype=np.int64)
    unit -= _U(1)
    unit &= without  # the bytes before the point, which move up by one byte
    unit *= _U(0xFF)
    without += unit
    return without, scales.take(byte, mode="clip"), wrong, bit != 0


def _no_digits(word: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Returns bits that are set if a byte is not one of 0 ... 9."""
    sums = word + _SIXES
    sums |= word
    sums &= _HIGH_NIBBLES
    return sums


def _integer(digits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Converts eight bytes 0 ... 9 to an integer, the first digit in the lowest byte."""
    pairs, other = digits * _U(10), digits >> _U(8)  # in place from here on: the arrays stay in a core's cache
    pairs += other
    np.right_shift(pairs, _U(16), out=other)
    other &= _PAIRS
    other *= _TEN_THOUSANDS
    pairs &= _PAIRS
    pairs *= _HUNDREDS
    pairs += other
    pairs >>= _U(32)
    return pairs


def by_c(fields: list[bytes]) -> list[float] | None:
    """Parses each field by `float`; `None` if one is not a number. Python's digit groups, `1_000`, are not accepted."""
    if b"_" in b"".join(fields):
        return None
    try:
        return list(map(float, fields))
    except ValueError:
        return None
