"""Whatever a reader reports stands literally in the chunks; damage never makes up a value.

Texts of real files are damaged and given to every reader that is not the graph's or the infotext's.
"""

import json
import re
from dataclasses import fields
from itertools import chain

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from remarque.errors import InputError
from remarque.intake import (
    credentials,
    draw_things,
    easy_diffusion,
    fooocus,
    hugging_face,
    invokeai,
    iptc_fields,
    midjourney,
    mochi_diffusion,
    novelai,
    read_chunks,
    read_picture,
    single_texts,
    stability_matrix,
    swarmui,
    tensor_art,
)
from remarque.manifests.stores import read_manifest_store
from remarque.model.recipe import Chunk, Recipe, Size
from stand_ins.samples import samples_under

_READERS = (
    credentials.read, draw_things.read, easy_diffusion.read, fooocus.read, hugging_face.read,
    invokeai.read, iptc_fields.read, midjourney.read, mochi_diffusion.read, novelai.read,
    single_texts.read, stability_matrix.read, swarmui.read, tensor_art.read,
)  # fmt: skip
_MADE_UP = [
    [("Description", 'a fox --ar 3:2 --no "dog" --seed 42 --v 6 Job ID: '
      "bb9dd2e0-2352-4506-942b-9ac923610b8d")],
    [("generation_data", '{"prompt": "a fox", "seed": "-1", "steps": 25, "cfgScale": 7.5, '
      '"baseModel": {"modelFileName": "m", "hash": "AB"}, "width": 512, "height": 768}')],
    [("parameters", '{"prompt": "a fox", "resolution": "832 x 1216", "guidance_scale": 5.5, '
      '"num_inference_steps": 28, "seed": 3, "use_upscaler": {"upscale_by": 1.5}}')],
    [("Dream", '"a fox [dog]" -s50 -W512 -H768 -C7.5 -Ak_lms -S42 -I in.png -f 0.6')],
    [("ImageDescription", "Include in Image: a fox; Exclude from Image: dog; Model: m; Steps: 20; "
      "Guidance Scale: 11.0; Seed: 42; Size: 512x768;  Generator: Mochi Diffusion 4.2")],
    [("prompt", "a fox"), ("seed", "3"), ("steps", "50"), ("scale", "7.5"),
     ("negative-prompt", "dog")],
    [("parameters", '{"software": "RuinedFooocus", "Prompt": "p", "seed": 4, "steps": 30, '
      '"loras": [["AB", "0.5 - l.safetensors"]]}')],
]  # fmt: skip
_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_COUNTED = re.compile(r"\d+(?:\.\d+)?")
_WITHOUT_ZERO = re.compile(r"\.\d+(?:[eE][+-]?\d+)?")  # ".5" is a number to every program


def _real() -> list[list[tuple[str, str, str]]]:
    found = []
    for folder in ("generators", "c2pa"):
        for path in samples_under(folder):
            content = path.read_bytes()
            try:
                chunks = list(read_chunks(content))
            except InputError:
                continue
            store = read_manifest_store(content)
            if store is not None and store.text:
                chunks.append(Chunk(credentials.PLACE, "store", b"", store.text))
            texts = [(one.place, one.key, one.text) for one in chunks if one.text is not None]
            if texts and sum(len(text) for *_, text in texts) < 40_000:
                found.append(texts)
    return found


_FILES = _real() + [[("PNG tEXt", key, text) for key, text in one] for one in _MADE_UP]


@st.composite
def damaged_texts(draw) -> list[Chunk]:
    chunks = []
    for place, key, text in draw(st.sampled_from(_FILES)):
        changed = text
        for _ in range(draw(st.integers(0, 6))):
            at = draw(st.integers(0, len(changed)))
            how = draw(st.sampled_from(["cut", "put", "end", "again"]))
            if how == "cut":
                changed = changed[:at] + changed[at + draw(st.integers(1, 30)) :]
            elif how == "put":
                new = st.sampled_from(
                    ['"', ",", "{", "[", "-", "1", ": null", "\\", "\ud800", "]}"]
                )
                changed = changed[:at] + draw(new) + changed[at:]
            elif how == "end":
                changed = changed[:at] if draw(st.booleans()) else changed
            else:
                changed = changed[:at] + changed[max(at - 60, 0) :]
        chunks.append(Chunk(place, key, changed.encode("utf-8", "replace"), changed))
    return chunks


