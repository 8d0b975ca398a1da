"""A file that ends anywhere says less than the whole file, and nothing else."""

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remarque.errors import RemarqueError
from remarque.intake import read_picture
from stand_ins.samples import samples_under

_FOLDERS = ("automatic1111", "forge", "sd_next", "civitai", "fooocus", "novelai", "draw_things")
# InvokeAI's pictures have two formats beside each other; the older one alone names no model.
_FILES = [
    path.read_bytes()
    for folder in (*_FOLDERS, "invokeai")
    for path in samples_under(f"generators/{folder}")
]


def _start_of_pixels(content: bytes) -> int:
    found = [content.find(mark) for mark in (b"IDAT", b"\xff\xda")]
    return min((place for place in found if place > 0), default=len(content))


@pytest.mark.skipif(not _FILES, reason="the sample pictures are not here")
@given(data=st.data())
def test_a_prefix_never_says_otherwise(data):
    content = data.draw(st.sampled_from(_FILES))
    end = data.draw(st.integers(20, max(_start_of_pixels(content), 21)))
    try:
        part = read_picture(content[:end])
    except RemarqueError:
        return
    whole = read_picture(content)
    assert part.generator in {None, whole.generator}
    for field in fields(part.recipe):
        told = getattr(part.recipe, field.name)
        expected = getattr(whole.recipe, field.name)
        if isinstance(told, tuple):
            assert set(told) <= set(expected), field.name
        else:
            assert told in {None, expected}, field.name
