"""Rows on disk: complete or absent, whatever happens to the process or the files."""

import os
import resource
import subprocess
import sys

import numpy as np
import pytest

from keras_embed.caching.row_store import RowStore

SHAPE = (2, 3)


def key(number):
    return number.to_bytes(16, "little")


def array(number, count=None):
    count = number % 4 + 1 if count is None else count
    return np.arange(count * 6, dtype="float16").reshape(count, *SHAPE) + number


def kept(folder, name="abc"):
    return RowStore(folder, name, SHAPE)


def filled(folder, numbers, name="abc"):
    rows = kept(folder, name)
    for number in numbers:
        rows.write([key(number)], [array(number)])
    rows.close()
    return rows


def file_of(folder, suffix):
    [path] = folder.glob(f"*{suffix}")
    return path


def check(rows, numbers):
    for number in numbers:
        np.testing.assert_array_equal(rows.rows(key(number)), array(number))


def test_what_is_written_is_read_at_once_and_later(tmp_path):
    rows = kept(tmp_path)
    rows.write([key(1), key(2)], [array(1), array(2)])
    check(rows, (1, 2))
    rows.write([key(3)], [array(3)])
    check(rows, (1, 2, 3))
    check(kept(tmp_path), (1, 2, 3))  # while the first still writes
    assert kept(tmp_path).missing([key(9), key(1), key(9), key(5)]) == [key(9), key(5)]


def test_nothing_is_made_before_the_first_write(tmp_path):
    assert kept(tmp_path / "new").missing([key(1)]) == [key(1)]
    assert not (tmp_path / "new").exists()


def test_rows_of_other_fingerprints_never_meet(tmp_path):
    filled(tmp_path, [1], "abc")
    assert kept(tmp_path, "abd").missing([key(1)]) == [key(1)]
    with pytest.raises(KeyError):
        kept(tmp_path, "abd").rows(key(1))


@pytest.mark.parametrize("suffix", [".index", ".rows"])
def test_a_file_cut_anywhere_holds_what_was_whole(tmp_path, suffix):
    filled(tmp_path, range(5))
    path = file_of(tmp_path, suffix)
    content = path.read_bytes()
    fewer = []
    for end in range(0, len(content), 7):
        path.write_bytes(content[:end])
        rows = kept(tmp_path)
        missing = rows.missing(map(key, range(5)))
        assert missing == [key(n) for n in range(5 - len(missing), 5)]
        check(rows, range(5 - len(missing)))
        fewer.append(len(missing))
    assert fewer == sorted(fewer, reverse=True)
    assert fewer[0] == 5


@pytest.mark.parametrize("suffix", [".index", ".rows"])
def test_a_changed_byte_costs_one_array_and_a_second_copy_heals_it(tmp_path, suffix):
    filled(tmp_path, range(3))
    path = file_of(tmp_path, suffix)
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    rows = kept(tmp_path)
    assert rows.missing(map(key, range(3))) == [key(2)]
    rows.write([key(2)], [array(2)])
    check(rows, range(3))
    check(kept(tmp_path), range(3))


def test_zeros_behind_the_end_do_not_count(tmp_path):
    """After a power cut a file may be longer than what reached the disk."""
    filled(tmp_path, [1])
    for suffix in (".index", ".rows"):
        with open(file_of(tmp_path, suffix), "ab") as file:
            file.write(bytes(1000))
    check(kept(tmp_path), [1])
    assert kept(tmp_path).missing([bytes(16)]) == [bytes(16)]


def test_two_may_write_at_once(tmp_path):
    first, second = kept(tmp_path), kept(tmp_path)
    for number in range(4):
        (first, second)[number % 2].write([key(number)], [array(number)])
        second.write([key(9)], [array(9)])
        first.write([key(9)], [array(9)])
    check(kept(tmp_path), [*range(4), 9])


def test_a_killed_process_leaves_what_it_had_written(tmp_path):
    script = (
        "import os, sys; sys.path[:0] = [{tests!r}, {root!r}]\n"
        "from pathlib import Path\n"
        "from caching.test_row_store import array, kept, key\n"
        "rows = kept(Path({folder!r}))\n"
        "for number in range(3): rows.write([key(number)], [array(number)])\n"
        "os.kill(os.getpid(), 9)\n"
    )
    tests = os.path.dirname(os.path.dirname(__file__))
    script = script.format(tests=tests, root=os.path.dirname(tests), folder=str(tmp_path))
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -9
    check(kept(tmp_path), range(3))


def test_a_full_disk_is_an_error_that_breaks_nothing(tmp_path):
    rows = filled(tmp_path, [1])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(OSError, match="Expected 24000 bytes more on the disk of .* Received: .*File too large"):
            rows.write([key(2)], [array(2, 2000)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    check(rows, [1])
    assert kept(tmp_path).missing([key(2)]) == [key(2)]
    rows.write([key(3)], [array(3)])
    check(kept(tmp_path), [1, 3])
