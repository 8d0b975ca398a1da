import io
import json
import re
import shutil
import subprocess
import tempfile
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from hashlib import sha256

import pikepdf
import pytest

from remarque.casefile import pdf as pdf_module
from remarque.casefile.pdf import render_pdf
from remarque.casefile.story import tell_story
from remarque.errors import BundleError, PictureGone
from remarque.model.history import Manner
from stand_ins.galaxy_case import ORDINARY, GalaxyWishes, galaxy_case

HOSTILE = (
    '#panic("x") $sum_1^n$ *bold* _it_ `raw` <label> @ref // gone /* gone */ #include "/etc"',
    r"\documentclass{article}\input{/etc/passwd} %comment & ~ ^ {} \\",
    "🦊👨‍👩‍👧 emoji, שלום עולם, مرحبا بالعالم, ไทย, हिन्दी",
    "x" * 300,
    "line one\nline two\r\n\ttabbed \x00\x07\x1b[31m \u202eevil\u202c",
    "銀河の瓶、桜、龍、한국어, é e\u0301 中\u0301 \u0301",
)


@lru_cache(maxsize=16)
def rendered(wishes: GalaxyWishes = ORDINARY) -> bytes:
    material = galaxy_case(wishes)
    return render_pdf(tell_story(material), read_picture=material.read_picture)


def words_of(content: bytes) -> str:
    if shutil.which("pdftotext") is None:
        pytest.skip("poppler's pdftotext is not installed")
    done = subprocess.run(
        ["pdftotext", "-layout", "-", "-"], input=content, capture_output=True, check=True
    )
    return " ".join(done.stdout.decode("utf-8").replace("\u200b", "").split())


def test_a_reader_finds_the_work_the_author_the_prompt_and_the_grades():
    text = words_of(rendered())
    for words in (
        "A galaxy in a bottle",
        "林美 Mei Lin",
        "glass bottle with a galaxy in it",
        "A whole galaxy held in a kitchen bottle",
        "contemporaneous",
        "self-attested",
        "Here the glass holds the light",
        "sd_xl_base_1.0.safetensors",
        "cropped away",
        "about 1 in 41,000",
        "What this file does not show",
        "What is AI, what is the author’s",
        "VERIFY.md",
    ):
        assert words in text, words


def test_chinese_japanese_and_korean_come_back_out_of_the_file():
    wishes = GalaxyWishes(
        title="瓶中银河",
        intent="黄昏，一朵茶花",
        because="桜の下の光",
        prompts=(None, "한국어, 龍蝦", None),
    )
    text = words_of(rendered(wishes))
    for words in ("瓶中银河", "黄昏，一朵茶花", "桜の下の光", "한국어", "龍蝦"):
        assert words in text, words


def test_pages_are_numbered_out_of_all():
    with pikepdf.open(io.BytesIO(rendered())) as document:
        assert f"3/{len(document.pages)}" in words_of(rendered())


def test_the_same_story_gives_the_same_bytes():
    material = galaxy_case()
    again = render_pdf(tell_story(material), read_picture=material.read_picture)
    assert sha256(again).digest() == sha256(rendered()).digest()


def test_nothing_of_the_page_is_lost_on_a_screen_reader():
    with pikepdf.open(io.BytesIO(rendered())) as document:
        assert document.Root.MarkInfo.Marked
        assert str(document.Root.Lang) == "en"
        assert document.open_outline().root[0].title == "How to read this file"
        with document.open_metadata() as about:
            assert (about["pdfaid:part"], about["pdfaid:conformance"]) == ("3", "A")
            assert about["pdfuaid:part"] == "1"
            assert about["dc:title"] == "Case file: A galaxy in a bottle"
        pictures = [e for e in structure(document.Root.StructTreeRoot) if e.get("/S") == "/Figure"]
        assert len(pictures) >= 8
        assert all(str(picture.Alt).strip() for picture in pictures)


def structure(element):
    kids = element.get("/K", [])
    for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
        if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
            yield kid
            yield from structure(kid)


def test_the_ledger_is_attached_and_its_leaves_hash_to_their_digests():
    material = galaxy_case()
    with pikepdf.open(io.BytesIO(rendered())) as document:
        assert list(document.attachments) == ["ledger.jsonl"]
        content = document.attachments["ledger.jsonl"].get_file().read_bytes()
    lines = [json.loads(line) for line in content.splitlines()]
    entries = [line for line in lines if line["what"] == "entry"]
    assert len(entries) == len(material.entries)
    for entry in entries:
        leaf = entry["leaf"].encode()
        assert sha256(b"\0" + leaf).hexdigest() == entry["leaf_digest"]
        assert entry["proof"].startswith("c2sp.org/tlog-proof@v1")
    (checkpoint,) = (line for line in lines if line["what"] == "checkpoint")
    assert checkpoint["note"].encode() == material.checkpoints[0].note
    assert [line["intact"] for line in lines if line["what"] == "stamp"] == [True]


