"""What is recorded of a call: seeds, words, parts, adapters, sources, latents, remarks."""

import hashlib
import io
import json

import numpy as np
import pytest
from PIL import Image

from remarque.engines.diffusers_seeds import NO_GENERATOR, USED_BEFORE
from remarque.engines.diffusers_telling import EMBEDDED, ROUNDED
from remarque.intake import read_picture
from remarque.model.digests import digest_of
from remarque.model.recipe import Size
from stand_ins import tiny_pipelines as tiny
from stand_ins.tiny_pipelines import Heard, diffusers, torch

SMALL = {"num_inference_steps": 2, "height": 32, "width": 32}


def seeded(seed=7):
    return torch.Generator("cpu").manual_seed(seed)


@pytest.fixture(scope="module")
def pipe(tmp_path_factory):
    return tiny.stable_diffusion(tmp_path_factory.mktemp("sd"))


def heard(pipe, *given, latents=False, **named):
    with Heard(pipe, latents=latents) as found:
        result = pipe(*given, **named)
    return result, found.seen()


def executed(seen):
    return json.loads(seen.executed)


def test_a_plain_call(pipe):
    result, [seen] = heard(
        pipe,
        "a red cat",
        negative_prompt="blurry",
        guidance_scale=6.5,
        eta=0.25,
        generator=seeded(2**63 + 5),
        **SMALL,
    )
    recipe = seen.reading.recipe
    assert seen.reading.generator == "diffusers"
    assert (recipe.prompt, recipe.negative_prompt) == ("a red cat", "blurry")
    assert (recipe.seed, recipe.steps, recipe.cfg) == (2**63 + 5, 2, 6.5)
    assert (recipe.sampler, recipe.scheduler) == ("DDIMScheduler", None)
    assert recipe.generated_size == Size(32, 32)
    assert recipe.denoise is None
    assert {one.name: one.value for one in recipe.settings}["eta"] == "0.25"
    assert seen.witness.program == f"diffusers {diffusers.__version__}"
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(seen.content))), result.images[0])
    assert read_picture(seen.content).chunks == ()


def test_the_call_and_the_machine_are_kept(pipe):
    _, [seen] = heard(pipe, "a cat", generator=seeded(), **SMALL)
    call = executed(seen)
    assert call["pipeline"] == "StableDiffusionPipeline"
    assert call["arguments"]["guidance_scale"] == 7.5
    assert "guidance_scale" not in call["given"]
    assert call["generators"][0]["fresh"] is True
    assert call["scheduler"]["config"]["beta_end"] == 0.012
    assert call["parts"]["unet"]["dtype"] == "float32"
    assert call["parts"]["unet"]["attention"] == ["AttnProcessor2_0"]
    facts = {one.name: one.value for one in seen.witness.environment}
    assert {"python", "torch", "diffusers", "transformers", "torch threads"} <= set(facts)
    assert facts["deterministic algorithms"] == "False"


def test_a_used_generator_is_said(pipe):
    generator = seeded()
    torch.rand(1, generator=generator)
    _, [seen] = heard(pipe, "a cat", generator=generator, **SMALL)
    assert seen.reading.recipe.seed == 7
    assert USED_BEFORE in seen.witness.remarks
    assert executed(seen)["generators"][0]["fresh"] is False


def test_without_a_generator_the_seed_is_unknown(pipe):
    _, [seen] = heard(pipe, "a cat", **SMALL)
    assert seen.reading.recipe.seed is None
    assert NO_GENERATOR in seen.witness.remarks
    assert executed(seen)["global generator"]["device"] == "cpu"


def test_a_batch_with_a_generator_each(pipe):
    result, seen = heard(
        pipe,
        ["a cat", "a dog"],
        negative_prompt=["x", "y"],
        num_images_per_prompt=2,
        generator=[seeded(n) for n in (1, 2, 3, 4)],
        **SMALL,
    )
    assert [one.reading.recipe.seed for one in seen] == [1, 2, 3, 4]
    assert [one.reading.recipe.prompt for one in seen] == ["a cat", "a cat", "a dog", "a dog"]
    assert [one.reading.recipe.negative_prompt for one in seen] == ["x", "x", "y", "y"]
    assert len({one.witness.run for one in seen}) == 1
    assert len({one.content for one in seen}) == 4
    alone = pipe("a cat", negative_prompt="x", generator=seeded(2), output_type="np", **SMALL)
    shown = np.asarray(result.images[1]).astype(int)
    assert np.abs(shown - np.round(alone.images[0] * 255)).max() <= 1


