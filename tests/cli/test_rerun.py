"""``remarque rerun`` with the real miniature: from made and recorded takes to the case file."""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import cv2
import pytest

from remarque.actions.witnessing import Seen, record_seen
from remarque.actions.works import history_of
from remarque.engines.stable_diffusion.shelf import MINIATURE
from remarque.model.digests import digest_of
from remarque.model.recipe import Reading, Recipe
from remarque.model.witness import ModelFile, Observer, Witness
from remarque.wiring.recorder_diffusers import recording
from remarque.wiring.vaults import open_vault
from stand_ins.command import run
from stand_ins.making import png, scene
from stand_ins.samples import sample

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

PROMPT = "a red mountain by the sea at sunset, flat poster"
PASSPHRASE = "a passphrase for tests"
INFOTEXT = (
    "a castle on a hill\nSteps: 20, Sampler: DPM++ 2M Karras, CFG scale: 7, Seed: 41, "
    "Size: 512x512, Model hash: 6ce0161689, Model: dreamshaper_8, Variation seed: 5"
)


@dataclass(frozen=True)
class Told:
    """A vault with one take of each kind, by name."""

    place: Path
    folder: Path
    takes: dict[str, str]


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rerun")
    place = folder / "vault"
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("REMARQUE_PASSPHRASE", PASSPHRASE)
        patched.setenv("XDG_STATE_HOME", str(folder / "state"))
        patched.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        assert run("init", "--author", "Ada", "--vault", place, "--json").code == 0
        made = run(
            "make", PROMPT, "--work", "Sea", "--steps", 3, "--seed", 5, "--sampler", "Euler",
            "--vault", place, "--no-timestamp", "--quiet", "--json",
        )  # fmt: skip
        assert made.code == 0, made.err
        takes = {"made": made.line()["take"]}
        _record(place)
        picture = folder / "castle.png"
        picture.write_bytes(png(scene(3, (512, 512)), parameters=INFOTEXT))
        done = run("import", picture, "--work", "Castle", "--vault", place, "--json")
        takes["imported"] = done.line()["take"]
        with open_vault(place, passphrase=PASSPHRASE) as vault:
            history = history_of(vault, "Recorded")
            takes["recorded"] = history.takes[0].body.take
            takes["changed"] = _with_another_model(vault, history.work)
        yield Told(place, folder, takes)


def _record(place: Path) -> None:
    import torch
    from diffusers import AutoPipelineForText2Image

    pipe = AutoPipelineForText2Image.from_pretrained(
        MINIATURE, dtype=torch.float32, local_files_only=True
    )
    pipe.set_progress_bar_config(disable=True)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with recording(pipe, work="Recorded", vault=place):
            generator = torch.Generator("cpu").manual_seed(11)
            pipe(PROMPT, num_inference_steps=3, guidance_scale=3.0, generator=generator)
    finally:
        torch.set_num_threads(before)


def _with_another_model(vault, work: str) -> str:
    model = ModelFile("checkpoint", "miniature", digest_of(b"the miniature of another day"))
    recipe = Recipe(prompt=PROMPT, seed=1, steps=3, model="miniature")
    seen = Seen(
        png(scene(4, (128, 128))), "other.png", vault.clock.now(),
        Witness(Observer.REMARQUE, models=(model,)), reading=Reading("Remarque", recipe),
    )  # fmt: skip
    return record_seen(vault, work, seen).take.take


def rerun(told: Told, take: str, *more: object):
    return run("rerun", told.takes.get(take, take), "--vault", told.place, "--no-timestamp", *more)


def test_a_take_made_here_is_bit_exact_in_another_process_and_filmed(told):
    film = told.folder / "film.mp4"
    words = [
        sys.executable, "-m", "remarque", "rerun", told.takes["made"], "--vault", told.place,
        "--no-timestamp", "--json", "--quiet", "--video", film,
    ]  # fmt: skip
    done = subprocess.run(list(map(str, words)), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    line = json.loads(done.stdout)
    assert line["grade"] == "bit-exact"
    assert line["difference"]["largest"] == 0
    assert (line["missing"], line["causes"]) == ([], [])
    assert line["engine"].startswith("Remarque ")
    assert all(one["same"] for one in line["environment"])
    reader = cv2.VideoCapture(str(film))
    assert reader.get(cv2.CAP_PROP_FRAME_COUNT) == 3 + 24
    reader.release()
    with open_vault(told.place, passphrase=PASSPHRASE) as vault:
        assert vault.pictures.read(line["film"]) == film.read_bytes()
        assert vault.pictures.holds(line["picture"])

    again = rerun(told, "made", "--video", film)
    assert again.code == 4
    assert "already there" in again.err


def test_a_recorded_pipeline_is_made_again_from_its_record(told):
    done = rerun(told, "recorded", "--json")
    line = done.line()
    assert line["missing"] == [], line
    assert line["grade"] == "bit-exact", line
    assert done.code == 0


def test_a_model_of_another_digest_cannot_be_run(told):
    done = rerun(told, "changed", "--json")
    assert done.code == 3
    line = done.line()
    assert (line["grade"], line["picture"]) == ("cannot-run", None)
    assert line["missing"] == ["The model 'miniature' is not the one the record names any more."]


def test_an_imported_picture_says_everything_that_is_missing(told):
    done = rerun(told, "imported")
    assert done.code == 3
    assert "cannot run" in done.out
    assert "missing: “Variation seed” (5) cannot be carried out here." in done.out
    assert "dreamshaper_8" in done.out


def test_a_real_picture_of_the_web_ui_names_the_model_it_lacks(told):
    picture = sample("generators/automatic1111/automatic1111_cropped.jpg")
    run("import", picture, "--work", "Real", "--vault", told.place, "--no-timestamp")
    done = rerun(told, "Real", "--json")
    assert done.code == 3
    assert any("realisticVision" in one for one in done.line()["missing"])


def test_what_is_neither_take_nor_work_is_said(told):
    done = rerun(told, "no such thing")
    assert done.code == 4
    assert "there is no take and no work “no such thing”" in done.err
    assert rerun(told, "made", "--all").code == 2
    assert rerun(told, "made", "--video", "film.gif").code == 2
    assert rerun(told, "Recorded", "--video", told.folder / "two.mp4").code == 2


def test_the_case_file_shows_the_reruns_and_its_bundle_verifies(told):
    rerun(told, "changed")
    rerun(told, "recorded")
    out = told.folder / "case"
    done = run("case", "Recorded", "--vault", told.place, "--out", out, "--no-timestamp", "--json")
    assert done.code in (0, 3), done.err
    checks = run("verify", out / "bundle.zip", "--json").line()["checks"]
    assert not [one for one in checks if one["outcome"] == "fails"]
    if shutil.which("pdftotext") is None:
        pytest.skip("poppler's pdftotext is not installed")
    text = subprocess.run(
        ["pdftotext", "-layout", out / "case.pdf", "-"], capture_output=True, check=True
    ).stdout.decode()
    said = " ".join(text.replace("\u200b", "").split())
    for words in (
        "Made again from the record",
        "Every pixel is the same as in the recorded picture.",
        "cannot run",
        "is not the one the record names any more",
        "A take was made again from its record",
    ):
        assert words in said, words
