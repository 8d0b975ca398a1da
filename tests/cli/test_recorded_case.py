"""A case file of a work recorded as it was made: what it tells, and what it keeps to itself."""

import json
import shutil
import subprocess
from pathlib import Path

import pikepdf
import pytest

from remarque.model.digests import hex_of
from stand_ins.bundle_surgery import checker_status, files_of
from stand_ins.command import run
from stand_ins.recorded_case import MODEL, PASSPHRASE, SECRETS, TITLE, recorded_case


@pytest.fixture(scope="module")
def case(tmp_path_factory) -> Path:
    """The folder with case.pdf and bundle.zip, written by the command."""
    folder = tmp_path_factory.mktemp("recorded")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("REMARQUE_PASSPHRASE", PASSPHRASE)
        place = recorded_case(folder)
        done = run("case", TITLE, "--vault", place, "--out", folder / "case", "--no-timestamp")
    assert done.code == 0, done.err
    return folder / "case"


@pytest.fixture(scope="module")
def text(case) -> str:
    """Everything the PDF says, in one line, places where words may break taken out."""
    if shutil.which("pdftotext") is None:
        pytest.skip("poppler's pdftotext is not installed")
    done = subprocess.run(
        ["pdftotext", "-layout", case / "case.pdf", "-"], capture_output=True, check=True
    )
    return " ".join(done.stdout.decode().replace("\u200b", "").split())


def test_it_says_who_saw_the_takes_come_into_being(text):
    for words in (
        "Seen as it happened",
        "Seen by: ComfyUI server watch in ComfyUI 0.3.71.",
        "A preview the",
        "dreamshaper_8.safetensors, 8, CreativeML Open RAIL-M",
        hex_of(MODEL.digest),
        "NVIDIA RTX 4090",
        "What the program ran (digest)",
    ):
        assert words in text, words


def test_it_says_what_was_caught_up_with(text):
    assert "It lay there before the watch began; its coming was" in text
    assert "1 picture lay there already when a watch began" in text
    assert "1 of 5 takes came in as files" in text


def test_it_says_where_takes_come_from_and_on_which_basis(text):
    assert "Image-to-image from take 2. Inferred, basis: digest." in text
    assert "Edited outside the generator from take 3. Inferred, basis: picture" in text
    assert "2.5 % of the pixels were changed in GIMP 2.10.38" in text
    assert "changed region (white)" in text
    assert "The take it was made from, in full" in text
    assert "variation" not in text.lower()


def test_a_beginning_brings_its_words(text):
    assert "A new beginning" in text
    assert "一个装着银河的玻璃瓶" in text


def test_it_tells_inferred_selections_with_and_without_a_reason(text):
    assert "Here the glass holds the light. 光在瓶里。" in text
    assert "Take 5 was copied to another folder" in text
    assert "at the time of the selection" not in text
    assert "Take 2 was rated higher than 3 others." in text
    assert "preference twice" in text


def test_it_says_what_it_does_not_show(text):
    for words in (
        "saved into a watched folder with a fresh date, looks like one just made",
        "tidying up can look the same",
        "Known gaps in the record",
        "The picture “00007.png” was not recorded.",
        "The bundle leaves out 3 files whose metadata names secrets.",
        "Files kept back, and why",
        "Take 2: 00002.png",
        "Take 2: its metadata as read",
        "Take 3: what the program ran",
    ):
        assert words in text, words


def test_every_withheld_file_stands_in_the_pdf_with_its_copy(case, text):
    files = files_of(case / "bundle.zip")
    missing = json.loads(files["bundle.json"])["missing"]
    squeezed = text.replace(" ", "")
    assert len(missing) == 3
    for row in missing:
        assert row["digest"] in squeezed
        assert row["reason"].replace(" ", "") in squeezed
        copy = row["reason"].rpartition(" ")[2]
        assert copy in files


def test_no_secret_is_in_the_pdf_its_attachment_or_the_bundle(case, text):
    with pikepdf.open(case / "case.pdf") as document:
        attached = document.attachments["ledger.jsonl"].get_file().read_bytes()
    everything = b"".join(files_of(case / "bundle.zip").values()) + attached + text.encode()
    for secret in SECRETS:
        assert secret.encode() not in everything, secret
    assert checker_status(case / "bundle.zip", []) == 3