def test_one_generator_for_a_batch_says_which_picture(pipe):
    _, seen = heard(pipe, "a cat", num_images_per_prompt=2, generator=seeded(), **SMALL)
    assert [one.reading.recipe.seed for one in seen] == [7, 7]
    assert "only in a batch of 2, as picture 2" in seen[1].witness.remarks[0]


@pytest.mark.parametrize("output_type", ["np", "pt"])
def test_numbers_are_rounded_as_diffusers_does(pipe, output_type):
    _, [seen] = heard(pipe, "a cat", generator=seeded(), output_type=output_type, **SMALL)
    shown = pipe("a cat", generator=seeded(), **SMALL).images[0]
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(seen.content))), shown)
    assert ROUNDED in seen.witness.remarks


def test_what_the_artist_does_to_the_result_later_is_not_recorded(pipe):
    with Heard(pipe) as found:
        picture = pipe("a cat", generator=seeded(), **SMALL).images[0]
        untouched = picture.copy()
        picture.paste((0, 0, 0), (0, 0, 32, 32))
    [seen] = found.seen()
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(seen.content))), untouched)


def test_pictures_that_went_in_are_kept(tmp_path):
    pipe = tiny.stable_diffusion(tmp_path, diffusers.StableDiffusionInpaintPipeline)
    start, mask = Image.new("RGB", (32, 32), "red"), Image.new("L", (32, 32), 255)
    call = {**SMALL, "image": start, "mask_image": mask, "strength": 0.75}
    _, [seen] = heard(pipe, "a cat", generator=seeded(), **{**call, "num_inference_steps": 4})
    recipe = seen.reading.recipe
    assert recipe.denoise == 0.75
    assert [source.role for source in recipe.sources] == ["init", "mask"]
    kept = {digest_of(one): one for one in seen.sources}
    assert all(source.digest in kept for source in recipe.sources)
    again = Image.open(io.BytesIO(kept[recipe.sources[0].digest]))
    assert np.array_equal(np.asarray(again), np.asarray(start))
    assert executed(seen)["arguments"]["mask_image"]["picture"] == recipe.sources[1].digest


def test_each_picture_of_a_batch_has_its_own_start(tmp_path):
    pipe = tiny.stable_diffusion(tmp_path, diffusers.StableDiffusionImg2ImgPipeline)
    starts = [Image.new("RGB", (32, 32), colour) for colour in ("red", "blue")]
    _, seen = heard(
        pipe, ["a", "b"], image=starts, generator=seeded(), num_inference_steps=4, strength=0.5
    )
    digests = [[source.digest for source in one.reading.recipe.sources] for one in seen]
    assert [len(one) for one in digests] == [1, 1]
    assert digests[0] != digests[1]


def test_latents_after_each_step(pipe):
    told = []

    def callback(_pipe, _step, _timestep, given):
        told.append(given["latents"].clone())
        return given

    _, seen = heard(
        pipe,
        "a cat",
        latents=True,
        num_images_per_prompt=2,
        generator=seeded(),
        callback_on_step_end=callback,
        **SMALL,
    )
    for number, one in enumerate(seen):
        wanted = tuple(digest_of(step[number].numpy().tobytes()) for step in told)
        assert one.witness.latents == wanted


def test_embeddings_instead_of_words_are_said(pipe):
    words = torch.rand(1, 77, 32, generator=seeded())
    _, [seen] = heard(
        pipe, prompt_embeds=words, negative_prompt_embeds=words, generator=seeded(), **SMALL
    )
    assert seen.reading.recipe.prompt is None
    assert EMBEDDED in seen.witness.remarks
    kept = {digest_of(one): one for one in seen.sources}
    digest = executed(seen)["arguments"]["prompt_embeds"]["array"]
    assert np.array_equal(np.load(io.BytesIO(kept[digest])), words.numpy())


