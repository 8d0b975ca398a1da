import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from remarque.casefile.lettering import MAY_BREAK, coverages, families_needed, legible


@pytest.mark.parametrize(
    "text",
    [
        "soft light, (film grain:1.2)",
        "茶花，黄昏的光",
        "桜の下で働く人、カメラ",
        "龍蝦 與 臺灣",
        "한국어 프롬프트",
        "שלום עולם",
        "مرحبا بالعالم",
        "Привет, Αθήνα, Łódź",
        "e\u0301 stays as it was typed",
        "first line\nsecond line",
    ],
)
def test_what_the_fonts_hold_is_shown_as_it_is(text):
    assert legible(text).replace(MAY_BREAK, "") == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("fox 🦊 in snow", "fox [U+1F98A] in snow"),
        ("สวัสดี", "[U+0E2A][U+0E27][U+0E31][U+0E2A][U+0E14][U+0E35]"),
        ("safe\u202egnp.exe", "safe[U+202E]gnp.exe"),
        ("zero\u200dwidth", "zero[U+200D]width"),
        ("nul\x00", "nul[U+0000]"),
        ("\U000f0000", "[U+F0000]"),
        ("\u0301alone", "[U+0301]alone"),
        ("中\u20dd", "中[U+20DD]"),
        ("\ud800", "[U+D800]"),
    ],
)
def test_a_character_that_cannot_be_seen_is_written_as_its_number(text, shown):
    assert legible(text).replace(MAY_BREAK, "") == shown


def test_a_heart_with_its_colour_selector_is_still_a_heart():
    assert legible("❤\ufe0f") == "❤"


def test_windows_line_ends_are_line_ends():
    assert legible("a\r\nb") == "a\nb"


def test_long_words_may_break_and_digests_may_not():
    assert MAY_BREAK in legible("x" * 300)
    assert MAY_BREAK in legible("a_very_long_model_file_name.safetensors")
    assert legible("sha256:" + "ab" * 32) == "sha256:" + "ab" * 32


def test_only_the_fonts_a_text_needs_are_named():
    assert families_needed(["plain words"]) == {"Libertinus Serif"}
    assert "Noto Serif SC" in families_needed(["plain", "中文"])
    assert "Remarque Hangul" not in families_needed(["plain", "中文"])


@given(st.text(max_size=80))
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_any_text_becomes_legible_and_stays_so(text):
    shown = legible(text)
    assert legible(shown) == shown
    assert families_needed([shown]) <= {font.family for font in coverages()}


def test_typst_has_every_character_the_table_promises(tmp_path):
    """PDF/A forbids a missing glyph, so typst refuses the document if the table is wrong."""
    import typst

    from remarque.casefile import pdf

    every = [character for font in coverages() for character in font.characters()]
    shown = ["\u25cc" + c if unicodedata.category(c).startswith("M") else c for c in every]
    promised = "\n".join("".join(shown[at : at + 60]) for at in range(0, len(shown), 60))
    pdf._lay_out(tmp_path, {"all": promised}, b"")
    (tmp_path / "all.txt").write_text(promised, encoding="utf-8")
    (tmp_path / "all.typ").write_text(
        '#import "look.typ": faces\n#set document(title: "all")\n'
        '#set text(font: faces, fallback: false, size: 4pt, lang: "en")\n'
        '#for line in read("all.txt").split("\\n") {\n'
        "  let shown = line.clusters().join(sym.zws)\n"
        '  par[#shown #text(weight: "semibold", shown)]\n}'
    )
    made = typst.compile(
        str(tmp_path / "all.typ"),
        format="pdf",
        pdf_standards=["a-3b"],
        font_paths=[str(tmp_path / "fonts")],
        ignore_system_fonts=True,
    )
    assert made.startswith(b"%PDF")
