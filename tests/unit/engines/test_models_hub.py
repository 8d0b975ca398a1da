"""Models of the hub: fetched once over its protocol, then found without a network."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from remarque.actions.orders import ModelWish
from remarque.engines.model_files import ModelFiles
from remarque.engines.stable_diffusion.hub import Fetching, fetch_pipeline, parse_reference
from remarque.engines.stable_diffusion.loading_finding import find_models
from remarque.engines.stable_diffusion.loading_wishes import Wishes
from remarque.engines.stable_diffusion.shelf import Shelf
from remarque.errors import ModelMissing
from stand_ins import tiny_pipelines as tiny
from stand_ins.hub_server import COMMIT, hub_of
from stand_ins.tiny_checkpoints import save_lora

# What a session of its own does: the libraries read their settings when they are imported.
SESSION = """
import json, sys
from pathlib import Path
import torch
from remarque.actions.orders import ModelWish, Order
from remarque.engines.model_files import ModelFiles
from remarque.engines.stable_diffusion.loading import Loader, Permissions
from remarque.engines.stable_diffusion.shelf import Shelf
from remarque.errors import RemarqueError
from remarque.model.recipe import LoraUse, Recipe

files = ModelFiles(Path(sys.argv[1]))
for line in sys.stdin:
    ask = json.loads(line)
    loader = Loader(Shelf((), files), files, Permissions(hub=ask.get("hub", True)))
    uses = (LoraUse("ink", 1.0),) if ask.get("lora") else ()
    wishes = [ModelWish("checkpoint", ask["model"], ask["model"], ask.get("digest"))]
    if uses:
        wishes.append(ModelWish("lora", "ink", ask["lora"]))
    try:
        order = Order(Recipe(prompt="x", loras=uses), tuple(wishes))
        found = loader.load(order, torch.float32, "cpu")
        rows = [[m.role, m.name, m.digest, m.version, m.licence] for m in found.models]
        print(json.dumps({"models": rows, "family": found.family}), flush=True)
    except RemarqueError as error:
        print(json.dumps({"slug": error.slug, "said": error.message}), flush=True)
"""


def session(tmp_path, asked, **environment):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    settings = {
        "HF_HOME": str(tmp_path / "hf"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_ETAG_TIMEOUT": "5",
        "OMP_NUM_THREADS": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", SESSION, str(tmp_path / "known.json")],
        input="".join(json.dumps(one) + "\n" for one in asked),
        env={**kept, **settings, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def repository(tmp_path):
    """A tiny pipeline as on the hub: with pickles and other files that are not to be fetched."""
    folder = tmp_path / "upstream"
    pipe = tiny.stable_diffusion(tmp_path)
    pipe.save_pretrained(folder)
    save_lora(pipe, folder / "loras" / "ink.safetensors")
    shutil.copy(
        folder / "unet" / "diffusion_pytorch_model.safetensors",
        folder / "unet" / "diffusion_pytorch_model.fp16.safetensors",
    )
    (folder / "unet" / "diffusion_pytorch_model.bin").write_bytes(b"\x80\x02cos\nsystem\n")
    (folder / "README.md").write_text("---\nlicense: openrail\n---\n")
    (folder / "evil.py").write_text("raise SystemExit")
    return folder


def test_a_model_is_fetched_once_and_found_without_a_network_after_that(tmp_path, repository):
    with hub_of("owner/tiny", repository) as hub:
        asked = [
            {"model": "owner/tiny"},
            {"model": "owner/none"},
            {"model": "owner/tiny@nosuch"},
            {"model": "owner/tiny", "digest": "sha256:" + "0" * 64},
            {"model": "owner/tiny", "lora": "owner/tiny/loras/ink.safetensors"},
        ]
        # Once more and then without the network: nothing but the cache is asked.
        asked += [{"model": "owner/tiny"}, {"model": "owner/tiny", "hub": False}]
        answers = session(tmp_path, asked, HF_ENDPOINT=hub.address)
    found, none, revision, changed, worn, again, alone = answers
    assert found["family"] == "sd1"
    assert found["models"][0][1::2] == ["owner/tiny", COMMIT]
    assert found["models"][0][4] == "openrail"
    assert found["models"][2][1] == "owner/tiny/unet/diffusion_pytorch_model.safetensors"
    assert none["slug"] == revision["slug"] == "model-missing"
    assert "there is no such model" in none["said"]
    assert changed["slug"] == "model-changed"
    assert worn["models"][-1][:2] == ["lora", "ink.safetensors"]
    fetched = {line.rpartition("/")[2] for line in hub.asked if line.startswith("GET /owner/")}
    assert "diffusion_pytorch_model.safetensors" in fetched
    assert not {one for one in fetched if one.endswith((".bin", ".py", ".fp16.safetensors"))}
    weights = "/unet/diffusion_pytorch_model.safetensors"
    assert len([one for one in hub.asked if one.startswith("GET") and one.endswith(weights)]) == 1
    assert found == again == alone


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("owner/name", ("owner/name", None, None)),
        ("owner/name@v1", ("owner/name", "v1", None)),
        ("owner/name/deep/ink.safetensors", ("owner/name", None, "deep/ink.safetensors")),
        ("owner/na-me_1.5", ("owner/na-me_1.5", None, None)),
    ],
)
def test_hub_ids(text, parts):
    found = parse_reference(text)
    assert (found.repository, found.revision, found.file) == parts


@pytest.mark.parametrize(
    "text",
    [
        "name",
        "",
        "/etc/passwd",
        "../a/b",
        "a/../b",
        "a//b",
        "sdxl/ink.safetensors",
        "a b/c",
        "a/b/",
    ],
)
def test_what_is_no_hub_id(text):
    assert parse_reference(text) is None


def test_nothing_is_fetched_where_the_network_is_not_permitted():
    reference = parse_reference("owner/never-fetched")
    with pytest.raises(ModelMissing, match="not in the Hugging Face cache") as caught:
        fetch_pipeline(reference, Fetching(online=False))
    assert "while the network may be used" in caught.value.hint


def test_the_role_says_what_is_fetched(tmp_path):
    files = ModelFiles(tmp_path / "known.json")
    wishes = Wishes(ModelWish("checkpoint", "x", "owner/never-fetched/ink.safetensors"))
    with pytest.raises(ModelMissing, match="owner/never-fetched"):
        find_models(wishes, Shelf((), files), Fetching(online=False), files)
    assert not Path("owner").exists()
