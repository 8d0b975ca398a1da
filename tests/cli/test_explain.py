"""``remarque explain`` as a person types it, with the miniature that ships."""

import json
import shutil
import subprocess
import zipfile

import pytest
from PIL import Image

from stand_ins.command import run

pytest.importorskip("diffusers")

# diffusers' schedulers hand tensors to numpy 2 in a way that numpy will refuse one day.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

QUICK = ("--steps", 3, "--size", "64x64", "--seed", 3, "--offline", "--no-timestamp", "--quiet")
PROMPT = "a house by the sea, (full moon:1.2), flat poster, masterpiece"


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    """A vault with a work of two takes, and the first explanation of the second."""
    folder = tmp_path_factory.mktemp("explain")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REMARQUE_PASSPHRASE", "a passphrase for tests")
        patch.setenv("REMARQUE_VAULT", str(folder / "vault"))
        patch.delenv("REMARQUE_MODELS", raising=False)
        assert run("init", "--author", "A").code == 0
        assert run("make", "a house by the sea", "--work", "W", "--cfg", 5, *QUICK).code == 0
        made = run("make", PROMPT, "--work", "W", "--cfg", 3, "--json", *QUICK)
        assert made.code == 0, made.err
        take = made.lines()[0]["take"]
        out = ("--out", folder / "out")
        done = run("explain", take, "--at-most", 4, "--json", "--offline", "--no-timestamp", *out)
        assert done.code == 0, done.err
        yield folder, take, done.lines()[0]


def explain(*words):
    return run("explain", *words, "--offline", "--no-timestamp", "--quiet")


def test_the_json_holds_the_explanation_with_places_and_what_it_is_evidence_of(studio):
    _, take, found = studio
    assert found["take"] == take
    assert found["baseline_grade"] == "bit-exact"
    assert (found["runs"], found["reused"]) == (4, 0)
    assert found["counterfactuals"][0]["choice"] == "full moon", "the latest choice comes first"
    outcomes = [one["outcome"] for one in found["counterfactuals"]]
    assert outcomes.count("not run") == found["not_run"] > 0
    assert "this model and this seed alone" in found["about"][0]
    with Image.open(found["files"][found["baseline"]]) as baseline:
        assert baseline.size == (64, 64)
    assert [one["phrase"] for one in found["word_maps"]] == [
        "a house by the sea",
        "full moon",
        "flat poster",
        "masterpiece",
    ]
    assert all(0 <= axis < 64 for one in found["word_maps"] for axis in one["peak"])
    assert len(found["path"]) == 1


def test_the_folder_holds_pairs_and_maps_and_is_not_overwritten(studio):
    folder, take, found = studio
    names = {path.name for path in (folder / "out").iterdir()}
    assert {"explanation.json", "pair-01-full-moon.png", "map-02-full-moon-raw.png"} <= names
    with Image.open(folder / "out" / "pair-01-full-moon.png") as pair:
        assert pair.size == (64 + 12 + 64, 64)
    written = json.loads((folder / "out" / "explanation.json").read_text())
    assert written["explanation"] == found["explanation"]
    refused = explain(take, "--out", folder / "out")
    assert refused.code == 4
    assert "already there" in refused.err


def test_going_on_reuses_what_was_made_and_people_read_a_table(studio):
    _, take, found = studio
    done = explain(take)
    assert done.code == 0, done.err
    assert f"{found['not_run']} pictures made now, 4 reused, 0 choices not run" in done.out
    assert "Words that ask for quality in general:" in done.out
    assert "Where the model attended to each phrase:" in done.out
    assert "The author's path to this take:" in done.out
    assert "this model and this seed alone" in " ".join(done.out.split())


def test_the_case_file_shows_it_and_the_bundle_verifies(studio, tmp_path):
    _, _, found = studio
    done = run("case", "W", "--out", tmp_path / "case", "--no-timestamp", "--quiet")
    assert done.code in (0, 3), done.err
    checked = run("verify", tmp_path / "case" / "bundle.zip", "--json").lines()[0]
    assert not [one for one in checked["checks"] if one["outcome"] == "fails"]
    with zipfile.ZipFile(tmp_path / "case" / "bundle.zip") as bundle:
        names = " ".join(bundle.namelist())
        pdf = bundle.read(next(one for one in bundle.namelist() if one.endswith(".pdf")))
    assert found["counterfactuals"][0]["picture"].removeprefix("sha256:") in names
    assert found["word_maps"][0]["overlay"].removeprefix("sha256:") in names
    assert pdf.startswith(b"%PDF")
    if shutil.which("pdftotext"):
        command = ["pdftotext", "-layout", tmp_path / "case" / "case.pdf", "-"]
        shown = subprocess.run(command, capture_output=True, check=True).stdout.decode()
        told = " ".join(shown.split())
        assert "What each choice did" in told
        assert "Without “full moon” (same seed, all else the same)" in told
        assert "This is evidence about this model and this seed alone." in told
        assert "Generic quality words" in told


def test_what_cannot_be_explained_says_why_in_one_sentence(studio, tmp_path):
    _, take, _ = studio
    for words in ((take, "--at-most", 0), ("nothing-like-this",)):
        refused = explain(*words)
        assert refused.code in (2, 4)
        assert refused.err.startswith("remarque: ")
        assert "Traceback" not in refused.err
    plain = tmp_path / "plain.png"
    Image.new("RGB", (64, 64), "red").save(plain)
    assert run("import", plain, "--work", "P", "--no-timestamp").code == 0
    refused = explain(plain)
    assert refused.code == 4
    assert "No prompt is on record" in refused.err
