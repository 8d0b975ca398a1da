"""The shelf: models by place, by a record's digest or short hash, and by name."""

import hashlib
import json
import os
import struct
import time

import pytest

from remarque.actions.orders import ModelWish
from remarque.engines.model_files import ModelFiles
from remarque.engines.stable_diffusion.checking_safetensors import Header
from remarque.engines.stable_diffusion.families import Family, family_of_class, recognise
from remarque.engines.stable_diffusion.shelf import MINIATURE, Shelf
from remarque.engines.stable_diffusion.shelf_hashes import numbers_hash, old_hash, short_hash
from remarque.errors import ModelChanged, ModelMissing
from remarque.model.digests import digest_of


def model(path, body=b"\0" * 8, facts=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    header = {"w": {"dtype": "U8", "shape": [len(body)], "data_offsets": [0, len(body)]}}
    raw = json.dumps({"__metadata__": facts or {}, **header}).encode()
    path.write_bytes(struct.pack("<Q", len(raw)) + raw + body)
    return path


def digest(path):
    return digest_of(path.read_bytes())


@pytest.fixture
def place(tmp_path):
    folder = tmp_path / "models"
    folder.mkdir()
    return folder


@pytest.fixture
def shelf(place, tmp_path):
    return Shelf([place], ModelFiles(tmp_path / "known.json"))


def wish(name="", role="checkpoint", **more):
    return ModelWish(role, name, **more)


@pytest.mark.parametrize("name", ["miniature", ""])
def test_the_miniature(shelf, name):
    assert shelf.find(wish(name, place="miniature")) == MINIATURE
    assert shelf.find(wish("miniature")) == MINIATURE


def test_a_path_a_hub_id_and_a_name_on_the_shelf(shelf, place, tmp_path):
    ink = model(place / "checkpoints" / "ink-v1.5.safetensors")
    elsewhere = model(tmp_path / "else.safetensors")
    assert shelf.find(wish(place=str(elsewhere))) == elsewhere
    assert shelf.find(wish(place="ink-v1.5")) == ink
    assert shelf.find(wish(place="INK-v1.5.safetensors")) == ink
    assert shelf.find(wish(place="owner/name@main")) == "owner/name@main"
    with pytest.raises(ModelMissing, match=r"There is no model '\./ink'"):
        shelf.find(wish(place="./ink"))
    with pytest.raises(ModelMissing):
        shelf.find(wish(place="\0"))


@pytest.mark.parametrize(
    "name", ["SDXL\\ink.safetensors", "sdxl/ink.safetensors", "ink", "Ink.ckpt"]
)
def test_names_as_programs_write_them(shelf, place, name):
    ink = model(place / "SDXL" / "ink.safetensors")
    assert shelf.find(wish(name)) == ink


def test_the_role_decides_between_models_of_one_name(shelf, place):
    big = model(place / "checkpoints" / "ink.safetensors", b"1")
    small = model(place / "loras" / "ink.safetensors", b"2")
    assert shelf.find(wish("ink")) == big
    assert shelf.find(wish("ink", "lora")) == small


def test_one_name_for_different_models_is_not_guessed(shelf, place):
    model(place / "a" / "ink.safetensors", b"1")
    second = model(place / "b" / "ink.safetensors", b"2")
    with pytest.raises(ModelMissing, match=r"fits 2 different models: a/ink\.safetensors, b/ink"):
        shelf.find(wish("ink"))
    assert shelf.find(wish("b/ink.safetensors")) == second
    model(place / "a" / "ink.safetensors", b"2")
    assert shelf.find(wish("ink")).name == "ink.safetensors"


def test_a_digest_finds_a_file_whatever_it_is_called_now(shelf, place):
    model(place / "ink.safetensors", b"1")
    renamed = model(place / "deep" / "er" / "old ink.safetensors", b"2")
    assert shelf.find(wish("ink.safetensors", digest=digest(renamed))) == renamed
    with pytest.raises(ModelChanged, match=r"'ink\.safetensors' is not the one the record names"):
        shelf.find(wish("ink.safetensors", digest=digest_of(b"3")))
    with pytest.raises(ModelMissing, match="No model in the folders has the digest"):
        shelf.find(wish("chalk.safetensors", digest=digest_of(b"3")))
    with pytest.raises(ModelChanged):
        shelf.find(wish(place=str(renamed), digest=digest_of(b"3")))
    assert shelf.find(wish("owner/name", digest=digest_of(b"3"))) == "owner/name"


def test_the_three_kinds_of_short_hashes(shelf, place):
    big = model(place / "ink.safetensors", bytes(range(256)) * 4400)
    content = big.read_bytes()
    whole = hashlib.sha256(content).hexdigest()
    (length,) = struct.unpack("<Q", content[:8])
    numbers = hashlib.sha256(content[8 + length :]).hexdigest()
    old = hashlib.sha256(content[0x100000:0x110000]).hexdigest()[:8]
    assert (old_hash(big), numbers_hash(big)) == (old, numbers)
    for told in (whole[:10], whole[:10].upper(), f"0x{whole[:12]}", whole, numbers[:12], old):
        assert shelf.find_by_hash(told) == big
    assert shelf.find_by_hash("0123456789") is None
    assert shelf.find_by_hash("not a hash") is None
    assert shelf.find(wish(f"gone [{whole[:10]}]")) == big
    assert shelf.find(wish(f"ink.safetensors [{old}]")) == big
    with pytest.raises(ModelChanged):
        shelf.find(wish("ink [0123456789]"))
    with pytest.raises(ModelMissing, match=r"'chalk' \[0123456789\]"):
        shelf.find(wish("chalk [0123456789]"))


def test_the_hash_a_lora_says_of_itself(shelf, place):
    lora = model(place / "ink.safetensors", facts={"sshs_model_hash": "ab" * 32})
    assert shelf.find_by_hash("ab" * 6) == lora
    assert short_hash("abc") is None


def test_hidden_things_other_files_and_circles_are_left_aside(shelf, place):
    model(place / ".cache" / "ink.safetensors")
    (place / "ink.txt").write_text("ink")
    (place / "round").symlink_to(place)
    with pytest.raises(ModelMissing):
        shelf.find(wish("ink"))
    linked = model(place.parent / "outside" / "ink.safetensors")
    (place / "shared").symlink_to(linked.parent)
    assert shelf.find(wish("ink")).samefile(linked)


def test_a_folder_in_diffusers_form_is_one_model(shelf, place):
    model(place / "tiny" / "unet" / "diffusion_pytorch_model.safetensors")
    (place / "tiny" / "unet" / "config.json").write_text("{}")
    index = {
        "_class_name": "StableDiffusionPipeline",
        "unet": ["diffusers", "UNet2DConditionModel"],
    }
    (place / "tiny" / "model_index.json").write_text(json.dumps(index))
    assert shelf.find(wish("tiny")) == place / "tiny"
    with pytest.raises(ModelMissing):
        shelf.find(wish("diffusion_pytorch_model"))


def test_a_shelf_without_folders_and_one_whose_folder_is_gone(tmp_path):
    for folders in ((), (tmp_path / "gone",)):
        with pytest.raises(ModelMissing, match="in the folders of models"):
            Shelf(folders, ModelFiles(tmp_path / "known.json")).find(wish("ink"))


def test_digests_are_remembered_between_runs(place, tmp_path):
    ink = model(place / "ink.safetensors")
    os.utime(ink, (time.time() - 60,) * 2)
    known = tmp_path / "known.json"
    wanted = wish("x", digest=digest(ink))
    assert Shelf([place], ModelFiles(known)).find(wanted) == ink
    assert str(ink) in known.read_text()


CROSS = "input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight"
UNET = "model.diffusion_model."


@pytest.mark.parametrize(
    ("shapes", "family", "channels"),
    [
        ({"cond_stage_model.transformer.text_model.x": (1,)}, Family.SD1, 4),
        ({"cond_stage_model.model.x": (1,)}, Family.SD2, 4),
        ({"cond_stage_model.model.x": (1,)}, Family.SD2, 9),
        ({"conditioner.embedders.0.x": (1,), "conditioner.embedders.1.x": (1,)}, Family.SDXL, 4),
        ({"conditioner.embedders.0.model.x": (1,)}, Family.OTHER, 4),
        ({f"{UNET}{CROSS}": (320, 768)}, Family.SD1, 9),
        ({f"{UNET}{CROSS}": (320, 1024)}, Family.SD2, 4),
        ({f"{UNET}{CROSS}": (320, 2048)}, Family.SDXL, 4),
        ({f"{UNET}{CROSS}": (320, 555)}, Family.OTHER, 4),
        ({"cond_stage_model.transformer.text_model.x": (1,)}, Family.OTHER, 8),
    ],
)
def test_families_by_the_names_of_their_tensors(shapes, family, channels):
    first = {f"{UNET}input_blocks.0.0.weight": (320, channels, 3, 3)}
    found = recognise(Header({**first, **shapes}))
    assert (found.family, found.channels) == (family, channels)
    assert found.is_inpainting is (channels == 9)


@pytest.mark.parametrize("prefix", ["", UNET])
def test_families_of_transformers(prefix):
    flux = Header({f"{prefix}double_blocks.0.img_attn.qkv.weight": (1, 1)})
    sd3 = Header({f"{prefix}joint_blocks.0.context_block.attn.qkv.weight": (1, 1)})
    assert (recognise(flux).family, recognise(sd3).family) == (Family.FLUX, Family.SD3)
    assert recognise(Header({})).family is Family.OTHER


@pytest.mark.parametrize(
    ("facts", "shapes", "said"),
    [
        ({"modelspec.prediction_type": "v"}, {}, "v_prediction"),
        ({"modelspec.prediction_type": "epsilon"}, {}, "epsilon"),
        ({"modelspec.prediction_type": "odd"}, {}, None),
        ({}, {"v_pred": ()}, "v_prediction"),
        ({}, {}, None),
    ],
)
def test_what_a_checkpoint_says_that_it_predicts(facts, shapes, said):
    assert recognise(Header(shapes, facts)).prediction == said


@pytest.mark.parametrize(
    ("kind", "family"),
    [
        ("StableDiffusionXLImg2ImgPipeline", Family.SDXL),
        ("StableDiffusion3Pipeline", Family.SD3),
        ("StableDiffusionInpaintPipeline", Family.SD1),
        ("FluxPipeline", Family.FLUX),
        ("KolorsPipeline", Family.OTHER),
    ],
)
def test_families_by_class(kind, family):
    assert family_of_class(kind) is family
    assert family.size > 0
    assert family.steps > 0
    assert family.cfg > 0
    assert family.full_name
