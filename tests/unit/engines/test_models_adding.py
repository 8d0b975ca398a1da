"""LoRAs, taught words, another VAE and ControlNets: put on, weighed, and taken off exactly."""

import re

import pytest

from remarque.actions.orders import ModelWish, Order
from remarque.engines.model_files import ModelFiles
from remarque.engines.stable_diffusion.loading import Loader, Permissions
from remarque.engines.stable_diffusion.shelf import Shelf
from remarque.errors import ModelDamaged, ModelMissing, ModelRefused
from remarque.model.digests import digest_of
from remarque.model.recipe import LoraUse, Recipe, SourceUse
from stand_ins import tiny_pipelines as tiny
from stand_ins.tiny_checkpoints import save_lora, vae_tensors

torch = tiny.torch
load_file = pytest.importorskip("safetensors.torch").load_file
save_file = pytest.importorskip("safetensors.torch").save_file
diffusers = tiny.diffusers


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A tiny model, two LoRAs for it (peft's form and kohya's), and one for another family."""
    place = tmp_path_factory.mktemp("models")
    pipe = tiny.stable_diffusion(place / "words")
    pipe.save_pretrained(place / "tiny")
    save_lora(pipe, place / "ink.safetensors")
    save_lora(tiny.sdxl(place / "words2"), place / "xl.safetensors")
    as_kohya(place / "ink.safetensors", place / "chalk.safetensors")
    return place


def as_kohya(path, out):
    """The same numbers under the names kohya's scripts give them."""
    tensors = {}
    for name, one in load_file(path).items():
        part, _, rest = name.partition(".")
        layer, _, kind = rest.rpartition(".lora_")
        layer = layer if part == "unet" else re.sub(r"^(?!text_model)", "text_model.", layer)
        start = "lora_unet_" if part == "unet" else "lora_te_"
        down = "lora_down" if kind.startswith("A") else "lora_up"
        kohya = start + layer.replace(".", "_")
        tensors[f"{kohya}.{down}.weight"] = one.clone()
        tensors[f"{kohya}.alpha"] = torch.tensor(2.0)
    save_file(tensors, out)


@pytest.fixture(scope="module")
def loader(models, tmp_path_factory):
    files = ModelFiles(tmp_path_factory.mktemp("known") / "known.json")
    made = Loader(Shelf([models], files), files, Permissions(hub=False))
    yield made
    made.close()


def order(*wishes, **recipe):
    return Order(Recipe(**{"prompt": "a boat", "model": "tiny", **recipe}), wishes)


def load(loader, wanted):
    return loader.load(wanted, torch.float32, "cpu")


def latents(found, prompt="a boat"):
    made = found.pipe(
        prompt,
        num_inference_steps=2,
        height=32,
        width=32,
        generator=torch.Generator().manual_seed(1),
        output_type="latent",
    )
    return made.images


def with_loras(loader, *uses):
    found = load(loader, order(loras=uses))
    return found, latents(found)


def test_a_lora_acts_by_its_weight_and_leaves_no_trace(loader, models):
    plain = load(loader, order())
    before = latents(plain)
    found, full = with_loras(loader, LoraUse("ink", 1.0))
    assert found.pipe is plain.pipe
    assert [(one.role, one.name) for one in found.models][-1] == ("lora", "ink.safetensors")
    assert found.models[-1].digest == digest_of((models / "ink.safetensors").read_bytes())
    _, half = with_loras(loader, LoraUse("ink.safetensors", 0.5))
    _, none = with_loras(loader, LoraUse("ink", 0.0))
    assert 0 < (half - before).abs().mean() < (full - before).abs().mean()
    assert (none - before).abs().max() < 1e-5
    assert torch.equal(latents(load(loader, order())), before)


def test_the_text_encoder_has_a_weight_of_its_own(loader):
    _, both = with_loras(loader, LoraUse("ink", 1.0))
    _, alike = with_loras(loader, LoraUse("ink", 1.0, text_weight=1.0))
    _, apart = with_loras(loader, LoraUse("ink", 1.0, text_weight=0.0))
    assert torch.equal(both, alike)
    assert not torch.equal(both, apart)


def test_kohyas_names_for_the_same_numbers(loader):
    _, ours = with_loras(loader, LoraUse("ink", 0.7))
    _, kohyas = with_loras(loader, LoraUse("chalk", 0.7))
    assert torch.allclose(ours, kohyas, atol=1e-5)


