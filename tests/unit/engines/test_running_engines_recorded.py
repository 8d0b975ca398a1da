"""From a running program's picture to a take, and from that take alone to the same picture."""

import numpy as np
import pytest

from remarque.actions.orders import Listening, ModelWish, Order
from remarque.actions.rerun_gaps import Program
from remarque.actions.rerun_orders import order_of
from remarque.actions.witnessing import record_seen
from remarque.actions.works import open_work
from remarque.engines.comfyui_engine import ComfyEngine
from remarque.engines.webui_engine import WebuiEngine
from remarque.model.recipe import Recipe, Size
from remarque.pictures.decoding import decode
from stand_ins.comfyui_queueing import ComfyQueueStandIn
from stand_ins.memory_vault import FixedClock, build_memory_vault
from stand_ins.webui_server import WebuiStandIn

RECIPE = Recipe(
    prompt="a sea at dusk", negative_prompt="blurry", seed=7, steps=2, cfg=6.5, sampler="Euler a",
    scheduler="Karras", model="dream", generated_size=Size(256, 256),
)  # fmt: skip


@pytest.fixture(params=["comfyui", "webui"])
def engine(request, tmp_path):
    if request.param == "comfyui":
        with ComfyQueueStandIn(folder=tmp_path / "comfyui") as server:
            yield ComfyEngine(server.url, FixedClock())
        return
    with WebuiStandIn() as server:
        yield WebuiEngine(server.url, FixedClock())


def test_a_take_of_a_running_program_is_made_again_from_its_record(engine, tmp_path):
    vault = build_memory_vault(tmp_path)
    work, _ = open_work(vault, "Sea")
    made = engine.make(Order(RECIPE, (ModelWish("checkpoint", "dream"),)), Listening())
    take = record_seen(vault, work, made.seen).take
    assert (take.recipe.seed, take.recipe.prompt) == (7, "a sea at dusk")
    assert vault.pictures.read(take.witness.executed) == made.seen.executed
    is_graph = isinstance(engine, ComfyEngine)
    again = order_of(vault, take, Program.COMFYUI if is_graph else Program.WEBUI)
    assert again.missing == ()
    second = engine.make(again.order, Listening())
    pixels = [decode(each.seen.content).pixels for each in (made, second)]
    assert np.array_equal(*pixels)
    assert second.seen.witness.run != take.witness.run
