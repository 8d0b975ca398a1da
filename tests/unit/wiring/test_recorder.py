"""The recorder in an artist's program: at once, never raising, and what is missing is said."""

import io
import json
import os
import shutil
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from remarque.actions.witnessing import Seen
from remarque.actions.works import histories
from remarque.model.witness import Observer, Witness
from remarque.wiring import recorder as recorder_module
from remarque.wiring.initialising import Founding, make_vault
from remarque.wiring.recorder import Recorder
from remarque.wiring.recorder_log import LARGEST_BYTES, Noted, RecorderLog
from remarque.wiring.vaults import open_vault


@pytest.fixture(scope="module")
def model_vault(tmp_path_factory):
    place = tmp_path_factory.mktemp("model") / "vault"
    make_vault(place, Founding("Ada", "a passphrase"))
    return place


@pytest.fixture(autouse=True)
def own_state(tmp_path, monkeypatch):
    """The platform's folders for this test alone, and no passphrase anywhere."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("REMARQUE_PASSPHRASE", raising=False)


@pytest.fixture
def place(tmp_path, model_vault):
    return shutil.copytree(model_vault, tmp_path / "vault")


def seen(number, *, path=None):
    pixels = np.random.default_rng(number).integers(0, 255, (32, 32, 3), dtype=np.uint8)
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, "PNG")
    content = written.getvalue()
    if path is not None:
        path.write_bytes(content)
    witness = Witness(Observer.DIFFUSERS)
    return Seen(content, f"{number}.png", datetime.now(UTC), witness, path=path)


def recorder_at(place, work="Cats"):
    return Recorder(place, work=work, observer=Observer.DIFFUSERS)


def only_work(place):
    with open_vault(place) as vault:
        [history] = histories(vault)
        return history


def names(history):
    return [take.body.picture.name for take in history.takes]


def gaps(history):
    return [gap.body for gap in history.gaps]


def test_pictures_are_recorded_without_a_passphrase(place):
    recorder = recorder_at(place)
    recorder.submit(seen(1))
    recorder.submit(lambda: seen(2))
    assert recorder.flush()
    recorder.close()
    assert recorder.problems == ()
    assert names(only_work(place)) == ["1.png", "2.png"]


def test_a_work_of_its_own_for_one_picture(place):
    recorder = recorder_at(place)
    recorder.submit(seen(1), work="Dogs")
    recorder.close()
    assert only_work(place).title == "Dogs"


def test_without_a_work_one_is_chosen(place):
    recorder = recorder_at(place, work=None)
    recorder.submit(seen(1))
    recorder.close()
    assert recorder.problems == ()
    assert names(only_work(place)) == ["1.png"]


def test_what_a_function_raises_is_a_gap(place):
    recorder = recorder_at(place)
    recorder.submit(lambda: 1 / 0)
    recorder.submit(seen(1))
    recorder.close()
    history = only_work(place)
    assert names(history) == ["1.png"]
    [gap] = gaps(history)
    assert gap.observer is Observer.DIFFUSERS
    assert gap.missing == "A picture was made and is not in the record."
    assert "ZeroDivisionError" in gap.because


def test_an_unreadable_picture_is_a_gap(place):
    broken = Seen(b"no picture", "x.png", datetime.now(UTC), Witness(Observer.DIFFUSERS))
    recorder = recorder_at(place)
    recorder.submit(broken)
    recorder.close()
    [gap] = gaps(only_work(place))
    assert gap.missing.startswith("x.png was made")


def test_a_file_that_went_is_recorded_from_its_bytes(place, tmp_path):
    gone, changed = tmp_path / "gone.png", tmp_path / "changed.png"
    one, two = seen(1, path=gone), seen(2, path=changed)
    gone.unlink()
    changed.write_bytes(b"something else")
    recorder = recorder_at(place)
    recorder.submit(one)
    recorder.submit(two)
    recorder.close()
    assert recorder.problems == ()
    assert names(only_work(place)) == ["1.png", "2.png"]


def test_without_a_vault_it_waits_in_the_log_of_the_state_folder(place, tmp_path):
    away = place.rename(tmp_path / "away")
    recorder = recorder_at(place)
    recorder.submit(seen(1))
    recorder.close()
    assert recorder.log_path.is_relative_to(tmp_path / "state")
    assert "there is no vault" in recorder.problems[0]

    away.rename(place)
    later = recorder_at(place)
    later.submit(seen(2))
    later.close()
    history = only_work(place)
    assert names(history) == ["2.png"]
    assert [gap.missing for gap in gaps(history)] == ["1.png was made and is not in the record."]
    assert later.log_path == place / "recorder.log"

    third = recorder_at(place)  # what is recorded is not recorded twice
    third.submit(seen(3))
    third.close()
    assert len(gaps(only_work(place))) == 1


def test_what_an_earlier_process_left_is_said_once(place):
    log = RecorderLog(place / "recorder.log")
    moment = "2026-01-01T00:00:00.000Z"
    log.note(Noted("aa", str(place), "ComfyUI node", moment, "A is missing.", "B.", "Cats"))
    with log.path.open("ab") as target:
        target.write(b'{"missing": {"id": "half a line')
    for number in (1, 2):
        recorder = recorder_at(place)
        recorder.submit(seen(number))
        recorder.close()
    [gap] = gaps(only_work(place))
    assert (gap.observer, gap.noticed) == (Observer.COMFYUI_NODE, moment)


def test_a_crash_between_vault_and_log_says_nothing_twice(place):
    moment = "2026-01-01T00:00:00.000Z"
    noted = Noted("aa", str(place), "ComfyUI node", moment, "A is missing.", "B.", "Cats")
    for _ in range(2):
        (place / "recorder.log").unlink(missing_ok=True)
        RecorderLog(place / "recorder.log").note(noted)
        recorder = recorder_at(place)
        recorder.submit(seen(1))
        recorder.close()
    assert len(gaps(only_work(place))) == 1


def test_another_process_at_the_lines_is_not_disturbed(place):
    log = RecorderLog(place / "recorder.log")
    log.note(Noted("aa", str(place), "x", "2026-01-01T00:00:00.000Z", "A.", "B.", "Cats"))
    with log.alone() as held:
        assert held
        with log.alone() as again:
            assert not again
        recorder = recorder_at(place)
        recorder.submit(seen(1))
        recorder.close()
        assert gaps(only_work(place)) == []
    later = recorder_at(place)
    later.submit(seen(2))
    later.close()
    assert len(gaps(only_work(place))) == 1


def test_a_log_that_grows_is_shortened_and_keeps_what_is_pending(tmp_path):
    log = RecorderLog(tmp_path / "recorder.log")
    pending = Noted("aa", str(tmp_path), "x", "2026-01-01T00:00:00.000Z", "A.", "B.")
    log.note(pending)
    while log.path.stat().st_size <= LARGEST_BYTES:
        log.say("now", "x" * 10_000)
    with log.alone() as held:
        assert held
        log.shorten()
    assert log.pending(tmp_path) == [pending]
    assert log.pending(tmp_path / "elsewhere") == []


def test_a_full_queue_never_blocks_and_is_a_gap(place, monkeypatch):
    monkeypatch.setattr(recorder_module, "MOST_WAITING", 2)
    go, recorder = threading.Event(), recorder_at(place)
    started = threading.Event()

    def slow():
        started.set()
        assert go.wait(60)
        return seen(0)

    recorder.submit(slow)
    assert started.wait(60)
    for number in range(1, 6):
        recorder.submit(seen(number))
    go.set()
    assert recorder.flush(60)
    recorder.close()
    history = only_work(place)
    assert names(history) == ["0.png", "1.png", "2.png"]
    assert [gap.missing for gap in gaps(history)] == [
        "3 pictures were made and are not in the record."
    ]


def test_the_bytes_that_wait_are_bounded(place, monkeypatch):
    monkeypatch.setattr(recorder_module, "MOST_WAITING_BYTES", 1000)
    go, recorder = threading.Event(), recorder_at(place)
    recorder.submit(lambda: go.wait(60) and seen(0), holds_bytes=5000)  # alone it is let in
    recorder.submit(lambda: seen(1), holds_bytes=10)
    go.set()
    assert recorder.flush(60)
    recorder.submit(lambda: seen(2), holds_bytes=10)
    recorder.close()
    assert names(only_work(place)) == ["0.png", "2.png"]


def test_many_threads(place):
    recorder = recorder_at(place)
    threads = [threading.Thread(target=recorder.submit, args=(seen(n),)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert recorder.flush(60)
    recorder.close()
    assert sorted(names(only_work(place))) == sorted(f"{n}.png" for n in range(12))


def test_after_the_end_nothing_raises(place):
    recorder = recorder_at(place)
    recorder.close()
    recorder.close()
    recorder.submit(seen(1))
    recorder.note_gap("A.", "B.")
    assert recorder.flush(1)
    assert len(recorder.problems) == 2


def test_what_was_not_finished_in_time_is_in_the_log(place):
    go, started = threading.Event(), threading.Event()

    def slow():
        started.set()
        assert go.wait(60)
        return seen(0)

    recorder = recorder_at(place)
    recorder.submit(slow)
    assert started.wait(60)
    recorder.submit(seen(1))
    recorder.close(timeout_s=0.1)
    go.set()
    lines = [json.loads(line) for line in (place / "recorder.log").read_text().splitlines()]
    assert lines[0]["missing"]["missing"].startswith("1.png was made")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_vault_that_cannot_be_written(place):
    (place / "vault.db").chmod(0o400)
    place.chmod(0o500)
    recorder = recorder_at(place)
    recorder.submit(seen(1))
    recorder.close()
    place.chmod(0o700)
    assert recorder.problems


def test_a_damaged_vault_is_a_problem_and_no_more(place):
    (place / "vault.db").write_bytes(b"no database" * 100)
    recorder = recorder_at(place)
    recorder.submit(seen(1))
    recorder.close()
    assert recorder.problems
    assert "1.png was made" in (place / "recorder.log").read_text()


def test_a_program_that_ends_at_once_loses_nothing(place, tmp_path):
    script = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from remarque.actions.witnessing import Seen
from remarque.model.witness import Observer, Witness
from remarque.wiring.recorder import Recorder
recorder = Recorder(Path(sys.argv[1]), work="Cats", observer=Observer.DIFFUSERS)
for name in sys.argv[2:]:
    path = Path(name)
    recorder.submit(
        Seen(path.read_bytes(), path.name, datetime.now(UTC), Witness(Observer.DIFFUSERS))
    )
"""
    paths = [tmp_path / f"{number}.png" for number in range(3)]
    for number, path in enumerate(paths):
        seen(number, path=path)
    command = [sys.executable, "-c", script, str(place), *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert names(only_work(place)) == ["0.png", "1.png", "2.png"]


def test_the_default_place_is_that_of_the_vault(place, monkeypatch):
    monkeypatch.setenv("REMARQUE_VAULT", str(place))
    recorder = Recorder(work="Cats", observer=Observer.DIFFUSERS)
    recorder.submit(seen(1))
    recorder.close()
    assert Path(recorder.log_path) == place / "recorder.log"
    assert names(only_work(place)) == ["1.png"]