def test_several_at_once_and_one_twice(loader):
    _, one = with_loras(loader, LoraUse("ink", 1.0))
    _, split = with_loras(loader, LoraUse("ink", 0.4), LoraUse("ink", 0.6))
    assert torch.allclose(one, split, atol=1e-5)
    _, two = with_loras(loader, LoraUse("ink", 0.4), LoraUse("chalk", 0.6))
    assert torch.allclose(one, two, atol=1e-4)
    _, fewer = with_loras(loader, LoraUse("chalk", 1.0))
    assert torch.allclose(one, fewer, atol=1e-5)


def test_what_was_worn_before_does_not_matter(loader):
    uses = (LoraUse("chalk", 0.3), LoraUse("ink", 0.9))
    load(loader, order())
    _, fresh = with_loras(loader, *uses)
    with_loras(loader, LoraUse("ink", 0.5))
    _, after_another = with_loras(loader, *uses)
    assert torch.equal(fresh, after_another)


def test_a_lora_that_is_written_anew_is_loaded_anew(loader, models, tmp_path):
    path = tmp_path / "soft.safetensors"
    path.write_bytes((models / "ink.safetensors").read_bytes())
    wanted = order(ModelWish("lora", "soft", str(path)), loras=(LoraUse("soft", 1.0),))
    first = load(loader, wanted)
    before = latents(first)
    changed = {name: one * 2 for name, one in load_file(path).items()}
    save_file(changed, path, {"format": "pt"})
    second = load(loader, wanted)
    assert second.models[-1].digest == digest_of(path.read_bytes())
    assert not torch.equal(latents(second), before)


def test_a_word_for_both_encoders_of_the_larger_family(loader, models, tmp_path):
    tiny.sdxl(tmp_path / "words").save_pretrained(models / "big")
    tensors = {"clip_l": torch.ones(1, 32), "clip_g": torch.full((1, 32), 2.0)}
    save_file(tensors, tmp_path / "glow.safetensors")
    wish = ModelWish("embedding", "glow", str(tmp_path / "glow.safetensors"))
    pipe = load(loader, order(wish, model="big", prompt="glow")).pipe
    for number, encoder, words in (
        (1, pipe.text_encoder, pipe.tokenizer),
        (2, pipe.text_encoder_2, pipe.tokenizer_2),
    ):
        row = encoder.get_input_embeddings().weight[words.convert_tokens_to_ids("glow")]
        assert torch.equal(row, torch.full((32,), float(number)))


def test_a_weight_that_is_not_recorded_is_said(loader):
    found, as_one = with_loras(loader, LoraUse("ink"))
    assert found.remarks == ("The weight of the LoRA ink is not recorded; 1 was used.",)
    assert torch.equal(as_one, with_loras(loader, LoraUse("ink", 1.0))[1])


def test_a_lora_for_another_family_is_refused_and_nothing_of_it_stays(loader, models):
    before = latents(load(loader, order()))
    with pytest.raises(ModelRefused, match=r"'xl\.safetensors'"):
        with_loras(loader, LoraUse("ink", 1.0), LoraUse("xl", 1.0))
    assert torch.equal(latents(load(loader, order())), before)


def test_a_lora_that_is_none_or_nowhere(loader, models, tmp_path):
    save_file({"w": torch.zeros(2)}, tmp_path / "odd.safetensors")
    wish = ModelWish("lora", "odd", str(tmp_path / "odd.safetensors"))
    with pytest.raises(ModelRefused, match=r"odd\.safetensors"):
        load(loader, order(wish, loras=(LoraUse("odd", 1.0),)))
    with pytest.raises(ModelMissing, match="'none'"):
        with_loras(loader, LoraUse("none", 1.0))


def test_a_lora_named_without_use_is_said(loader):
    found = load(loader, order(ModelWish("lora", "ink")))
    assert "was not loaded" in found.remarks[0]


def test_an_embedding_means_something_only_while_it_is_wished_for(loader, models, tmp_path):
    torch.manual_seed(5)
    save_file({"emb_params": torch.randn(2, 32)}, tmp_path / "glow.safetensors")
    wish = ModelWish("embedding", "glow", str(tmp_path / "glow.safetensors"))
    plain = load(loader, order(prompt="a glow"))
    before = latents(plain, "a glow")
    taught = load(loader, order(wish, prompt="a glow"))
    assert taught.models[-1].role == "embedding"
    assert taught.models[-1].name == "glow"
    assert not torch.equal(latents(taught, "a glow"), before)
    assert torch.equal(latents(load(loader, order(prompt="a glow")), "a glow"), before)
    unused = load(loader, order(wish))
    assert unused.remarks == ("The embedding glow stands in neither prompt.",)


