"""Loading: real pipelines from folders and single files, kept between orders, described truly."""

import json
import shutil

import pytest

from remarque.actions.orders import Machine, Memory, ModelWish, Order
from remarque.engines.model_files import ModelFiles
from remarque.engines.stable_diffusion.families import Family
from remarque.engines.stable_diffusion.loading import Loader, Permissions
from remarque.engines.stable_diffusion.shelf import MINIATURE, Shelf
from remarque.errors import ModelChanged, ModelDamaged, ModelMissing, ModelRefused
from remarque.model.digests import digest_of
from remarque.model.recipe import Recipe
from stand_ins import tiny_pipelines as tiny
from stand_ins.tiny_checkpoints import save_single_file

torch = tiny.torch
load_file = pytest.importorskip("safetensors.torch").load_file
save_file = pytest.importorskip("safetensors.torch").save_file


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """Tiny models of every family, in the folder form."""
    place = tmp_path_factory.mktemp("models")
    for name in ("stable_diffusion", "sdxl", "sd3", "flux"):
        getattr(tiny, name)(place / f"{name}-words").save_pretrained(place / name)
    return place


@pytest.fixture
def loader(shelf, tmp_path):
    files = ModelFiles(tmp_path / "known.json")
    made = Loader(Shelf([shelf], files), files, Permissions(hub=False))
    yield made
    made.close()


def order(*wishes, **recipe):
    return Order(Recipe(prompt="a boat", **recipe), wishes)


def place(path, role="checkpoint", **more):
    return ModelWish(role, path.name, str(path), **more)


def load(loader, wanted, dtype=torch.float32):
    return loader.load(wanted, dtype, "cpu")


def latents(pipe, prompt="a boat"):
    made = pipe(
        prompt,
        num_inference_steps=2,
        height=64,
        width=64,
        generator=torch.Generator().manual_seed(1),
        output_type="latent",
    )
    return made.images


def test_the_miniature_by_its_name(loader):
    found = load(loader, order(ModelWish("checkpoint", "miniature", "miniature")))
    assert found.family is Family.SD1
    assert [one.role for one in found.models] == ["checkpoint", "text_encoder", "unet", "vae"]
    weights = MINIATURE / "unet" / "diffusion_pytorch_model.safetensors"
    assert found.models[2].name == "miniature/unet/diffusion_pytorch_model.safetensors"
    assert found.models[2].digest == digest_of(weights.read_bytes())
    assert all(one.digest for one in found.models)
    assert found.remarks == ()


def test_a_recipe_that_names_the_miniature_alone_is_enough(loader):
    assert load(loader, order(model="miniature")).models[0].name == "miniature"


@pytest.mark.parametrize(
    ("name", "family"),
    [("sdxl", Family.SDXL), ("sd3", Family.SD3), ("flux", Family.FLUX)],
)
def test_every_family_loads_from_its_folder(loader, shelf, name, family):
    found = load(loader, order(place(shelf / name)))
    assert found.family is family
    assert "unet" in {one.role for one in found.models}


def test_the_last_pipeline_stays_and_its_scheduler_is_new(loader, shelf):
    first = load(loader, order(place(shelf / "stable_diffusion")))
    first.pipe.scheduler.set_timesteps(7)
    again = load(loader, order(ModelWish("checkpoint", "stable_diffusion"), seed=2))
    assert again.pipe is first.pipe
    assert again.pipe.scheduler.num_inference_steps is None
    tight = Order(Recipe(model="stable_diffusion"), (), machine=Machine(memory=Memory.TIGHT))
    assert load(loader, tight).pipe is not first.pipe


def test_another_number_type_is_another_pipeline(loader, shelf):
    found = load(loader, order(place(shelf / "stable_diffusion")), torch.float16)
    assert found.pipe.unet.dtype is torch.float16


def test_a_folder_that_changes_is_loaded_again(loader, shelf, tmp_path):
    folder = shutil.copytree(shelf / "stable_diffusion", tmp_path / "mine")
    first = load(loader, order(place(folder)))
    config = folder / "scheduler" / "scheduler_config.json"
    told = json.loads(config.read_text()) | {"prediction_type": "v_prediction"}
    config.write_text(json.dumps(told))
    second = load(loader, order(place(folder)))
    assert second.pipe is not first.pipe
    assert second.models[0].digest != first.models[0].digest
    (folder / "unet" / "config.json").unlink()
    with pytest.raises(ModelMissing, match=r"'config\.json' is gone"):
        load(loader, order(place(folder)))


def test_digests_of_the_record_are_held_against_the_files(loader, shelf):
    true = load(loader, order(place(shelf / "stable_diffusion"))).models
    wishes = [ModelWish(one.role, one.name, digest=one.digest) for one in true]
    assert load(loader, order(*wishes)).models == true
    other = digest_of(b"another")
    with pytest.raises(ModelChanged, match="not the one the record names"):
        load(loader, order(place(shelf / "stable_diffusion", digest=other)))
    with pytest.raises(ModelChanged, match=r"stable_diffusion/unet/.* is not the one"):
        load(
            loader,
            order(place(shelf / "stable_diffusion"), ModelWish("unet", true[2].name, digest=other)),
        )
    told = ModelWish("unet", "unet (weights in memory)", digest=other)
    assert (
        "cannot be compared"
        in load(loader, order(place(shelf / "stable_diffusion"), told)).remarks[0]
    )


