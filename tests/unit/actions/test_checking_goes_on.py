"""One suspect that cannot be read does not end the check of the others."""

from PIL import Image

from remarque.actions.checking import check
from remarque.errors import PlaceUnusable
from remarque.model.history import Verdict
from stand_ins.memory_vault import build_memory_vault


def test_a_suspect_that_has_vanished_is_told_and_the_next_is_checked(tmp_path):
    there = tmp_path / "there.png"
    Image.new("RGB", (64, 64), "red").save(there)
    gone, found = check(build_memory_vault(tmp_path), [tmp_path / "gone.png", there])
    assert isinstance(gone.problem, PlaceUnusable)
    assert (found.problem, found.verdict) == (None, Verdict.NONE)
