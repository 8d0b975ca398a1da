"""What an order wishes to have loaded, as people and as records of many programs name it."""

import sys
import warnings

import pytest

from remarque.actions.orders import ModelWish, Order
from remarque.engines.model_files import ModelFiles
from remarque.engines.stable_diffusion.loading import Loader, Permissions
from remarque.engines.stable_diffusion.loading_guards import loading, quietly
from remarque.engines.stable_diffusion.loading_telling import compare_told
from remarque.engines.stable_diffusion.loading_wishes import read_wishes
from remarque.engines.stable_diffusion.shelf import Shelf
from remarque.errors import LibraryMissing, ModelChanged, ModelDamaged, ModelMissing, OutOfMemory
from remarque.model.digests import digest_of
from remarque.model.recipe import LoraUse, Recipe, SourceUse
from remarque.model.witness import ModelFile
from stand_ins import tiny_pipelines as tiny

ONE, TWO = digest_of(b"1"), digest_of(b"2")


def read(*wishes, **recipe):
    return read_wishes(Order(Recipe(**recipe), wishes))


def test_a_recipe_alone_names_model_vae_and_loras_with_their_hashes():
    found = read(
        model="ink",
        model_hash="0123456789",
        vae="soft.pt",
        loras=(LoraUse("chalk", 0.5, hash="ab" * 6), LoraUse("x", 1.0, hash=ONE)),
    )
    assert found.checkpoint == ModelWish("checkpoint", "ink [0123456789]")
    assert found.vae == ModelWish("vae", "soft.pt")
    assert found.loras[0].wish.name == f"chalk [{'ab' * 6}]"
    assert found.loras[1].wish.name == "x"  # a digest of weights in memory finds no file
    assert (found.loras[0].weight, found.loras[0].text_weight) == (0.5, 0.5)


def test_a_hash_alone_is_enough_and_a_place_or_digest_is_better():
    assert read(model_hash="0123456789").checkpoint.name == "model [0123456789]"
    placed = ModelWish("checkpoint", "ink", "ink.safetensors")
    assert read(placed, model="ink", model_hash="0123456789").checkpoint == placed
    known = ModelWish("checkpoint", "ink", digest=ONE)
    assert read(known, model="ink", model_hash="0123456789").checkpoint == known


def test_a_recording_of_diffusers_names_parts_and_no_whole():
    parts = [
        ModelWish("unet", "owner/name/unet/model.safetensors", digest=ONE),
        ModelWish("vae", "owner/name/vae/model.safetensors", digest=TWO),
        ModelWish("text_encoder", "owner/name/text_encoder_2", digest=ONE),
    ]
    found = read(*parts)
    assert found.checkpoint == ModelWish("checkpoint", "owner/name")
    assert found.vae is None
    assert found.told == tuple(parts)


def test_a_denoiser_of_its_own_is_the_model():
    found = read(ModelWish("unet", "flux1-dev.safetensors"), ModelWish("vae", "ae.safetensors"))
    assert found.checkpoint.name == "flux1-dev.safetensors"
    assert found.vae.name == "ae.safetensors"
    assert found.told == ()


@pytest.mark.parametrize("name", ["Automatic", "None", "", "Baked VAE"])
def test_a_vae_that_is_none(name):
    assert read(model="ink", vae=name).vae is None


def test_loras_and_controls_are_known_by_their_names():
    lora = ModelWish("lora", "deep/Ink.safetensors", digest=ONE)
    edges = ModelWish("control", "edges.safetensors", "e")
    depth = ModelWish("control", "depth", "d")
    sources = tuple(SourceUse("control", model=name) for name in ("depth", "edges", None, "other"))
    with pytest.raises(ModelMissing, match="without the model"):
        read(model="m", sources=(SourceUse("control"),))
    found = read(lora, edges, depth, model="m", loras=(LoraUse("ink", 1.0),), sources=sources[:2])
    assert found.loras[0].wish == lora
    assert found.controls == (depth, edges)
    assert found.told == ()
    assert read(model="m", sources=sources[3:]).controls == (ModelWish("control", "other"),)


def test_what_was_loaded_is_held_against_what_a_record_tells():
    loaded = (ModelFile("checkpoint", "ink", ONE), ModelFile("other", "ink (settings)", TWO))
    assert compare_told(loaded, (ModelWish("unet", "any", digest=ONE),)) == ()
    assert compare_told(loaded, (ModelWish("unet", "any"),)) == ()
    (said,) = compare_told(loaded, (ModelWish("upscaler", "big", digest=digest_of(b"3")),))
    assert "plays no part" in said
    for changed in ("text_encoder", "other"):
        wish = ModelWish(changed, "ink (settings)", digest=digest_of(b"3"))
        with pytest.raises(ModelChanged, match="is not the one the record names"):
            compare_told(loaded, (wish,))


def test_a_missing_library_is_named(monkeypatch, tmp_path):
    files = ModelFiles(tmp_path / "known.json")
    loader = Loader(Shelf((), files), files, Permissions(hub=False))
    monkeypatch.setitem(sys.modules, "diffusers", None)
    with pytest.raises(LibraryMissing, match="needs diffusers") as caught:
        loader.load(Order(Recipe(model="miniature"), ()), tiny.torch.float32, "cpu")
    assert "pip install" in caught.value.hint


@pytest.mark.parametrize(
    ("raised", "error", "said"),
    [
        (tiny.torch.OutOfMemoryError("x"), OutOfMemory, "does not fit"),
        (MemoryError(), OutOfMemory, "does not fit"),
        (RuntimeError("DefaultCPUAllocator: not enough memory: 9 bytes"), OutOfMemory, "not fit"),
        (ImportError("x", name="peft"), LibraryMissing, "peft"),
        (KeyError("w"), ModelDamaged, "'ink' cannot be loaded: 'w'."),
        (ValueError("no /home/me/x here\nand more"), ModelDamaged, "loaded: no here."),
        (ValueError(), ModelDamaged, "loaded: ValueError."),
        (ModelMissing("gone"), ModelMissing, "gone"),
    ],
)
def test_what_libraries_raise_becomes_one_sentence(raised, error, said):
    with pytest.raises(error, match=said) as caught, loading("ink"):
        raise raised
    assert "\n" not in caught.value.message


def test_the_libraries_are_silent_and_afterwards_as_they_were(caplog):
    of_diffusers = tiny.diffusers.utils.logging
    before = (of_diffusers.get_verbosity(), of_diffusers.is_progress_bar_enabled())
    filters = list(warnings.filters)
    with quietly():
        assert not of_diffusers.is_progress_bar_enabled()
        of_diffusers.get_logger("diffusers.models").warning("a word")
        tiny.transformers.utils.logging.get_logger("transformers.models").warning("a word")
        warnings.warn("a word", UserWarning, stacklevel=1)
        of_diffusers.get_logger("diffusers.models").error("a fault")
    assert caplog.messages == ["a fault"]
    assert (of_diffusers.get_verbosity(), of_diffusers.is_progress_bar_enabled()) == before
    assert warnings.filters == filters