def test_judging_parts_are_not_loaded(loader, shelf, tmp_path):
    folder = shutil.copytree(shelf / "stable_diffusion", tmp_path / "mine")
    index = json.loads((folder / "model_index.json").read_text())
    index["safety_checker"] = ["stable_diffusion", "StableDiffusionSafetyChecker"]
    index["requires_safety_checker"] = True
    (folder / "model_index.json").write_text(json.dumps(index))
    assert load(loader, order(place(folder))).pipe.safety_checker is None


def test_a_truncated_part_is_named_and_nothing_is_held(loader, shelf, tmp_path):
    folder = shutil.copytree(shelf / "stable_diffusion", tmp_path / "mine")
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(ModelDamaged, match="100 bytes of its numbers are missing"):
        load(loader, order(place(folder)))
    assert load(loader, order(place(shelf / "stable_diffusion"))).family is Family.SD1


def test_settings_that_do_not_fit_the_weights_are_one_sentence(loader, shelf, tmp_path):
    folder = shutil.copytree(shelf / "stable_diffusion", tmp_path / "mine")
    config = folder / "unet" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"in_channels": 7}))
    with pytest.raises(ModelDamaged, match="'mine' cannot be loaded") as caught:
        load(loader, order(place(folder)))
    assert str(tmp_path) not in caught.value.message


def test_a_licence_that_lies_beside(loader, shelf, tmp_path):
    folder = shutil.copytree(shelf / "stable_diffusion", tmp_path / "mine")
    (folder / "LICENSE").write_text("\n  A Licence of Ours\n\nWhereas\n")
    assert {one.licence for one in load(loader, order(place(folder))).models} == {
        "A Licence of Ours"
    }
    (folder / "README.md").write_text("---\nlicense: openrail\n---\n# Mine\n")
    assert load(loader, order(place(folder))).models[0].licence == "A Licence of Ours"  # held
    loader.close()
    assert load(loader, order(place(folder))).models[0].licence == "openrail"


def test_a_checkpoint_in_one_file(loader, shelf, tmp_path):
    whole = load(loader, order(place(shelf / "stable_diffusion")))
    expected = latents(whole.pipe)
    path = save_single_file(whole.pipe, tmp_path / "ink.safetensors", {"modelspec.license": "MIT"})
    found = load(loader, order(place(path)))
    assert torch.equal(latents(found.pipe), expected)
    assert [one.name for one in found.models] == ["ink.safetensors", "stable_diffusion (settings)"]
    assert found.models[0].digest == digest_of(path.read_bytes())
    assert found.models[0].licence == "MIT"
    assert load(loader, order(place(path))).pipe is found.pipe


def test_a_checkpoint_in_one_file_without_its_settings(shelf, loader, tmp_path):
    path = save_single_file(tiny.stable_diffusion(tmp_path), tmp_path / "one" / "ink.safetensors")
    files = ModelFiles(tmp_path / "known.json")
    lonely = Loader(Shelf((), files), files, Permissions(hub=False))
    with pytest.raises(ModelMissing, match="settings and vocabulary") as caught:
        load(lonely, order(place(path)))
    assert "--config" in caught.value.hint
    named = Permissions(hub=False, config=shelf / "sdxl")
    with pytest.raises(ModelRefused, match="not that of Stable Diffusion 1"):
        load(Loader(Shelf((), files), files, named), order(place(path)))
    beside = shutil.copytree(shelf / "stable_diffusion", path.with_suffix(""))
    (beside / "tokenizer" / "tokenizer.json").unlink()
    with pytest.raises(ModelMissing, match="settings and vocabulary"):
        load(lonely, order(place(path)))


def test_an_inpainting_checkpoint_in_one_file(loader, tmp_path):
    pipe = tiny.stable_diffusion(tmp_path)
    pipe.register_modules(unet=tiny.unet(9))
    path = save_single_file(pipe, tmp_path / "fill.safetensors")
    found = load(loader, order(place(path)))
    assert type(found.pipe).__name__ == "StableDiffusionInpaintPipeline"
    assert found.pipe.unet.config.in_channels == 9


def test_a_pickle_is_refused_unless_permitted_and_runs_nothing_even_then(loader, shelf, tmp_path):
    pipe = load(loader, order(place(shelf / "stable_diffusion"))).pipe
    expected = latents(pipe)
    tensors = load_file(save_single_file(pipe, tmp_path / "whole.safetensors"))
    torch.save({"state_dict": tensors}, tmp_path / "ink.ckpt")
    with pytest.raises(ModelRefused, match="can run code of its own"):
        load(loader, order(place(tmp_path / "ink.ckpt")))
    files = ModelFiles(tmp_path / "known.json")
    trusting = Loader(Shelf([shelf], files), files, Permissions(unsafe_pickle=True, hub=False))
    assert torch.equal(latents(load(trusting, order(place(tmp_path / "ink.ckpt"))).pipe), expected)
    evil = tmp_path / "evil.ckpt"
    evil.write_bytes(b"\x80\x02cposix\nsystem\nq\x00X\x04\x00\x00\x00exitq\x01\x85q\x02Rq\x03.")
    with pytest.raises(ModelRefused, match=r"'evil\.ckpt' cannot be loaded"):
        load(trusting, order(place(evil)))


def test_a_file_of_no_known_family(loader, tmp_path):
    save_file({"w": torch.zeros(2)}, tmp_path / "odd.safetensors")
    with pytest.raises(ModelRefused, match="no family that is known here"):
        load(loader, order(place(tmp_path / "odd.safetensors")))


def test_no_model_at_all(loader):
    with pytest.raises(ModelMissing, match="Nothing says which model"):
        load(loader, order())
