"""Whatever is done to a real file: what an infotext is read to say stands in a kept chunk."""

import contextlib
import json
import re
import struct
from dataclasses import fields, is_dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remarque.errors import InputError
from remarque.intake.automatic1111.reader import read
from remarque.intake.chunks import scan_chunks
from remarque.model.recipe import Chunk, Recipe, Size
from stand_ins.samples import samples_under

_SMALL = 60_000
_FOLDERS = ("automatic1111", "forge", "sd_next", "civitai")
_FILES = [
    path.read_bytes()
    for folder in _FOLDERS
    for path in samples_under(f"generators/{folder}")
    if path.stat().st_size < _SMALL
]
_LINE = (
    "a (fox:1.2) <lora:thin:0.4>, \nBREAK b\nNegative prompt: bad, worse\nSteps: 20, Sampler: "
    "DPM++ 2M, Schedule type: Karras, CFG scale: 7.5, Seed: 1234567890, Size: 512x768, Model "
    "hash: 6ce0161689, Model: m_v1, VAE: v.pt, Denoising strength: 0.35, Clip skip: 2, Hires "
    'upscale: 1.5, Hires steps: 8, Hires prompt: "c, \\"d\\"", ADetailer model: face.pt, '
    'ControlNet 0: "Module: canny, Model: control [e3fe7712], Weight: 0.6", X Type: Steps, '
    'X Values: "10,20", Lora hashes: "thin: 45b5bd0819cf", Hashes: {"model": "6ce0161689"}, '
    "Version: v1.10.1\nTemplate: a {fox|dog}"
)
_TEXTS = [_LINE] + [
    chunk.text for content in _FILES for chunk in scan_chunks(content)[0] if chunk.text
]
_NUMBER = re.compile(r"\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+")
_DERIVED = {"final_size"}  # a size times a factor; what it is made of is checked


def _scalars(value: object) -> list[object]:
    if is_dataclass(value) and not isinstance(value, type):
        found = [(field.name, getattr(value, field.name)) for field in fields(value)]
        inner = [item for name, item in found if name not in _DERIVED | {"role"}]
        return [one for item in inner for one in _scalars(item)]
    if isinstance(value, tuple):
        return [one for item in value for one in _scalars(item)]
    return [] if value is None else [value]


def _stands_in(value: object, texts: list[str], numbers: set[float]) -> bool:
    if isinstance(value, str):
        escaped = json.dumps(value, ensure_ascii=False)[1:-1]
        ascii_only = json.dumps(value)[1:-1]
        return any(form in text for text in texts for form in (value, escaped, ascii_only))
    return float(value) in numbers


def _check(recipe: Recipe, chunks: tuple[Chunk, ...]) -> None:
    kept = [chunk.text for chunk in chunks if chunk.text]
    texts = [form for text in kept for form in (text, text.replace("\r\n", "\n"))]
    numbers = {abs(float(found)) for text in kept for found in _NUMBER.findall(text)}
    for value in _scalars(recipe):
        assert _stands_in(value if isinstance(value, str) else abs(value), texts, numbers), value
    final = recipe.final_size
    if final is not None and not ({final.width, final.height} <= numbers):
        factors = [one.upscale for one in recipe.passes if one.upscale is not None]
        asked = recipe.generated_size
        assert asked is not None
        assert final in [
            Size(int(asked.width * factor), int(asked.height * factor)) for factor in factors
        ]


def _check_file(content: bytes) -> None:
    with contextlib.suppress(InputError):
        chunks, _ = scan_chunks(content)
        for account in read(chunks):
            _check(account.recipe, chunks)


def _mutated(draw, content: bytearray) -> bytes:
    for _ in range(draw(st.integers(1, 8))):
        if not content:
            break
        at = draw(st.integers(0, len(content) - 1))
        how = draw(st.sampled_from(["flip", "cut", "insert", "repeat", "end"]))
        if how == "flip":
            content[at] ^= 1 << draw(st.integers(0, 7))
        elif how == "cut":
            del content[at : at + draw(st.integers(1, 60))]
        elif how == "insert":
            content[at:at] = draw(
                st.sampled_from([b"\0", b'"', b", ", b": ", b"\n", b"\xff", b"9"])
            )
        elif how == "repeat":
            content[at:at] = content[at : at + draw(st.integers(1, 200))]
        else:
            del content[max(at, len(content) // 2) :]
    return bytes(content)


@st.composite
def damaged_texts(draw) -> str:
    text = draw(st.sampled_from(_TEXTS))
    return _mutated(draw, bytearray(text.encode())).decode("utf-8", "replace")


@given(damaged_texts())
@settings(max_examples=400, deadline=None)
def test_a_damaged_infotext_invents_nothing(text):
    chunk = Chunk("PNG tEXt", "parameters", text.encode(), text)
    for account in read([chunk]):
        _check(account.recipe, (chunk,))


@st.composite
def damaged_files(draw) -> bytes:
    return _mutated(draw, bytearray(draw(st.sampled_from(_FILES))))


@pytest.mark.skipif(not _FILES, reason="the shared samples are not beside this checkout")
@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_damaged_file_invents_nothing(data):
    _check_file(data.draw(damaged_files()))


def _png_parts(content: bytes) -> list[bytes]:
    parts, position = [], 8
    while position + 8 <= len(content):
        (length,) = struct.unpack(">I", content[position : position + 4])
        parts.append(content[position : position + 12 + length])
        position += 12 + length
    return parts


@pytest.mark.skipif(not _FILES, reason="the shared samples are not beside this checkout")
@settings(max_examples=200, deadline=None)
@given(st.data())
def test_shuffled_chunks_and_lying_lengths_invent_nothing(data):
    pngs = [content for content in _FILES if content.startswith(b"\x89PNG")]
    parts = data.draw(st.permutations(_png_parts(data.draw(st.sampled_from(pngs)))))
    lie = data.draw(st.integers(0, len(parts) - 1))
    length = data.draw(st.integers(0, 2**32 - 1) | st.integers(0, 400))
    if data.draw(st.booleans()):
        parts[lie] = struct.pack(">I", length) + parts[lie][4:]
    _check_file(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