def _strings_in(value: object) -> list[str]:
    """Every string in a JSON value, and in JSON that stands inside its strings."""
    if isinstance(value, str):
        return [value, *_strings_of(value)]
    if isinstance(value, dict):
        return [*value, *chain.from_iterable(map(_strings_in, value.values()))]
    return list(chain.from_iterable(map(_strings_in, value))) if isinstance(value, list) else []


def _strings_of(text: str) -> list[str]:
    start = text.find("{")
    if start < 0:
        return []
    try:
        return _strings_in(json.loads(text[start:].strip("\0 \n"), strict=False))
    except (ValueError, RecursionError):
        return []


def _scalars_of(value: object) -> list[str | int | float]:
    if isinstance(value, Size):
        return [value.width, value.height]
    if isinstance(value, tuple):
        return list(chain.from_iterable(map(_scalars_of, value)))
    if isinstance(value, str | int | float):
        return [value]
    if value is None:
        return []
    named = [field.name for field in fields(value) if field.name != "role"]
    return list(chain.from_iterable(_scalars_of(getattr(value, name)) for name in named))


def _stated(recipe: Recipe) -> list[str | int | float]:
    """Everything but the further settings, whose labels are partly ours."""
    names = [field.name for field in fields(Recipe) if field.name != "settings"]
    return list(chain.from_iterable(_scalars_of(getattr(recipe, name)) for name in names))


def _check(chunks: list[Chunk]) -> int:
    texts = [chunk.text or "" for chunk in chunks]
    texts += list(chain.from_iterable(map(_strings_of, texts)))
    words = "\n".join(texts)
    numbers = {float(number) for number in _NUMBER.findall(words)}
    numbers |= {float(number) for number in _COUNTED.findall(words)}
    numbers |= {float(number) for number in _WITHOUT_ZERO.findall(words)}
    seen = 0
    for account in chain.from_iterable(read(chunks) for read in _READERS):
        for value in _stated(account.recipe):
            seen += 1
            if isinstance(value, str):
                # Negative words are put together from several places, so word by word.
                missing = [word for word in value.split() if word.strip(",") not in words]
                assert not missing, (account.generator, value)
            else:
                assert abs(float(value)) in numbers, (account.generator, value)
    return seen


@pytest.mark.parametrize("texts", _FILES, ids=lambda texts: texts[0][1])
def test_what_is_read_from_whole_files_stands_in_them(texts):
    _check([Chunk(place, key, text.encode(), text) for place, key, text in texts])


def test_the_check_itself_sees_values():
    read = [_check([Chunk(*one[:2], b"", one[2]) for one in texts]) for texts in _FILES]
    assert sum(1 for count in read if count >= 3) >= len(_MADE_UP)


_CREDENTIALED = [path.read_bytes() for path in samples_under("c2pa/c2pa-rs", "C*.jpg")]


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_damaged_credentials_are_told_and_leak_nothing(data):
    content = bytearray(data.draw(st.sampled_from(_CREDENTIALED or [b"\xff\xd8\xffjumb c2pa"])))
    boxes = max(bytes(content).find(b"jumb"), 0)
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(boxes, min(boxes + 8_000, len(content) - 1)))] ^= 0x41
    reading = read_picture(bytes(content))
    kept = [chunk for chunk in reading.chunks if chunk.place == credentials.PLACE]
    assert len(kept) <= 1
    assert not kept or any("Credentials" in remark for remark in reading.remarks)


@given(damaged_texts())
@settings(max_examples=400, deadline=None)
def test_what_is_read_from_damaged_texts_stands_in_them(chunks):
    assume(any(chunk.text for chunk in chunks))
    _check(chunks)
