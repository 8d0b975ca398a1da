"""The small notations of ``remarque make``."""

import pytest

from remarque.actions.making_wishes import ControlWish, HiresWish, LoraWish, Outpaint
from remarque.cli.make_words import read_control, read_hires, read_lora, read_outpaint, read_size
from remarque.errors import UsageError
from remarque.model.recipe import Size


def test_what_is_written_is_read(tmp_path):
    assert read_size("512x768") == read_size(" 512 × 768 ") == Size(512, 768)
    assert read_lora("ink") == LoraWish("ink")
    assert read_lora("owner/ink:-0.5") == LoraWish("owner/ink", -0.5)
    assert read_hires("1.5") == HiresWish(1.5)
    assert read_hires("2:0.4:12") == HiresWish(2, 0.4, 12)
    assert read_outpaint("64, 0,64,0") == Outpaint(64, 0, 64, 0)
    assert read_control("canny:1f2e3d4c") == ControlWish("canny", "1f2e3d4c")
    assert read_control("owner/canny:a.png:0.6") == ControlWish("owner/canny", "a.png", 0.6)


def test_a_colon_in_a_path_is_no_sign_where_the_file_is_there(tmp_path):
    odd = tmp_path / "a:1"
    odd.write_bytes(b"")
    assert read_lora(str(odd)) == LoraWish(str(odd))
    drive = tmp_path / "c"
    drive.mkdir()
    picture = drive / "x:y.png"
    picture.write_bytes(b"")
    assert read_control(f"D:\\canny:{picture}:0.5") == ControlWish("D:\\canny", str(picture), 0.5)


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (read_size, "512"),
        (read_size, "512x"),
        (read_size, "axb"),
        (read_size, "1" * 5000),
        (read_lora, "ink:heavy"),
        (read_lora, "ink:"),
        (read_hires, "twice"),
        (read_hires, "2:a"),
        (read_hires, "2:0.5:1.5"),
        (read_hires, "2:0.5:10:1"),
        (read_outpaint, "64"),
        (read_outpaint, "a,b,c,d"),
        (read_control, "canny"),
        (read_control, "canny:"),
        (read_control, ":a.png"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_form(read, text):
    with pytest.raises(UsageError) as refused:
        read(text)
    assert len(refused.value.message) < 250
