"""Work in parts: finished parts are not repeated, and order is kept."""

import pytest

from soundalike.runtime.parts import (
    Part,
    cut_by_size,
    cut_into_parts,
    finished_records,
    parts_to_do,
    read_records,
)


@pytest.mark.parametrize(
    ("n_items", "sizes"), [(0, []), (1, [1]), (3, [3]), (4, [3, 1]), (9, [3, 3, 3])]
)
def test_parts_are_consecutive_items(tmp_path, n_items, sizes):
    parts = list(cut_into_parts(range(n_items), 3, tmp_path))
    assert [len(part.items) for part in parts] == sizes
    assert [item for part in parts for item in part.items] == list(range(n_items))
    assert [part.number for part in parts] == list(range(len(sizes)))


def test_only_a_finished_part_counts_as_done(tmp_path):
    first, second, third = parts_to_do("abcdef", 2, tmp_path)
    second.finish({"n": 2})
    third.file(".data").write_text("killed before its record was written")
    assert list(parts_to_do("abcdef", 2, tmp_path)) == [first, third]
    assert list(tmp_path.glob("*.partial")) == []


def test_records_are_in_the_order_of_the_parts(tmp_path):
    parts = list(parts_to_do(range(12), 1, tmp_path))
    for part in reversed(parts):
        part.finish(part.items)
    assert list(read_records(tmp_path)) == [[item] for item in range(12)]
    assert finished_records(tmp_path) == [part.file(".json") for part in parts]
    assert not list(parts_to_do(range(12), 1, tmp_path))


def test_more_parts_than_their_numbers_have_digits_for_are_in_order(tmp_path):
    for number in (10**7, 10**7 - 1, 3):
        Part(tmp_path, number, []).finish(number)
    assert list(read_records(tmp_path)) == [3, 10**7 - 1, 10**7]


def test_items_are_taken_only_as_parts_are_asked_for(tmp_path):
    taken = []
    parts = parts_to_do((taken.append(item) or item for item in range(100)), 4, tmp_path)
    next(parts)
    assert taken == [0, 1, 2, 3]


def test_a_record_that_cannot_be_written_does_not_exist(tmp_path):
    (part,) = parts_to_do("a", 1, tmp_path)
    with pytest.raises(TypeError):
        part.finish({1j})
    assert list(tmp_path.iterdir()) == []


def test_parts_are_cut_by_number_and_by_size():
    sizes = [1, 1, 1, 1, 9, 30, 2, -1, 3]
    parts = list(cut_by_size(sizes, 3, 10))
    assert [list(part) for part in parts] == [[0, 1, 2], [3, 4], [5], [6, 7, 8]]
    for done in (3, 5, 6):  # an interrupted run continues with the same parts
        rest = [[item + done for item in part] for part in cut_by_size(sizes[done:], 3, 10)]
        assert rest == [list(part) for part in parts if part.start >= done]
    assert list(cut_by_size([], 3, 10)) == []
