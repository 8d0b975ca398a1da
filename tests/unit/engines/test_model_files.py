"""Model files: digests, what their headers say, the memory of digests; nothing is unpickled."""

import hashlib
import json
import os
import struct
import time

import pytest

from remarque.engines.model_files import ModelFiles
from remarque.model.digests import digest_of


def safetensors(path, facts, body=b"\0" * 8):
    header = {"__metadata__": facts, "w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}
    raw = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(raw)) + raw + body)
    return path


@pytest.fixture
def files(tmp_path):
    return ModelFiles(tmp_path / "cache" / "known.json")


def age(path, seconds=60):
    moment = time.time() - seconds
    os.utime(path, (moment, moment))


def test_a_checkpoint_with_facts_about_itself(tmp_path, files):
    facts = {
        "modelspec.title": "Ink",
        "modelspec.date": "2025-02-03",
        "modelspec.license": "CreativeML Open RAIL-M",
    }
    path = safetensors(tmp_path / "ink.safetensors", facts)
    found = files.describe(path, "checkpoint")
    assert (found.role, found.name) == ("checkpoint", "ink.safetensors")
    assert found.digest == digest_of(path.read_bytes())
    assert found.size_bytes == path.stat().st_size
    assert (found.version, found.licence) == ("Ink, 2025-02-03", "CreativeML Open RAIL-M")


def test_a_pickle_is_only_counted(tmp_path, files):
    path = tmp_path / "evil.ckpt"
    path.write_bytes(b"cos\nsystem\n(S'touch /tmp/no'\ntR.")
    found = files.describe(path, "checkpoint")
    assert found.digest == digest_of(path.read_bytes())
    assert found.version is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff" * 8,
        struct.pack("<Q", 5) + b"nope!",
        struct.pack("<Q", 1 << 60) + b"{}",
        struct.pack("<Q", 200_000) + b"[" * 200_000,
        struct.pack("<Q", 4) + b"[[]]",
        struct.pack("<Q", 21) + b'{"__metadata__": 7}  ',
    ],
)
def test_a_damaged_header_says_nothing(tmp_path, files, content):
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    found = files.describe(path, "lora")
    assert found.digest == digest_of(content)
    assert (found.version, found.licence) == (None, None)


def test_a_file_that_is_not_there(tmp_path, files):
    found = files.describe(tmp_path / "gone.safetensors", "vae")
    assert (found.name, found.digest, found.size_bytes) == ("gone.safetensors", None, None)


def test_a_digest_is_remembered_until_the_file_changes(tmp_path, files):
    path = safetensors(tmp_path / "a.safetensors", {})
    age(path)
    first = files.describe(path, "lora").digest
    moment = path.stat()
    # The same size and time: only somebody who forges both is not seen, and the probe of the
    # weights in memory sees what was loaded.
    path.write_bytes(path.read_bytes()[:-8] + b"\1" * 8)
    os.utime(path, ns=(moment.st_atime_ns, moment.st_mtime_ns))
    again = ModelFiles(tmp_path / "cache" / "known.json")
    assert again.describe(path, "lora").digest == first
    age(path, 30)
    assert again.describe(path, "lora").digest == digest_of(path.read_bytes())


def test_a_file_just_written_is_not_remembered(tmp_path, files):
    path = safetensors(tmp_path / "a.safetensors", {})
    files.describe(path, "lora")
    assert not (tmp_path / "cache" / "known.json").exists()


def test_a_damaged_memory_is_begun_anew(tmp_path, files):
    known = tmp_path / "cache" / "known.json"
    known.parent.mkdir()
    path = safetensors(tmp_path / "a.safetensors", {})
    age(path)
    for content in (b"{", b"[]", json.dumps({str(path): ["x"]}).encode()):
        known.write_bytes(content)
        found = ModelFiles(known).describe(path, "lora")
        assert found.digest == digest_of(path.read_bytes())
    assert str(path) in json.loads(known.read_bytes())


def test_a_folder_is_the_list_sha256sum_writes(tmp_path, files):
    folder = tmp_path / "models--ada--ink" / "snapshots" / "abc123"
    (folder / "unet").mkdir(parents=True)
    (folder / "unet" / "b.safetensors").write_bytes(b"weights")
    (folder / "README.md").write_text("---\nlicense: openrail\ntags: []\n---\nInk.")
    (folder / ".cache").mkdir()
    (folder / ".cache" / "x").write_bytes(b"no part of it")
    found = files.describe(folder, "checkpoint")
    lines = "".join(
        f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n"
        for name in ("README.md", "unet/b.safetensors")
    )
    assert found.digest == digest_of(lines.encode())
    assert (found.name, found.version, found.licence) == ("ada/ink", "abc123", "openrail")


def test_a_card_without_a_header(tmp_path, files):
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "README.md").write_text("license: not a header")
    assert files.describe(tmp_path / "m", "vae").licence is None
