"""Grades: each of the four words where it is earned, and never where it is not."""

from dataclasses import replace
from datetime import timedelta

import pytest

from remarque.errors import MetadataMalformed
from remarque.model.entry import Kind
from remarque.model.grades import Grade
from remarque.model.history import Manner
from remarque.model.times import format_time, parse_time
from remarque.verifying.grading import LOOPBACK_SENTENCE, CoveringStamp, grade_entry, is_loopback
from remarque.verifying.timestamps import TokenJudgement
from stand_ins.proven_case import LOOPBACK_URL, OUTSIDE_URL, proven_case


def stamp(entry, delay=timedelta(minutes=5), *, size=100, authority=OUTSIDE_URL, known=True):
    judgement = TokenJudgement(True, known, parse_time(entry.time) + delay, signer="CN=tsa")
    return CoveringStamp(size, authority, judgement)


def take(manner=Manner.AS_IT_HAPPENED):
    material = proven_case(manner=manner).material
    entries = [p.stored.entry for p in material.entries]
    return next(entry for entry in entries if entry.kind is Kind.TAKE_IMPORTED)


def with_file_time(entry, moment):
    body = {**entry.body, "picture": {**entry.body["picture"], "modified": moment}}
    return replace(entry, body=body)


def test_recorded_at_once_and_stamped_within_a_day_is_contemporaneous():
    entry = take()
    graded = grade_entry(entry, 4, [stamp(entry)])
    assert (graded.grade, graded.known) == (Grade.CONTEMPORANEOUS, True)
    assert OUTSIDE_URL in graded.sentence


def test_an_unknown_authority_gives_the_grade_and_says_so():
    entry = take()
    graded = grade_entry(entry, 4, [stamp(entry, known=False)])
    assert (graded.grade, graded.known) == (Grade.CONTEMPORANEOUS, False)
    assert "not known here" in graded.sentence


def test_a_known_stamp_counts_before_an_earlier_unknown_one():
    entry = take()
    early = stamp(entry, timedelta(minutes=1), known=False)
    graded = grade_entry(entry, 4, [early, stamp(entry, timedelta(hours=2))])
    assert graded.known


def test_a_stamp_two_days_later_makes_it_recorded():
    entry = take()
    graded = grade_entry(entry, 4, [stamp(entry, timedelta(days=2))])
    assert graded.grade is Grade.RECORDED
    assert "more than 24 hours" in graded.sentence


def test_a_file_an_hour_older_makes_it_recorded():
    entry = take()
    earlier = format_time(parse_time(entry.time) - timedelta(hours=1))
    graded = grade_entry(with_file_time(entry, earlier), 4, [stamp(entry)])
    assert graded.grade is Grade.RECORDED
    assert "more than 10 minutes" in graded.sentence


def test_a_file_from_the_future_makes_it_recorded():
    entry = take()
    later = format_time(parse_time(entry.time) + timedelta(hours=1))
    graded = grade_entry(with_file_time(entry, later), 4, [stamp(entry)])
    assert graded.grade is Grade.RECORDED
    assert "its time is wrong" in graded.sentence


def test_a_file_without_a_usable_time_is_graded_by_its_entry():
    entry = take()
    assert grade_entry(with_file_time(entry, ""), 4, [stamp(entry)]).grade is Grade.CONTEMPORANEOUS


def test_a_stamp_before_the_entry_shows_wrong_clocks():
    entry = take()
    graded = grade_entry(entry, 4, [stamp(entry, timedelta(hours=-1))])
    assert graded.grade is Grade.RECORDED
    assert "one of the clocks is wrong" in graded.sentence


def test_an_import_stays_an_import():
    entry = take(Manner.IMPORTED)
    graded = grade_entry(entry, 4, [stamp(entry)])
    assert (graded.grade, graded.known) == (Grade.IMPORTED, True)
    assert grade_entry(entry, 4, []).grade is Grade.IMPORTED


@pytest.mark.parametrize("authority", [LOOPBACK_URL, "http://localhost/tsa", "https://[::1]:9/"])
def test_a_stamp_from_the_same_machine_counts_for_nothing(authority):
    entry = take()
    graded = grade_entry(entry, 4, [stamp(entry, authority=authority)])
    assert (graded.grade, graded.known) == (Grade.SELF_ATTESTED, False)
    assert LOOPBACK_SENTENCE in graded.sentence


def test_stamps_that_do_not_cover_the_entry_do_not_count():
    entry = take()
    assert grade_entry(entry, 4, [stamp(entry, size=4)]).grade is Grade.SELF_ATTESTED
    assert grade_entry(entry, 4, [stamp(entry, size=5)]).grade is Grade.CONTEMPORANEOUS
    broken = replace(stamp(entry), judgement=TokenJudgement(False, False, parse_time(entry.time)))
    assert grade_entry(entry, 4, [broken]).grade is Grade.SELF_ATTESTED


def test_a_queued_stamp_makes_it_recorded():
    graded = grade_entry(take(), 4, [], stamp_queued=True)
    assert graded.grade is Grade.RECORDED
    assert "has not come yet" in graded.sentence


def test_a_body_of_another_form_is_said():
    with pytest.raises(MetadataMalformed):
        grade_entry(replace(take(), body={}), 4, [])


@pytest.mark.parametrize(
    ("url", "same_machine"),
    [
        ("http://127.0.0.1:8318/", True),
        ("http://127.9.9.9/", True),
        ("http://LOCALHOST./", True),
        ("http://tsa.localhost/", True),
        ("http://0.0.0.0/", True),
        ("http://[::1]/", True),
        ("http://[::ffff:127.0.0.1]/", True),
        ("https://freetsa.org/tsr", False),
        ("https://localhost.example.com/", False),
        ("http://127.0.0.1.example.com/", False),
        ("http://10.0.0.1/", False),
        ("not a url", False),
        ("http://[bad/", False),
        ("", False),
    ],
)
def test_which_authorities_are_on_the_same_machine(url, same_machine):
    assert is_loopback(url) is same_machine