def test_words_are_printed_and_never_obeyed():
    wishes = GalaxyWishes(prompts=HOSTILE[:3], intent=HOSTILE[3], because=HOSTILE[4])
    material = replace(galaxy_case(wishes), title=HOSTILE[5], author=HOSTILE[1])
    text = words_of(render_pdf(tell_story(material), read_picture=material.read_picture))
    squeezed = text.replace(" ", "")
    for hostile in HOSTILE:
        for word in hostile.split():
            if word.isascii() and word.isprintable():
                assert word in squeezed, word


def test_a_prompt_of_every_script_does_not_stop_the_file():
    every = "".join(chr(at) for at in range(0x20, 0x20000, 37) if not 0xD800 <= at < 0xE000)
    text = words_of(rendered(GalaxyWishes(prompts=("a fox 🦊 in snow", every, None))))
    assert "a fox [U+1F98A] in snow" in text


def test_a_prompt_of_many_pages_does_not_stop_the_file():
    long = ", ".join(f"detail number {number}" for number in range(900))
    with pikepdf.open(io.BytesIO(rendered(GalaxyWishes(prompts=(None, long, None))))) as document:
        assert len(document.pages) > 15


def test_a_stamp_of_the_demonstration_is_called_one():
    text = words_of(rendered(GalaxyWishes(stamps="loopback")))
    said = "made by a program on the same machine and proves nothing outside the demonstration"
    assert text.lower().count(said) >= 2
    assert "Outside stamps" not in text


def test_an_import_is_called_an_import_with_its_date():
    text = words_of(rendered(GalaxyWishes(manner=Manner.IMPORTED)))
    assert "Read from a file on 2026-11-20" in text
    assert "3 of 3 takes came in as files" in text
    assert re.search(r"30\d days .* without anything on record", text)


def test_a_picture_that_is_gone_is_said_to_be_gone():
    text = words_of(rendered(GalaxyWishes(missing=(1,))))
    assert "Picture not available" in text
    assert "The file was deleted from its folder." in text


def test_a_picture_that_cannot_be_read_does_not_stop_the_file():
    material = galaxy_case()
    story = tell_story(material)
    broken = {story.steps[0].take.picture.digest: b"not a picture"}

    def read(digest):
        if digest == story.steps[1].take.picture.digest:
            raise PictureGone("the original of take 2 has gone")
        return broken.get(digest) or material.read_picture(digest)

    text = words_of(render_pdf(story, read_picture=read))
    assert "the original of take 2 has gone" in text
    assert "not a picture of a format" in text


def test_a_case_without_takes_choices_or_copies_is_still_a_file():
    wishes = GalaxyWishes(takes=0, sighting=False, intent="", stamps="none")
    text = words_of(rendered(wishes))
    for words in (
        "No take is on record.",
        "No selection is on record.",
        "No intent is on record",
        "No published copy is on record.",
        "it accuses no picture",
    ):
        assert words in text, words


def test_more_than_forty_takes_go_into_an_appendix():
    wishes = GalaxyWishes(takes=42)
    text = words_of(rendered(wishes))
    assert "The work has 42 takes." in text
    assert "Appendix A: every take" in text
    assert "Take 23" in text.split("Appendix A: every take")[-1]
    assert "Appendix" not in words_of(rendered())


def test_a_stamp_that_came_late_is_said_to_be_late():
    text = words_of(rendered(GalaxyWishes(stamp_after=timedelta(days=3))))
    assert "Stamped 3 days" in text


def test_words_that_promise_are_never_printed():
    nothing = GalaxyWishes(takes=0, sighting=False, intent="", stamps="none")
    for wishes in (ORDINARY, GalaxyWishes(stamps="loopback"), nothing):
        text = words_of(rendered(wishes)).lower()
        for word in ("authentic", "human-made", "own the copyright", "guarantee", "overall score"):
            assert word not in text, word


def test_nothing_is_left_in_the_temporary_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    material = galaxy_case()
    story = tell_story(material)
    render_pdf(story, read_picture=material.read_picture)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(pdf_module, "_TEMPLATES", ("look.typ",))
    with pytest.raises(BundleError, match="could not be set as a PDF"):
        render_pdf(story, read_picture=material.read_picture)
    assert list(tmp_path.iterdir()) == []
