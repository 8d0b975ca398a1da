"""What a making writes outside the vault: copies that overwrite nothing, and a preview."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from remarque.errors import AlreadyThere, PlaceUnusable
from remarque.store import disk
from remarque.wiring.making_files import PREVIEW_NAME, CopyFolder, PreviewFile

PIXELS = np.full((8, 8, 3), 90, np.uint8)


def test_copies_go_into_a_folder_that_is_made(tmp_path):
    path = CopyFolder(tmp_path / "new" / "folder").put("a.png", b"bytes")
    assert path.read_bytes() == b"bytes"


def test_a_copy_overwrites_nothing_unless_told_to(tmp_path):
    (tmp_path / "a.png").write_bytes(b"another picture")
    with pytest.raises(AlreadyThere, match=r"a\.png"):
        CopyFolder(tmp_path).put("a.png", b"bytes")
    assert (tmp_path / "a.png").read_bytes() == b"another picture"
    CopyFolder(tmp_path, force=True).put("a.png", b"bytes")
    assert CopyFolder(tmp_path).put("a.png", b"bytes").read_bytes() == b"bytes"


def test_a_file_is_no_folder_for_copies(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(PlaceUnusable, match="file"):
        CopyFolder(tmp_path / "file")
    with pytest.raises(PlaceUnusable):
        CopyFolder(tmp_path / "file" / "below")


def test_a_preview_is_one_file_written_over_and_over(tmp_path):
    preview = PreviewFile(str(tmp_path), tell=pytest.fail)
    for grey in (10, 200):
        preview(1, 2, np.full((8, 8, 3), grey, np.uint8))
        assert np.asarray(Image.open(preview.path))[0, 0, 0] == grey
    assert [path.name for path in tmp_path.iterdir()] == [PREVIEW_NAME]


def test_a_preview_finds_a_folder_of_its_own():
    preview = PreviewFile("auto", tell=pytest.fail)
    preview(1, 1, PIXELS)
    assert preview.path.is_file()
    preview.path.unlink()
    preview.path.parent.rmdir()


def test_a_preview_that_cannot_be_written_is_said_once_and_ends_nothing(tmp_path, monkeypatch):
    told = []
    preview = PreviewFile(str(tmp_path), tell=told.append)
    monkeypatch.setattr(disk, "replace", _full)
    for step in range(3):
        preview(step, 3, PIXELS)
    assert len(told) == 1
    assert "no room" in told[0]
    assert list(Path(tmp_path).iterdir()) == []


def _full(_temporary, path):
    raise OSError(28, "No space left on device", str(path))
