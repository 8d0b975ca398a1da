"""The inbox: each hand-over recorded once, and what cannot be read put aside with a sentence."""

import hashlib
import json
import os
import shutil
import time
from pathlib import Path

import pytest

from remarque.actions.witnessing import Seen, record_seen
from remarque.actions.works import open_work
from remarque.engines import inbox as inbox_module
from remarque.engines import inbox_writing
from remarque.engines.inbox_folder import REFUSED, InboxFolder
from remarque.engines.inbox_format import parse_hand_over
from remarque.engines.inbox_writing import InboxWriter, inbox_place, time_text
from remarque.model.digests import digest_of
from remarque.model.history import Manner
from remarque.model.witness import Observer, Witness
from remarque.wiring.clock import SystemClock
from remarque.wiring.initialising import Founding, make_vault
from remarque.wiring.vaults import open_vault
from stand_ins.inbox_reading import (
    InboxReading,
    all_takes,
    empty,
    hand_over,
    read_all,
    said,
    writer_at,
)
from stand_ins.watched import age, picture, wait_until


@pytest.fixture(scope="module")
def model_vault(tmp_path_factory):
    place = tmp_path_factory.mktemp("model") / "vault"
    make_vault(place, Founding("Ada", "a passphrase"))
    return place


@pytest.fixture
def place(tmp_path, model_vault):
    return shutil.copytree(model_vault, tmp_path / "vault")


