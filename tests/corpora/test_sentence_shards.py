import gzip
import json

import pytest

from keras_embed.corpora.sentence_shards import SentenceShards


@pytest.fixture
def files(tmp_path):
    for shard in range(3):
        text = "".join(f"s{shard} w{number}\n" for number in range(4))
        with gzip.open(tmp_path / f"shard{shard}.gz", "wt") as file:
            file.write(text)
    return [tmp_path / f"shard{shard}.gz" for shard in range(3)]


def take(shards, count):
    return [shards.next_sentence() for _ in range(count)]


def test_each_pass_has_every_sentence_once_and_shards_stay_together(files):
    shards = SentenceShards(files, seed=1)
    passes = [take(shards, 12) for _ in range(4)]
    assert all(sorted(sentences) == sorted(shards.once()) for sentences in passes)
    assert len({tuple(sentences) for sentences in passes}) == 4
    for sentences in passes:
        assert all(len({s for s, _ in sentences[i : i + 4]}) == 1 for i in (0, 4, 8))


def test_without_shuffling_the_order_is_the_files(files):
    shards = SentenceShards(files, shuffle=False)
    assert take(shards, 24) == [*shards.once()] * 2


def test_seeds_tell_streams_apart(files):
    streams = [take(SentenceShards(files, seed=seed), 12) for seed in (0, 1, (0, 1), (1, 0), 0)]
    assert len(set(map(tuple, streams))) == 4 and streams[0] == streams[-1]


@pytest.mark.parametrize("done", [0, 3, 4, 11, 12, 30])
def test_a_position_goes_through_json(files, done):
    shards = SentenceShards(files, seed=5)
    take(shards, done)
    position = json.loads(json.dumps(shards.position()))
    expected = take(shards, 15)
    again = SentenceShards(files, seed=5)
    again.seek(position)
    assert again.position() == position
    assert take(again, 15) == expected


def test_no_files_and_one_path_are_refused():
    for files in ([], "shard.txt"):
        with pytest.raises(ValueError, match="a list of at least one path"):
            SentenceShards(files)


def test_an_empty_shard_is_named(tmp_path):
    (tmp_path / "empty.txt").write_text("\n")
    with pytest.raises(ValueError, match="empty.txt, line 1: Expected at least one sentence"):
        SentenceShards([tmp_path / "empty.txt"]).next_sentence()