def test_weights_have_a_digest_anyone_can_make(pipe):
    _, [seen] = heard(pipe, "a cat", generator=seeded(), **SMALL)
    models = {one.name.split()[0]: one for one in seen.witness.models}
    assert {models[name].role for name in ("unet", "vae")} == {"unet", "vae"}
    found = hashlib.sha256()
    state = dict(pipe.unet.named_parameters()) | dict(pipe.unet.named_buffers())
    for name in sorted(state):
        shape = "x".join(map(str, state[name].shape))
        found.update(
            f"{name}\0float32\0{shape}\0".encode() + state[name].detach().numpy().tobytes()
        )
    assert models["unet"].digest == f"sha256:{found.hexdigest()}"
    assert seen.reading.recipe.model_hash == models["unet"].digest


def test_weights_changed_between_calls_have_another_digest(tmp_path):
    pipe = tiny.stable_diffusion(tmp_path)
    with Heard(pipe) as found:
        pipe("a cat", generator=seeded(), **SMALL)
        found.seen()
        pipe.unet.conv_in.weight.data.add_(0.5)  # leaves no trace on the tensor's own counter
        pipe("a cat", generator=seeded(), **SMALL)
    before, after = found.seen()
    assert before.reading.recipe.model_hash != after.reading.recipe.model_hash
    assert before.reading.recipe.model_hash is not None


def test_weights_changed_before_they_were_read_have_none(tmp_path):
    pipe = tiny.stable_diffusion(tmp_path)
    with Heard(pipe) as found:
        pipe("a cat", generator=seeded(), **SMALL)
        pipe.unet.conv_in.weight.data.add_(0.5)
    [seen] = found.seen()
    assert seen.reading.recipe.model_hash is None
    assert any("weights of unet have no digest" in one for one in seen.witness.remarks)


def test_parts_from_files_have_the_digests_of_the_files(tmp_path):
    tiny.stable_diffusion(tmp_path / "parts").save_pretrained(tmp_path / "my-model")
    pipe = tiny.quiet(
        diffusers.StableDiffusionPipeline.from_pretrained(
            tmp_path / "my-model", local_files_only=True
        )
    )
    _, [seen] = heard(pipe, "a cat", generator=seeded(), **SMALL)
    models = {one.role: one for one in seen.witness.models}
    file = tmp_path / "my-model" / "unet" / "diffusion_pytorch_model.safetensors"
    assert models["unet"].digest == digest_of(file.read_bytes())
    assert models["unet"].name == "my-model/unet/diffusion_pytorch_model.safetensors"
    assert seen.reading.recipe.model == "my-model"
    assert str(tmp_path) not in seen.executed.decode()


def test_loras_with_their_weights(tmp_path):
    pipe = tiny.stable_diffusion(tmp_path)
    _, [plain] = heard(pipe, "a cat", generator=seeded(), **SMALL)
    tiny.lora_for(pipe, "style", 0.7)
    result, [seen] = heard(pipe, "a cat", generator=seeded(), **SMALL)
    [lora] = seen.reading.recipe.loras
    assert (lora.name, lora.weight, lora.text_weight) == ("style", 0.7, None)
    assert lora.hash.startswith("sha256:")
    assert seen.reading.recipe.model_hash == plain.reading.recipe.model_hash
    assert seen.content != plain.content
    again = pipe("a cat", generator=seeded(), **SMALL).images[0]
    assert np.array_equal(again, result.images[0])


def test_melted_in_loras_are_said(tmp_path):
    pipe = tiny.stable_diffusion(tmp_path)
    _, [plain] = heard(pipe, "a cat", generator=seeded(), **SMALL)
    tiny.lora_for(pipe, "style", 0.7)
    pipe.fuse_lora()
    _, [seen] = heard(pipe, "a cat", generator=seeded(), **SMALL)
    assert seen.reading.recipe.model_hash != plain.reading.recipe.model_hash
    assert any("melted into the weights" in one for one in seen.witness.remarks)


def test_tokens_of_textual_inversion(tmp_path):
    pipe = tiny.stable_diffusion(tmp_path)
    vector = torch.rand(32, generator=seeded())
    pipe.load_textual_inversion({"<mine>": vector}, token="<mine>")
    _, [seen] = heard(pipe, "a <mine> cat", generator=seeded(), **SMALL)
    [token] = [one for one in seen.witness.models if one.role == "embedding"]
    assert token.name == "<mine>"
    assert token.digest == digest_of(vector.numpy().tobytes())


def test_a_pipeline_that_is_none(pipe):
    from remarque.errors import UsageError

    with pytest.raises(UsageError, match="cannot be recorded"), Heard(pipe.unet):
        pass
