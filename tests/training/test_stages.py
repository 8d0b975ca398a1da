"""Every stage of the training, small: from drawn scenes to a folder diffusers loads."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("diffusers")
# numpy 2 on what diffusers passes to it; nothing of ours
pytestmark = pytest.mark.filterwarnings("ignore:__array_:DeprecationWarning")

ROOT = Path(__file__).parents[2]


def train(folder, *stages):
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    small = ["--small", "--processes", "1", "--seed", "3", "--out", str(folder)]
    done = subprocess.run(
        [sys.executable, "-m", "training", *stages, *small],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    said = train(folder, "all")
    assert "== report" in said
    return folder


def test_the_folder_loads_and_makes_a_picture(run):
    from training.judging import make_pictures
    from training.report import open_model

    picture = make_pictures(open_model(run / "miniature"), ["a boat, sea"], 1)[0]
    assert picture.shape == (256, 256, 3)
    assert picture.std() > 0


def test_the_card_tells_the_digest_of_every_file(run):
    card = (run / "miniature" / "README.md").read_text("utf-8")
    for path in (run / "miniature").rglob("*"):
        if path.is_file() and path.name != "README.md":
            assert hashlib.sha256(path.read_bytes()).hexdigest() in card
    assert "Apache-2.0" in card
    assert "--seed 3" in card


def test_a_lora_came_with_it(run):
    from safetensors.torch import load_file

    layers = load_file(run / "miniature_loras" / "gold_leaf.safetensors")
    assert len(layers) > 10
    assert all("lora" in name for name in layers)


def test_a_finished_run_has_nothing_left_to_do(run):
    before = {p: p.stat().st_mtime_ns for p in run.glob("*.pt")}
    train(run, "vae", "reader", "small", "unet", "probe")
    assert {p: p.stat().st_mtime_ns for p in run.glob("*.pt")} == before


def test_an_interrupted_training_goes_on_as_if_it_had_not_been(run, tmp_path):
    """Six steps at a stretch, and four, a stop, two more: the same weights to the last bit."""
    import torch
    from training.plan import SMALL, Run
    from training.saving import load_state, save_state
    from training.vae import train_vae

    (tmp_path / "stack").symlink_to(run / "stack")
    threads = torch.get_num_threads()
    here = Run(tmp_path, 3, SMALL, processes=1)
    kept = []

    def keep_fourth(path, state):
        kept.append(state["step"])
        save_state(path, state)
        if state["step"] == 4:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("training.vae.save_state", keep_fourth)
        with pytest.raises(KeyboardInterrupt):
            train_vae(0, here)
    train_vae(0, here)
    torch.set_num_threads(threads)
    whole, resumed = load_state(run / "vae.pt"), load_state(tmp_path / "vae.pt")
    assert kept == [4]
    assert whole["step"] == resumed["step"] == SMALL.vae_steps
    for name, weight in whole["vae"].items():
        assert torch.equal(weight, resumed["vae"][name]), name
