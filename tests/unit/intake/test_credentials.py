"""C2PA manifests as a source of facts: what is stated is read, nothing else."""

import json

import pytest

from remarque.intake import credentials, read_picture
from remarque.intake.account import Account
from remarque.model.recipe import Chunk, Recipe, Setting, SourceUse
from stand_ins.samples import sample

AI = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
CAPTURE = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"


def manifest(*actions: dict, **more: object) -> dict:
    return {
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": list(actions)}}],
        **more,
    }


def read(**manifests: dict) -> tuple[Account, ...]:
    """The first manifest is the active one."""
    store = {"active_manifest": next(iter(manifests)), "manifests": manifests}
    text = json.dumps(store)
    return credentials.read([Chunk(credentials.PLACE, "store", text.encode(), text)])


@pytest.mark.parametrize(
    ("path", "generator"),
    [
        ("c2pa/adobe_firefly/firefly-1.jpg", "Adobe Firefly"),
        ("c2pa/bing_image_creator/bing_creator_cloud_surfing_puppy.jpg",
         "Image Creator from Designer"),
        ("c2pa/generic_ai/genai-actions-v2.jpg", "Adobe Firefly"),
        ("c2pa/c2pa-rs/C_with_CAWG_data.jpg", None),
        ("c2pa/c2pa-rs/ocsp.jpg", None),
        ("c2pa/c2pa-rs/CACAE-uri-CA.jpg", None),
    ],
)  # fmt: skip
def test_real_files(path, generator):
    reading = read_picture(sample(path).read_bytes())
    assert reading.generator == generator
    assert (reading.recipe == Recipe()) == (generator is None)
    (kept,) = [chunk for chunk in reading.chunks if chunk.place == "C2PA manifest"]
    assert json.loads(kept.text) == json.loads(kept.raw)


def test_the_signature_is_said_in_one_remark():
    good = read_picture(sample("c2pa/adobe_firefly/firefly-1.jpg").read_bytes()).remarks
    bad = read_picture(sample("c2pa/c2pa-rs/E-sig-CA.jpg").read_bytes()).remarks
    none = read_picture(sample("c2pa/c2pa-rs/no_alg.jpg").read_bytes()).remarks
    assert [word in " ".join(good) for word in ("checks out", "not known")] == [True, True]
    assert "does not check out (claimSignature.mismatch)" in " ".join(bad)
    assert "cannot be read" in " ".join(none)
    assert read_picture(sample("photos/skimage_coffee.png").read_bytes()).remarks == ()


def test_a_structure_reference_is_a_source():
    reading = read_picture(sample("c2pa/generic_ai/genai-actions-v2.jpg").read_bytes())
    assert reading.recipe.sources == (SourceUse("reference", name="Structure Reference Image"),)
    assert reading.recipe.prompt is None


def test_agent_version_prompt_and_disclosed_model():
    action = {
        "action": "c2pa.created", "digitalSourceType": AI,
        "softwareAgent": {"name": "gpt-image", "version": "2.0"},
        "parameters": {"prompt": "a fox", "quality": "high"},
    }  # fmt: skip
    told = manifest(action, claim_generator_info=[{"name": "OpenAI Media Service API"}])
    told["assertions"].append({"label": "c2pa.ai-disclosure", "data": {"modelName": "gi-2"}})
    (account,) = read(a=told)
    assert (account.generator, account.recipe.prompt, account.recipe.model) == (
        "gpt-image", "a fox", "gi-2",
    )  # fmt: skip
    assert set(account.recipe.settings) == {
        Setting("generator version", "2.0"),
        Setting("claim generator", "OpenAI Media Service API"),
        Setting("quality", "high"),
    }


def test_a_parent_tells_what_its_child_only_passed_on():
    created = {"action": "c2pa.created", "digitalSourceType": AI,
               "description": "Created by Google Generative AI."}  # fmt: skip
    parent = {"relationship": "parentOf", "active_manifest": "b", "title": "t"}
    child = manifest({"action": "c2pa.opened"}, ingredients=[parent])
    (account,) = read(a=child, b=manifest(created))
    assert account.generator == "Google Generative AI"
    assert account.recipe.sources == ()
    assert read(a={**child, "ingredients": [parent, parent]}, b=manifest(created)) == ()
    assert read(a=manifest(ingredients=[{**parent, "active_manifest": "a"}])) == ()  # a circle


@pytest.mark.parametrize(
    "action",
    [
        {"action": "c2pa.created", "digitalSourceType": CAPTURE, "softwareAgent": "Camera"},
        {"action": "c2pa.edited", "digitalSourceType": AI, "softwareAgent": "Editor"},
        {"action": "c2pa.created", "softwareAgent": "Painter"},
        {"action": "c2pa.created", "digitalSourceType": 5},
        {"action": ["c2pa.created"], "digitalSourceType": AI},
    ],
)
def test_photographs_edits_and_drawings_name_no_generator(action):
    assert read(a=manifest(action, claim_generator="X")) == ()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"active_manifest": 5, "manifests": []}'])
def test_a_store_of_no_usual_form(text):
    assert credentials.read([Chunk(credentials.PLACE, "store", text.encode(), text)]) == ()