@pytest.fixture
def inbox(tmp_path, monkeypatch):
    monkeypatch.setenv("REMARQUE_INBOX", str(tmp_path / "inbox"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "inbox"


def only(inbox):
    """The only hand-over that waits."""
    [name] = InboxFolder(inbox).hand_overs()
    return inbox / name


def rewrite(folder, change):
    path = folder / "told.json"
    told = json.loads(path.read_text())
    change(told)
    path.write_text(json.dumps(told))


def refused(inbox):
    return [path.read_text().strip() for path in sorted((inbox / REFUSED).glob("*.txt"))]


def test_a_hand_over_becomes_a_take_and_leaves(inbox, place):
    with InboxReading(place) as reading:
        hand_over(inbox, 7, work="Cats", remarks=["As it was."], environment=[["torch", "2.9"]])
        reading.wait(lambda: reading.new and empty(inbox))
    [take] = all_takes(place)
    text = "a cat\nSteps: 4, Sampler: Euler a, CFG scale: 7, Seed: 7, Size: 24x24"
    assert take.picture.digest == digest_of(picture(7, text=text))
    assert (take.manner, take.recipe.seed) == (Manner.AS_IT_HAPPENED, 7)
    assert take.witness.remarks == ("As it was.",)
    assert [path for path in inbox.iterdir() if path.name[0] != "."] == []
    assert (inbox.stat().st_mode & 0o777) == 0o700


def test_what_waited_is_imported_and_says_when_it_came(inbox, place):
    hand_over(inbox, 1, came="2026-01-02T03:04:05.678Z")
    assert read_all(place, inbox) == []
    [take] = all_takes(place)
    assert take.manner is Manner.IMPORTED
    assert (
        "handed over at 2026-01-02T03:04:05.678Z and read from the inbox only later"
        in (take.witness.remarks[-1])
    )


def test_a_time_that_lies_ahead_is_not_believed(inbox, place):
    with InboxReading(place) as reading:
        hand_over(inbox, 1, came=time_text(time.time() + 3600))
        reading.wait(lambda: reading.new and empty(inbox))
    [take] = all_takes(place)
    assert take.manner is Manner.IMPORTED
    assert "lies ahead of now" in take.witness.remarks[-1]


def test_a_take_whose_hand_over_stayed_behind_is_not_made_twice(
    inbox, place, tmp_path, monkeypatch
):
    monkeypatch.setattr(inbox_module, "_KNOWN_BEFORE_S", 0.5)
    hand_over(inbox, 1)
    shutil.copytree(only(inbox), tmp_path / "kept")
    name = only(inbox).name
    read_all(place, inbox)
    shutil.copytree(tmp_path / "kept", inbox / name)  # as if it was killed before it was removed
    assert read_all(place, inbox) == []
    assert len(all_takes(place)) == 1


def test_many_are_recorded_in_their_order_each_once(inbox, place):
    for number in range(40):  # more than are told at once
        hand_over(inbox, number)
    read_all(place, inbox)
    assert [take.recipe.seed for take in all_takes(place)] == list(range(40))


def test_a_saved_picture_without_room_is_read_from_where_it_lies(
    inbox, place, tmp_path, monkeypatch
):
    monkeypatch.setattr(inbox_writing, "MOST_BYTES", 10)
    path = tmp_path / "a.png"
    path.write_bytes(picture(1))
    told = said(1) | {"saved": True, "picture": {"name": "a.png", "path": str(path)}}
    sources = [{"role": "init", "file": "source-0"}]
    files = {"picture": picture(1), "source-0": picture(2)}
    assert writer_at(inbox).hand_over({**told, "sources": sources}, files)
    assert not (only(inbox) / "picture").exists()
    assert not writer_at(inbox).hand_over(said(3), {"picture": picture(3)})  # unsaved: no room
    read_all(place, inbox)
    [take] = all_takes(place)
    assert take.witness.saved
    assert any("were not handed over" in remark for remark in take.witness.remarks)


def test_a_saved_picture_that_changed_before_it_was_read_is_a_gap(
    inbox, place, tmp_path, monkeypatch
):
    monkeypatch.setattr(inbox_writing, "MOST_BYTES", 10)
    path = tmp_path / "a.png"
    path.write_bytes(picture(1))
    told = said(1) | {"saved": True, "picture": {"name": "a.png", "path": str(path)}}
    assert writer_at(inbox).hand_over(told, {"picture": picture(1)})
    path.write_bytes(picture(2))
    [gap] = read_all(place, inbox)
    assert "are not those that were handed over" in gap
    assert all_takes(place) == []


def test_what_was_lost_is_a_gap(inbox, place):
    writer = writer_at(inbox)
    writer.lose(3, "The inbox is full.")
    writer.lose(2, "The inbox is still full.")
    writer.tell_lost()
    [gap] = read_all(place, inbox)
    assert gap.startswith("5 pictures that Stable Diffusion web UI v1.10.1 made from 20")
    assert gap.endswith("The inbox is still full.")


def test_losses_are_told_every_half_minute_and_none_twice(inbox):
    writer = writer_at(inbox)
    for count in (1, 2, 3):
        writer.lose(count, "Why.")
        writer.tell_lost()
    writer.tell_lost(now=True)
    counts = [json.loads(path.read_text())["count"] for path in sorted(inbox.glob("lost-*"))]
    assert sorted(counts) == [1, 5]


def test_a_full_inbox_takes_nothing_more(inbox, monkeypatch):
    monkeypatch.setattr(inbox_writing, "MOST_HAND_OVERS", 2)
    writer = writer_at(inbox)
    done = [writer.hand_over(said(n), {"picture": picture(n)}) for n in range(3)]
    assert done == [True, True, False]


def swap_with_link(folder):
    (folder / "told.json").rename(folder / "elsewhere")
    (folder / "told.json").symlink_to(folder / "elsewhere")


def put_pipe(folder):
    (folder / "picture").unlink()
    os.mkfifo(folder / "picture")


def grow(folder):
    with (folder / "picture").open("r+b") as file:
        file.truncate(5 << 30)  # sparse: it takes no room


BREAKS = {
    "no json": lambda f: (f / "told.json").write_text("{"),
    "no object": lambda f: (f / "told.json").write_text("[]"),
    "nested": lambda f: (f / "told.json").write_text("[" * 100_000),
    "nothing told": lambda f: (f / "told.json").unlink(),
    "a link": swap_with_link,
    "a pipe": put_pipe,
    "a huge picture": grow,
    "no picture": lambda f: (f / "picture").unlink(),
    "other bytes": lambda f: (f / "picture").write_bytes(picture(9)),
    "no bytes": lambda f: (f / "picture").write_bytes(b""),
    "folder for a file": lambda f: ((f / "picture").unlink(), (f / "picture").mkdir()),
    "unknown key": lambda f: rewrite(f, lambda t: t.update(vault="/elsewhere")),
    "another format": lambda f: rewrite(f, lambda t: t.update(format="inbox_v2")),
    "another observer": lambda f: rewrite(f, lambda t: t.update(observer="folder watch")),
    "no time": lambda f: rewrite(f, lambda t: t.update(came="yesterday")),
    "a time without zone": lambda f: rewrite(f, lambda t: t.update(came="2026-01-01T00:00:00")),
    "a text for a number": lambda f: rewrite(f, lambda t: t["picture"].update(size="12")),
    "a path as source": lambda f: rewrite(
        f, lambda t: t.update(sources=[{"role": "init", "file": "../../vault/vault.db"}])
    ),
    "a source twice": lambda f: rewrite(
        f, lambda t: t.update(sources=[{"role": "init", "file": "source-0"}] * 2)
    ),
    "an unknown role": lambda f: rewrite(
        f, lambda t: t.update(models=[{"role": "key", "name": "a"}])
    ),
    "too many remarks": lambda f: rewrite(f, lambda t: t.update(remarks=["a"] * 101)),
    "half a character": lambda f: rewrite(f, lambda t: t.update(infotext="\ud800")),
    "a run without the picture": lambda f: rewrite(
        f,
        lambda t: t.update(
            comfyui={
                "history": {"prompt": [0, "a", {}]},
                "shown": {"filename": "a.png", "subfolder": "", "kind": "output"},
            }
        ),
    ),
    "a reading with chunks": lambda f: rewrite(
        f, lambda t: t.update(reading={"generator": None, "recipe": {}, "chunks": [1]})
    ),
}


@pytest.mark.parametrize("broken", BREAKS.values(), ids=BREAKS)
def test_a_damaged_hand_over_is_put_aside_with_a_sentence_and_is_a_gap(inbox, place, broken):
    hand_over(inbox, 1)
    folder = only(inbox)
    hand_over(inbox, 2)
    broken(folder)
    [gap] = read_all(place, inbox)
    [sentence] = refused(inbox)
    assert gap == f"The picture handed over as {folder.name} was not recorded. {sentence}"
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert (inbox / REFUSED / folder.name).exists()
    assert [take.recipe.seed for take in all_takes(place)] == [2]


def test_what_is_no_picture_is_put_aside(inbox, place):
    writer_at(inbox).hand_over(said(1), {"picture": b"no picture at all"})
    [gap] = read_all(place, inbox)
    assert "was not recorded" in gap


def test_names_that_are_none_of_ours_are_left_alone(inbox, place):
    inbox.mkdir(mode=0o700)
    (inbox / "notes.txt").write_text("mine")
    (inbox / "1700000000000-0123456789abcdef").symlink_to(place)
    [gap] = read_all(place, inbox)
    assert "was not recorded" in gap
    assert (inbox / "notes.txt").read_text() == "mine"
    assert (place / "vault.toml").exists() or list(place.iterdir())


def test_of_other_files_no_digest_is_taken(inbox, place, tmp_path):
    secret, model = tmp_path / "id_rsa", tmp_path / "m.ckpt"
    secret.write_bytes(b"a key")
    model.write_bytes(b"a model")
    models = [
        {"role": "other", "name": path.name, "path": str(path), "size": path.stat().st_size,
         "modified_ns": path.stat().st_mtime_ns}
        for path in (secret, model)
    ]  # fmt: skip
    hand_over(inbox, 1, models=models)
    read_all(place, inbox)
    [take] = all_takes(place)
    assert [(one.name, one.digest) for one in take.witness.models] == [
        ("id_rsa", None), ("m.ckpt", digest_of(b"a model"))
    ]  # fmt: skip


def test_a_digest_the_program_took_itself_is_kept(inbox, place):
    told = hashlib.sha256(b"m").hexdigest()
    hand_over(inbox, 1, models=[{"role": "vae", "name": "m", "sha256": told, "size": 1}])
    read_all(place, inbox)
    [take] = all_takes(place)
    assert take.witness.models[0].digest == f"sha256:{told}"


def test_one_that_was_never_finished_is_a_gap(inbox, place):
    inbox.mkdir(mode=0o700)
    left = inbox / ".new-1700000000000-0123456789abcdef"
    left.mkdir()
    age(left, 3600)
    (inbox / ".new-1700000000001-0123456789abcdef").mkdir()  # perhaps still being written
    [gap] = read_all(place, inbox)
    assert gap.startswith("1 pictures were being handed over before ")
    assert not left.exists()
    assert (inbox / ".new-1700000000001-0123456789abcdef").exists()


def test_an_inbox_others_may_write_into_is_not_read(inbox, place):
    hand_over(inbox, 1)
    inbox.chmod(0o777)
    with InboxReading(place) as reading:
        reading.wait(lambda: reading.gaps)
    assert "Others may write into" in reading.gaps[0]
    assert all_takes(place) == []


def test_of_two_watches_one_reads_and_the_other_takes_over(inbox, place, tmp_path, model_vault):
    other = shutil.copytree(model_vault, tmp_path / "other")
    with InboxReading(place) as first, InboxReading(other) as second:
        hand_over(inbox, 1)
        first.wait(lambda: first.new and empty(inbox))
        assert second.new == []
    with InboxReading(other):
        hand_over(inbox, 2)
        wait_until(lambda: empty(inbox))
    assert [take.recipe.seed for take in all_takes(other)] == [2]


def test_an_inbox_that_goes_away_comes_back(inbox, place):
    with InboxReading(place) as reading:
        shutil.rmtree(inbox)
        hand_over(inbox, 1)
        reading.wait(lambda: reading.new and empty(inbox))


def test_a_picture_recorded_from_its_file_first_leaves_a_gap(inbox, place, monkeypatch):
    monkeypatch.setattr(inbox_module, "_KNOWN_BEFORE_S", 0.5)
    hand_over(inbox, 1)
    content = (only(inbox) / "picture").read_bytes()
    with open_vault(place) as vault:
        witness = Witness(Observer.FOLDER)
        seen = Seen(content, "a.png", SystemClock().now(), witness)
        record_seen(vault, open_work(vault, "Cats")[0], seen)
    [gap] = read_all(place, inbox)
    assert "told of the making of “1.png”" in gap
    assert "recorded from its file before" in gap
    [take] = all_takes(place)
    assert take.witness.observer is Observer.FOLDER


def test_the_place_is_the_same_for_all(monkeypatch, tmp_path):
    monkeypatch.setenv("REMARQUE_INBOX", "")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert inbox_place() == tmp_path / "remarque" / "inbox"
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    assert inbox_place() == Path.home() / ".local/state/remarque/inbox"
    monkeypatch.setenv("REMARQUE_INBOX", str(tmp_path / "b"))
    assert inbox_place() == tmp_path / "b"
    assert inbox_place(" /c ") == Path("/c")


def test_the_example_of_the_documentation_is_a_hand_over():
    page = (Path(__file__).parents[3] / "docs/reference/inbox.md").read_text()
    whole, run = page.split("```json\n")[1:3]
    for text in (whole.split("```")[0], run.split("```")[0]):
        told = json.loads(text)
        assert parse_hand_over(json.dumps(told).encode()).picture.name


def test_a_reader_gives_a_sign_of_life(inbox, place):
    writer = InboxWriter(inbox, "web UI extension")
    assert not writer.is_read()
    with InboxReading(place):
        assert writer.is_read()