@pytest.mark.parametrize(
    ("tensors", "name"),
    [
        ({"emb_params": (1, 31)}, "glow"),
        ({"a": (1, 32), "b": (1, 32)}, "glow"),
        ({"emb_params": (1, 32)}, "two words"),
    ],
)
def test_an_embedding_that_cannot_be_taught(loader, tmp_path, tensors, name):
    path = tmp_path / "glow.safetensors"
    save_file({key: torch.zeros(shape) for key, shape in tensors.items()}, path)
    with pytest.raises((ModelRefused, ModelDamaged)):
        load(loader, order(ModelWish("embedding", name, str(path)), prompt=name))


@pytest.mark.parametrize("form", ["folder", "one file", "first names"])
def test_another_vae_and_the_own_one_again(loader, tmp_path, form):
    torch.manual_seed(9)
    other = tiny.vae()
    path = tmp_path / ("soft.safetensors" if form != "folder" else "soft")
    if form == "folder":
        other.save_pretrained(path)
    else:
        tensors = other.state_dict() if form == "one file" else vae_tensors(other)
        save_file({name: one.contiguous() for name, one in tensors.items()}, path)
    own = load(loader, order()).pipe.vae
    found = load(loader, order(ModelWish("vae", "soft", str(path))))
    assert torch.equal(found.pipe.vae.decoder.conv_in.weight, other.decoder.conv_in.weight)
    assert (found.models[-1].role, found.models[-1].name) == ("vae", path.name)
    assert load(loader, order()).pipe.vae is own


def test_a_vae_of_another_form_is_refused(loader, tmp_path):
    tiny.vae(latent_channels=16).save_pretrained(tmp_path / "wide")
    with pytest.raises(ModelRefused, match="another family"):
        load(loader, order(ModelWish("vae", "wide", str(tmp_path / "wide"))))


def test_a_vae_that_is_none_is_the_models_own(loader):
    assert load(loader, order(vae="Automatic")).models == load(loader, order()).models


def control(pipe, seed, **more):
    torch.manual_seed(seed)
    made = diffusers.ControlNetModel.from_unet(pipe.unet)
    return made.eval()


def controlled(*names):
    return tuple(SourceUse("control", model=name) for name in names)


def test_controlnets_in_the_order_of_their_pictures(loader, models, tmp_path):
    pipe = load(loader, order()).pipe
    control(pipe, 1).save_pretrained(tmp_path / "edges")
    depth = control(pipe, 2)
    tensors = {name: one.contiguous() for name, one in depth.state_dict().items()}
    save_file(tensors, tmp_path / "depth.safetensors")
    wishes = [ModelWish("control", p.name, str(p)) for p in sorted(tmp_path.iterdir())]
    found = load(loader, order(*wishes, sources=controlled("edges", "depth", "edges")))
    assert len(found.controls) == 3
    assert found.controls[0] is found.controls[2]
    assert torch.equal(
        found.controls[1].controlnet_cond_embedding.conv_in.weight,
        depth.controlnet_cond_embedding.conv_in.weight,
    )
    assert [one.name for one in found.models if one.role == "control"] == [
        "edges",
        "depth.safetensors",
    ]
    again = load(loader, order(*wishes, sources=controlled("edges")))
    assert again.controls == (found.controls[0],)
    assert load(loader, order()).controls == ()


def test_a_controlnet_of_another_family_is_refused(loader, tmp_path):
    control(tiny.sdxl(tmp_path), 1).save_pretrained(tmp_path / "edges")
    wish = ModelWish("control", "edges", str(tmp_path / "edges"))
    with pytest.raises(ModelRefused, match="another family"):
        load(loader, order(wish, sources=controlled("edges")))
    unet = ModelWish("control", "unet", str(tmp_path / "no"))
    with pytest.raises(ModelMissing, match="no'"):
        load(loader, order(unet, sources=controlled("unet")))
    with pytest.raises(ModelMissing, match="without the model"):
        load(loader, order(sources=controlled(None)))
