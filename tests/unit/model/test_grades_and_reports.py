"""How far a fact is trusted, and what many judgements come to."""

from datetime import UTC, datetime, timedelta

import pytest

from remarque.model.grades import Dating, Grade, grade_of
from remarque.model.reports import Check, Outcome, Report

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def dated(*, imported=False, came=timedelta(0), stamped=None, queued=False):
    return Dating(
        imported=imported,
        recorded=NOON,
        came_into_being=None if came is None else NOON - came,
        stamped=None if stamped is None else NOON + stamped,
        stamp_queued=queued,
    )


@pytest.mark.parametrize(
    ("dating", "grade"),
    [
        (dated(came=timedelta(minutes=10), stamped=timedelta(hours=24)), Grade.CONTEMPORANEOUS),
        (dated(came=None, stamped=timedelta(hours=1)), Grade.CONTEMPORANEOUS),
        (dated(came=timedelta(minutes=11), stamped=timedelta(hours=1)), Grade.RECORDED),
        (dated(stamped=timedelta(hours=25)), Grade.RECORDED),
        (dated(queued=True), Grade.RECORDED),
        (dated(), Grade.SELF_ATTESTED),
        (dated(imported=True, stamped=timedelta(hours=1)), Grade.IMPORTED),
        (dated(imported=True), Grade.IMPORTED),
    ],
)
def test_each_grade_is_earned_as_the_words_say(dating, grade):
    assert grade_of(dating) is grade


@pytest.mark.parametrize(
    "dating",
    [
        dated(stamped=timedelta(hours=-1)),
        dated(came=timedelta(hours=-1), stamped=timedelta(hours=1)),
    ],
)
def test_clocks_that_contradict_each_other_never_make_a_fact_contemporaneous(dating):
    assert grade_of(dating) is Grade.RECORDED


def report(*outcomes):
    return Report("a bundle", tuple(Check("check", one, "thing", "Said.") for one in outcomes))


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        (("holds", "holds"), "holds"),
        (("holds", "fails", "undecided"), "fails"),
        (("holds", "undecided"), "undecided"),
        (("holds", "not-applicable"), "holds"),
        (("not-applicable",), "undecided"),
        ((), "undecided"),
    ],
)
def test_the_outcome_of_many_checks(outcomes, expected):
    assert report(*map(Outcome, outcomes)).outcome == expected


def test_a_report_is_never_taken_for_yes_or_no_by_accident():
    with pytest.raises(TypeError, match="outcome"):
        bool(report(Outcome.HOLDS))
