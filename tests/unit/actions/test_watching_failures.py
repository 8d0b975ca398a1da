"""A full disk, a dead authority, a failing source, a damaged ledger: the watch goes on."""

from dataclasses import replace
from threading import Event

import pytest

from remarque.actions.happenings import RunSeen, Trouble
from remarque.actions.ports import Author
from remarque.actions.watch_results import (
    GapNoticed,
    Postponed,
    Rhythm,
    SittingClosed,
    TakeWatched,
    WatchWishes,
)
from remarque.actions.watching import watch
from remarque.actions.witnessing import Seen
from remarque.actions.works import history_of, open_work
from remarque.errors import DiskFull, OutsideError, VaultBusy
from remarque.ledger.keys import create_keys
from remarque.model.witness import Observer, Witness
from remarque.wiring.clock import SystemClock
from stand_ins.memory_vault import FakeAuthority, build_memory_vault
from stand_ins.watched import picture
from stand_ins.watching import Scripted, Watching, run, whole

KEYS = create_keys()
AUTHOR = Author("Ada", KEYS.key_id(), KEYS.verifier_key(), "", "")


@pytest.fixture
def vault(tmp_path):
    place = tmp_path / "vault"
    place.mkdir()
    return build_memory_vault(place, author=AUTHOR, signer=KEYS, clock=SystemClock())


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "outputs"
    folder.mkdir()
    return folder


def test_a_full_disk_or_a_busy_vault_ends_no_watch(vault, folder):
    (folder / "a.png").write_bytes(picture(1))
    failures = [VaultBusy("busy"), DiskFull("full")]
    real = vault.ledger.append

    def failing(entries):
        if failures and entries[0].entry.kind.value.startswith("take"):
            raise failures.pop(0)
        return real(entries)

    vault.ledger.append = failing
    with Watching(vault, [folder], existing=True) as seen:
        seen.wait(seen.new)
    assert [told.because for told in seen.of(Postponed)] == ["busy"]
    assert seen.new() == ["a.png"]


def test_what_cannot_be_a_take_is_a_gap_and_is_not_tried_again(vault, folder):
    (folder / "bad.png").write_bytes(b"no picture")
    told, history = run(vault, whole(folder / "bad.png"))
    assert isinstance(told[0], GapNoticed)
    (gap,) = history.gaps
    assert "bad.png" in gap.body.missing
    assert str(folder) not in gap.body.missing + gap.body.because
    assert vault.watching.files(folder)[0].picture is None


def test_a_file_that_is_gone_before_it_was_read_is_a_gap(vault, folder):
    (folder / "a.png").write_bytes(picture(1))
    happening = whole(folder / "a.png")
    (folder / "a.png").unlink()
    told, history = run(vault, happening)
    assert isinstance(told[0], Postponed)
    assert len(history.gaps) == 1


def test_trouble_is_on_record_once(vault):
    trouble = Trouble("Nothing is seen.", "The disk is away.", lasting=True)
    _, history = run(vault, trouble, trouble, name="http://127.0.0.1:8188")
    (gap,) = history.gaps
    assert gap.body.observer is Observer.COMFYUI_SERVER


def test_a_source_that_fails_is_on_record_and_the_others_go_on(vault, folder):
    (folder / "a.png").write_bytes(picture(1))
    work = open_work(vault, "A")[0]
    sources = [Scripted(RuntimeError("a fault")), Scripted(whole(folder / "a.png"))]
    told = list(watch(vault, sources, WatchWishes(work=work), Event()))
    assert [t.new for t in told if isinstance(t, TakeWatched)] == [True]
    assert len(history_of(vault, work).gaps) == 1


def test_a_run_told_by_a_program_is_recorded_with_its_own_witness(vault, folder):
    (folder / "a.png").write_bytes(picture(1))
    witness = Witness(Observer.COMFYUI_SERVER, run="r1")
    seen = Seen(picture(1), "a.png", SystemClock().now(), witness, path=folder / "a.png")
    told, history = run(vault, RunSeen(seen), whole(folder / "a.png"))
    assert [t.new for t in told if isinstance(t, TakeWatched)] == [True, False]
    assert history.takes[0].body.witness.run == "r1"


def test_the_work_may_be_chosen_for_each_picture_and_parents_are_looked_for(vault, folder):
    (folder / "a.png").write_bytes(picture(1))
    traced = []

    def trace(_vault, take):
        traced.append(take.take)
        raise OutsideError("no parents today")

    work, _ = open_work(vault, "chosen")
    told, _ = run(
        vault,
        whole(folder / "a.png"),
        work=None,
        choose_work=lambda _vault, _seen: work,
        infer_lineage=trace,
    )
    (take,) = [t for t in told if isinstance(t, TakeWatched)]
    assert take.take.work == work
    assert traced == [take.take.take]
    assert take.new


def test_a_dead_authority_holds_up_nothing_and_the_wish_is_queued(vault, folder):
    (folder / "a.png").write_bytes(picture(1))
    with_authority = replace(vault, authorities=(FakeAuthority(),))
    told, _ = run(with_authority, whole(folder / "a.png"))
    closed = [t for t in told if isinstance(t, SittingClosed)]
    assert [stamp.state.value for one in closed for stamp in one.stamps] == ["pending"]


def test_a_sitting_is_closed_every_so_many_entries(vault, folder):
    for number in range(4):
        (folder / f"{number}.png").write_bytes(picture(number))
    happenings = [whole(folder / f"{number}.png") for number in range(4)]
    run(vault, *happenings, rhythm=Rhythm(entries=2))
    assert len(vault.ledger.checkpoints()) == 2


def test_a_ledger_that_lost_entries_is_said_and_the_watch_goes_on(vault, folder):
    for name in ("a.png", "c.png"):
        (folder / name).write_bytes(picture(ord(name[0])))
    run(vault, whole(folder / "a.png"), whole(folder / "c.png"))
    del vault.ledger._entries[1:]
    (folder / "b.png").write_bytes(picture(2))
    told, _ = run(vault, whole(folder / "b.png"))
    assert [t.new for t in told if isinstance(t, TakeWatched)] == [True]
    assert "taken away" in [t.problem for t in told if isinstance(t, SittingClosed)][-1]
