"""Whatever lies in an inbox: it is recorded or put aside, and only our errors leave the reader."""

import contextlib
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from remarque.engines.inbox_folder import InboxFolder
from remarque.engines.inbox_format import parse_hand_over, parse_lost
from remarque.engines.inbox_opening import Opening
from remarque.engines.model_files import ModelFiles
from remarque.errors import RemarqueError
from remarque.wiring.clock import SystemClock
from stand_ins.comfyui_watching import PROMPT
from stand_ins.inbox_reading import said, writer_at
from stand_ins.watched import picture

WEBUI = {
    "infotext": "a cat\nSteps: 4, Seed: 9, Size: 24x24",
    "executed": '{"seed":9}',
    "started": "2026-11-23T10:00:00.000Z",
    "models": [{"role": "vae", "name": "m", "path": "/m.pt", "size": 1, "modified_ns": 5}],
    "sources": [{"role": "init", "file": "source-0"}],
    "environment": [["seed of this picture", "9"]],
    "reading": {"generator": "ComfyUI", "recipe": {"seed": "18446744073709551615"}},
    "remarks": ["a remark"],
}
SHOWN = {"filename": "Sea_1.png", "subfolder": "a", "kind": "output"}
HISTORY = {
    "prompt": [0, "r1", PROMPT],
    "outputs": {"9": {"images": [{"filename": "Sea_1.png", "subfolder": "a", "type": "output"}]}},
    "meta": {"9": {"real_node_id": "9"}},
    "status": {"messages": [["execution_start", {"timestamp": 1760000000000}],
                            ["execution_cached", {"nodes": []}]]},
}  # fmt: skip
COMFY = {
    "comfyui": {"history": HISTORY, "shown": SHOWN, "values": [["3", "seed", 5]]},
    "models": [{"role": "other", "name": "dream.safetensors", "folder": "checkpoints",
                "path": "/nowhere/dream.safetensors", "size": 1, "modified_ns": 1}],
    "sources": [{"role": "init", "file": "source-0", "name": "start.png"}],
}  # fmt: skip
ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.integers(2**63, 2**70), st.floats(allow_nan=False),
    st.text(max_size=20), st.lists(st.text(max_size=5), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
    st.sampled_from(["\0", "../..", "/dev/zero", "/proc/self/mem", "9" * 400, [], {}, -1, 1e308]),
)  # fmt: skip


def places(value, way=()):
    """Every place in a JSON value."""
    yield way
    items = value.items() if isinstance(value, dict) else ()
    items = enumerate(value) if isinstance(value, list) else items
    for key, item in items:
        yield from places(item, (*way, key))


def put(value, way, odd):
    """The value with something else at a place."""
    if not way:
        return odd
    copied = dict(value) if isinstance(value, dict) else list(value)
    copied[way[0]] = put(copied[way[0]], way[1:], odd)
    return copied


@pytest.fixture(scope="module", params=[WEBUI, COMFY], ids=["web UI", "ComfyUI"])
def waiting(request, tmp_path_factory):
    """A folder with one whole hand-over."""
    base = tmp_path_factory.mktemp("inbox")
    files = {"picture": picture(1), "source-0": picture(2)}
    assert writer_at(base / "inbox").hand_over(said(1) | request.param, files)
    folder = InboxFolder(base / "inbox")
    [name] = folder.hand_overs()
    opening = Opening(folder, SystemClock(), ModelFiles(base / "cache.json"))
    return base / "inbox" / name, opening


def test_the_unchanged_ones_are_read(waiting):
    folder, opening = waiting
    _, seen = opening.open(folder.name)
    assert seen.witness.models
    assert seen.content == picture(1)


@settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_changed_anywhere_only_our_errors_leave(waiting, data):
    folder, opening = waiting
    path = folder / "told.json"
    whole = path.read_bytes()
    told = json.loads(whole)
    for _ in range(data.draw(st.integers(1, 3))):
        told = put(told, data.draw(st.sampled_from(sorted(places(told), key=str))), data.draw(ODD))
    try:
        path.write_text(json.dumps(told))
        with contextlib.suppress(RemarqueError):
            opening.open(folder.name)
    finally:
        path.write_bytes(whole)


@settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_bytes_changed_anywhere_only_our_errors_leave(waiting, data):
    folder, _ = waiting
    content = bytearray((folder / "told.json").read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    for read in (parse_hand_over, parse_lost):
        for changed in (content, content[:cut]):
            with contextlib.suppress(RemarqueError):
                read(bytes(changed))
