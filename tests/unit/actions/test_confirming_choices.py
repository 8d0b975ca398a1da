"""What was done is on record; the reason is asked for, given once, and linked to it."""

import pytest

from remarque.actions.choosing import choose
from remarque.actions.confirming import choose_or_confirm, confirm, pending_choices
from remarque.actions.recording import Fact, record
from remarque.actions.witnessing import Seen, record_seen
from remarque.actions.works import history_of, open_work
from remarque.errors import UsageError
from remarque.model.history import SelectionInferred, Sign
from remarque.model.witness import Observer, Witness
from stand_ins.memory_vault import MORNING, build_memory_vault
from stand_ins.watched import picture


@pytest.fixture
def vault(tmp_path):
    return build_memory_vault(tmp_path)


@pytest.fixture
def work(vault):
    return open_work(vault, "A")[0]


@pytest.fixture
def made(vault, work):
    witness = Witness(Observer.FOLDER)
    return [
        record_seen(vault, work, Seen(picture(n), f"{n}.png", MORNING, witness)).take.picture.digest
        for n in range(3)
    ]


def infer(vault, work, chosen, over, sign=Sign.MOVED):
    inferred = SelectionInferred(work, chosen, tuple(over), sign, "2026-11-23T09:00:00.000Z", "D.")
    return record(vault, Fact(inferred, work, (chosen, *over))).leaf_digest.hex()


def test_a_confirmed_choice_names_the_entry_and_is_no_longer_owed(vault, work, made):
    leaf = infer(vault, work, made[0], made[1:])
    (owed,) = pending_choices(vault)
    assert (owed.name, owed.over, owed.title, owed.leaf) == ("0.png", ("1.png", "2.png"), "A", leaf)
    selection = confirm(vault, owed, "  the light ")
    assert (selection.because, selection.confirms, selection.over) == (
        "the light",
        leaf,
        tuple(made[1:]),
    )
    assert pending_choices(vault) == []
    assert history_of(vault, work).selections[0].body == selection


def test_an_empty_reason_is_refused(vault, work, made):
    infer(vault, work, made[0], made[1:])
    with pytest.raises(UsageError):
        confirm(vault, pending_choices(vault)[0], " ")


def test_choosing_in_words_links_to_what_was_done(vault, work, made):
    leaf = infer(vault, work, made[0], made[1:2])
    selection = choose_or_confirm(vault, "0.png", [], "the light")
    assert selection.confirms == leaf
    assert set(selection.over) == set(made[1:])


def test_a_choice_over_others_than_those_left_behind_does_not_confirm(vault, work, made):
    infer(vault, work, made[0], made[1:2])
    assert choose_or_confirm(vault, "0.png", ["2.png"], "x").confirms == ""
    assert choose_or_confirm(vault, "1.png", [], "x").confirms == ""


def test_a_reason_given_later_settles_everything_inferred_before_it(vault, work, made):
    infer(vault, work, made[0], made[1:])
    infer(vault, work, made[0], made[1:2], Sign.RATED)
    choose(vault, "0.png", [], "the light")
    assert pending_choices(vault) == []
    infer(vault, work, made[0], made[1:], Sign.FAVOURITE)
    assert len(pending_choices(vault)) == 1


def test_only_one_work_may_be_asked_for(vault, work, made):
    infer(vault, work, made[0], made[1:])
    assert len(pending_choices(vault, work="A")) == 1
    assert pending_choices(vault, work="B") == []


def test_no_reason_is_refused_as_ever(vault, work, made):
    infer(vault, work, made[0], made[1:])
    with pytest.raises(UsageError):
        choose_or_confirm(vault, "0.png", [], " ")
