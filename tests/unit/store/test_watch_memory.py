"""What a watch remembers, on disk and in the stand-in alike."""

import os
from pathlib import Path

import pytest

from remarque.actions.ports import WatchedFile
from remarque.model.digests import digest_of
from remarque.store.vault import open_store
from stand_ins.memory_vault import build_memory_vault

DIGEST = digest_of(b"a picture")
OUT = Path("/pictures/out")


@pytest.fixture(params=["disk", "memory"])
def memory(request, tmp_path):
    if request.param == "memory":
        yield build_memory_vault(tmp_path).watching
    else:
        with open_store(request.getfixturevalue("place")) as store:
            yield store.watching


def test_nothing_is_known_at_first(memory):
    assert memory.folders() == []
    assert memory.files(OUT) == []


def test_a_folder_begins_with_what_lies_in_it(memory):
    files = [WatchedFile(OUT / "a.png", 3, 2**62, DIGEST, 4), WatchedFile(OUT / "b.png", 0, -1)]
    memory.begin(OUT, "2026-11-23T09:00:00.000Z", iter(files))
    memory.begin(OUT, "2026-11-23T10:00:00.000Z", [])
    assert memory.folders() == [OUT]
    assert memory.files(OUT) == files


def test_only_files_below_the_folder_are_its_own(memory):
    names = ["/pictures/out/a.png", "/pictures/out/deep/b.png", "/pictures/out2/c.png",
             "/pictures/out.png", "/pictures/outer/d.png"]  # fmt: skip
    memory.note([WatchedFile(Path(name), 1, 1) for name in names])
    assert [str(file.path) for file in memory.files(OUT)] == names[:2]
    assert len(memory.files(Path("/"))) == 5


def test_the_last_word_about_a_path_counts_and_it_can_be_forgotten(memory):
    memory.note([WatchedFile(OUT / "a.png", 1, 1)])
    memory.note([WatchedFile(OUT / "a.png", 2, 2, DIGEST), WatchedFile(OUT / "b.png", 1, 1)])
    assert memory.files(OUT)[0] == WatchedFile(OUT / "a.png", 2, 2, DIGEST)
    memory.forget([OUT / "a.png", OUT / "never.png"])
    assert [file.path.name for file in memory.files(OUT)] == ["b.png"]
    memory.note([])
    memory.forget([])


def test_ten_thousand_files_and_names_that_are_no_text(memory):
    odd = Path(os.fsdecode(b"/pictures/out/\xff\xfe.png"))
    files = [WatchedFile(OUT / f"{n:05}.png", n, n) for n in range(10_000)]
    memory.begin(OUT, "2026-11-23T09:00:00.000Z", [*files, WatchedFile(odd, 1, 1)])
    assert len(memory.files(OUT)) == 10_001
    assert odd in {file.path for file in memory.files(OUT)}
    memory.forget([file.path for file in files])
    assert [file.path for file in memory.files(OUT)] == [odd]


def test_it_outlives_the_process(place):
    with open_store(place) as store:
        store.watching.begin(OUT, "2026-11-23T09:00:00.000Z", [WatchedFile(OUT / "a.png", 1, 1)])
    with open_store(place) as store:
        assert store.watching.folders() == [OUT]
        assert len(store.watching.files(OUT)) == 1
