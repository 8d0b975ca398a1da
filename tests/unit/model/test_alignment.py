"""Laying two sequences side by side, also where items repeat very often."""

from itertools import pairwise

import pytest

from remarque.model.alignment import fit_in_order, longest_common_subsequence


@pytest.mark.parametrize(
    ("before", "after", "length"),
    [
        ("", "", 0),
        ("abc", "", 0),
        ("abc", "abc", 3),
        ("abc", "bc", 2),
        ("aba", "ba", 2),
        ("abcbdab", "bdcaba", 4),
        ("xaby", "xbay", 3),
        ("aaaa", "aa", 2),
    ],
)
def test_the_longest_common_subsequence(before, after, length):
    pairs = longest_common_subsequence(before, after)
    assert len(pairs) == length
    assert all(before[one] == after[other] for one, other in pairs)
    assert pairs == sorted(pairs)


def test_very_many_repeats_still_give_a_sequence_in_order():
    before, after = "ab" * 2000, "ba" * 2000 + "c"
    pairs = longest_common_subsequence(before, after)
    assert len(pairs) >= 2000
    assert all(before[one] == after[other] for one, other in pairs)
    for (one, other), (next_one, next_other) in pairwise(pairs):
        assert one < next_one
        assert other < next_other


def test_the_likest_are_given_to_each_other():
    words = ["red hair"], ["soft light", "blue hair", "smile"]

    def likeness(few, many):
        return len({*words[0][few].split()} & {*words[1][many].split()})

    assert fit_in_order(1, 3, likeness) == [(0, 1)]


def test_all_alike_means_one_by_one_from_the_start():
    assert fit_in_order(2, 4, lambda few, many: 0.0) == [(0, 0), (1, 1)]
    assert fit_in_order(0, 4, lambda few, many: 0.0) == []
    assert fit_in_order(200, 300, lambda few, many: 1.0)[-1] == (199, 199)
