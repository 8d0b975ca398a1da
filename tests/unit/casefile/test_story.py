from dataclasses import replace
from datetime import timedelta

import pytest

from remarque.casefile.story import tell_story
from remarque.errors import MetadataMalformed, NotFound
from remarque.model.changes import Category
from remarque.model.entry import Kind, Stamp, StampState
from remarque.model.grades import Grade
from remarque.model.history import Manner
from remarque.verifying.timestamps import TokenJudgement
from stand_ins.galaxy_case import SIGHTING, START, GalaxyWishes, galaxy_case


def test_the_takes_stand_in_the_order_of_the_ledger_with_what_changed():
    story = tell_story(galaxy_case())
    assert [step.number for step in story.steps] == [1, 2, 3]
    first, second, third = story.steps
    assert first.changes == ()
    assert first.incomparable == ()
    changed = {(change.category, change.field) for change in second.changes}
    assert (Category.PARAMETERS, "seed") in changed
    assert (Category.WORDS, "prompt") in changed
    assert "cfg" in third.incomparable


def test_the_selection_names_what_was_passed_over_and_why():
    story = tell_story(galaxy_case())
    (choice,) = story.choices
    assert story.step_of(choice.selection.picture).number == 3
    assert [story.step_of(digest).number for digest in choice.selection.over] == [1, 2]
    assert choice.selection.because.startswith("Here the glass")
    assert story.chosen == choice.selection.picture


def test_the_accused_copy_meets_the_edition_it_was_taken_from():
    story = tell_story(galaxy_case())
    assert story.accused.sighting.sighting == SIGHTING
    (comparison,) = story.accused.comparisons
    assert comparison.edition == story.publications[0].edition


def test_matches_with_other_works_stay_out_of_the_file():
    material = galaxy_case()
    last = material.entries[-1]
    body = dict(last.stored.entry.body)
    body["matches"] = [*body["matches"], {**body["matches"][0], "work": "another", "score": 900}]
    entry = replace(last.stored.entry, body=body)
    changed = replace(last, stored=replace(last.stored, entry=entry))
    story = tell_story(replace(material, entries=(*material.entries[:-1], changed)))
    assert [c.match.work for c in story.accused.comparisons] == [material.work]


def test_a_sighting_that_is_not_in_the_record_is_refused():
    material = replace(galaxy_case(), sighting="s-unknown")
    with pytest.raises(NotFound, match="s-unknown"):
        tell_story(material)


def test_a_body_that_lacks_a_field_is_refused():
    material = galaxy_case()
    last = material.entries[-1]
    entry = replace(last.stored.entry, body={"sighting": "s"})
    changed = replace(last, stored=replace(last.stored, entry=entry))
    with pytest.raises(MetadataMalformed):
        tell_story(replace(material, entries=(changed,)))


def test_without_a_selection_the_published_picture_is_the_chosen_one():
    story = tell_story(galaxy_case(GalaxyWishes(selection=False)))
    assert story.choices == ()
    assert story.chosen == story.publications[0].edition.source


def test_a_work_without_takes_has_no_picture():
    story = tell_story(galaxy_case(GalaxyWishes(takes=0, sighting=False)))
    assert story.steps == ()
    assert story.chosen is None


@pytest.mark.parametrize(
    ("wishes", "grade"),
    [
        (GalaxyWishes(), Grade.CONTEMPORANEOUS),
        (GalaxyWishes(stamp_after=timedelta(hours=25)), Grade.RECORDED),
        (GalaxyWishes(stamps="pending"), Grade.RECORDED),
        (GalaxyWishes(stamps="none"), Grade.SELF_ATTESTED),
        (GalaxyWishes(stamps="loopback"), Grade.SELF_ATTESTED),
        (GalaxyWishes(manner=Manner.IMPORTED), Grade.IMPORTED),
        (GalaxyWishes(manner=Manner.IMPORTED, stamps="none"), Grade.IMPORTED),
    ],
)
def test_a_take_carries_the_grade_its_stamps_earn(wishes, grade):
    story = tell_story(galaxy_case(wishes))
    assert {step.dated.grade for step in story.steps} == {grade}


def test_a_stamp_of_the_same_machine_is_seen_and_counts_for_nothing():
    story = tell_story(galaxy_case(GalaxyWishes(stamps="loopback")))
    (stamp,) = story.checkpoints[0].stamps
    assert stamp.holds
    assert stamp.is_on_this_machine
    assert all(entry.dated.witness is None for entry in story.entries)
    assert all(entry.dated.demonstration for entry in story.entries)
    assert story.grade_counts()[Grade.CONTEMPORANEOUS] == 0


def test_the_authority_is_only_known_when_its_root_is_trusted():
    from stand_ins.proven_case import proven_case

    material = galaxy_case()
    assert not tell_story(material).checkpoints[0].stamps[0].is_known
    trusting = replace(material, trusted_roots=(proven_case().root_pem,))
    assert tell_story(trusting).checkpoints[0].stamps[0].is_known


def test_a_stamp_over_something_else_is_no_witness():
    material = galaxy_case()
    other = galaxy_case(GalaxyWishes(title="Another"))
    story = tell_story(replace(material, stamps=other.stamps))
    assert not story.checkpoints[0].stamps[0].holds
    assert {step.dated.grade for step in story.steps} == {Grade.SELF_ATTESTED}


def test_a_stamp_that_never_came_is_not_judged():
    waiting = Stamp(9, "https://stamps.example/tsa", StampState.SUPERSEDED)
    material = replace(galaxy_case(), stamps=(waiting,))

    def refuse(stamp, note):
        pytest.fail("only held stamps are judged")

    story = tell_story(material, judge_stamp=refuse)
    assert story.checkpoints[0].stamps[0].judgement is None


def test_the_caller_may_judge_stamps_itself():
    moment = START + timedelta(minutes=30)
    judged = TokenJudgement(intact=True, trusted=True, time=moment, signer="CN=Test")
    story = tell_story(galaxy_case(), judge_stamp=lambda _stamp, _note: judged)
    assert story.steps[0].dated.witness.time == moment
    assert story.steps[0].dated.grade is Grade.CONTEMPORANEOUS


def test_the_opening_of_the_ledger_is_not_counted_as_a_fact_of_the_work():
    story = tell_story(galaxy_case())
    assert sum(story.grade_counts().values()) == len(story.entries) - 1
    assert story.entries[0].kind is Kind.VAULT_OPENED


def test_a_file_without_a_usable_time_of_its_own_is_still_told():
    material = galaxy_case()
    at = next(
        i for i, e in enumerate(material.entries) if e.stored.entry.kind is Kind.TAKE_IMPORTED
    )
    proven = material.entries[at]
    body = {**proven.stored.entry.body}
    body["picture"] = {**body["picture"], "modified": "yesterday"}
    entry = replace(proven.stored.entry, body=body)
    changed = replace(proven, stored=replace(proven.stored, entry=entry))
    entries = (*material.entries[:at], changed, *material.entries[at + 1 :])
    assert tell_story(replace(material, entries=entries)).steps[0].dated.came is None
