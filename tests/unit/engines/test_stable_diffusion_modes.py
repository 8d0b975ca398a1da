"""Each way of making a picture, in each family: what goes in comes out where it should."""

import io

import numpy as np
import pytest
from PIL import Image

from remarque.model.recipe import Pass, Setting, Size
from stand_ins import tiny_pipelines as tiny
from stand_ins.engine_orders import engine_with, make, mask_of, order, pixels, png, scene
from stand_ins.tiny_pipelines import diffusers, torch

pytestmark = pytest.mark.filterwarnings("ignore:__array_:DeprecationWarning")

SCENE = scene(64, 48)
INIT = ("init", png(SCENE))
MASK = ("mask", png(mask_of(64, 48, (16, 8, 40, 32))))
INSIDE = np.zeros((48, 64), bool)
INSIDE[8:32, 16:40] = True
OUTPAINT = (Setting("outpaint", "16,0,0,8"),)


@pytest.fixture(scope="module")
def pipes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    makers = (tiny.stable_diffusion, tiny.sdxl, tiny.sd3, tiny.flux)
    return {one.__name__: one(folder / one.__name__) for one in makers}


@pytest.fixture
def sd(pipes):
    return engine_with(pipes["stable_diffusion"])


@pytest.fixture(params=["stable_diffusion", "sdxl", "sd3", "flux"])
def engine(request, pipes):
    return engine_with(pipes[request.param])


def recipe_of(made):
    return made.seen.reading.recipe


def test_words_alone(engine):
    made = make(engine, order(generated_size=Size(48, 32)))
    assert pixels(made).shape == (32, 48, 3)
    assert recipe_of(made).denoise is None


def test_a_little_strength_stays_nearer_to_the_picture(engine):
    little, much = (
        pixels(make(engine, order(pictures=[INIT], denoise=strength, steps=8)))
        for strength in (0.15, 1.0)
    )
    assert little.shape == SCENE.shape
    assert (little != much).any()


def test_a_mask_changes_no_pixel_outside_and_some_inside(engine):
    made = make(engine, order(pictures=[INIT, MASK], denoise=0.9, steps=3))
    changed = (pixels(made) != SCENE).any(axis=2)
    assert not changed[~INSIDE].any()
    assert changed[INSIDE].mean() > 0.9
    assert {"mask_blur": "4"}.items() <= {s.name: s.value for s in recipe_of(made).settings}.items()


def test_outpainting_grows_the_canvas_and_keeps_the_old_part(engine):
    made = make(engine, order(pictures=[INIT], settings=OUTPAINT, steps=3))
    grown = pixels(made)
    assert grown.shape == (56, 80, 3)
    kept = grown[:48, 16:][:40, 8:]  # but for the overlap
    assert (kept == SCENE[:40, 8:]).all()
    assert recipe_of(made).generated_size == Size(80, 56)


def test_a_hires_pass_enlarges_and_works_over(engine):
    made = make(engine, order(passes=(Pass("hires", upscale=1.5, denoise=0.5),)))
    assert pixels(made).shape == (48, 48, 3)
    assert recipe_of(made).final_size == Size(48, 48)
    assert recipe_of(made).passes[0].upscaler == "Lanczos"


@pytest.mark.parametrize("sampler", ["Euler a", "Heun", "DPM++ 2M SDE", "PLMS", "LMS"])
def test_a_mask_holds_with_every_kind_of_sampler(sd, sampler):
    made = make(sd, order(pictures=[INIT, MASK], sampler=sampler, steps=4))
    changed = (pixels(made) != SCENE).any(axis=2)
    assert changed[INSIDE].any()
    assert not changed[~INSIDE].any()


def control_net(pipe, seed):
    torch.manual_seed(seed)
    found = diffusers.ControlNetModel.from_unet(
        pipe.unet, conditioning_embedding_out_channels=(16, 32)
    ).eval()
    for weights in found.parameters():  # its last layers begin at zero and would say nothing
        torch.nn.init.normal_(weights, std=0.05)
    return found


@pytest.mark.parametrize(
    "more", [[], [INIT], [INIT, MASK]], ids=["words", "picture", "picture and mask"]
)
def test_a_control_picture_guides(pipes, more):
    pipe = pipes["stable_diffusion"]
    engine = engine_with(pipe, control_net(pipe, 1))
    size = {"generated_size": Size(64, 48), "denoise": 0.8, "steps": 3}
    one, other = (
        make(engine, order(pictures=[("control", png(shape)), *more], **size))
        for shape in (scene(64, 48), scene(64, 48)[::-1])
    )
    assert (pixels(one) != pixels(other)).any()
    assert recipe_of(one).sources[0].strength == 1.0


def test_two_control_pictures_and_a_hires_pass(pipes):
    pipe = pipes["stable_diffusion"]
    engine = engine_with(pipe, control_net(pipe, 1), control_net(pipe, 2))
    pictures = [("control", png(scene(40, 40))), ("control", png(scene()[::-1]))]
    made = make(engine, order(pictures=pictures, generated_size=Size(32, 32), passes=(HIRES,)))
    assert pixels(made).shape == (64, 64, 3)
    assert "control picture was scaled" in " ".join(made.assumed)


HIRES = Pass("hires", upscale=2.0, denoise=0.5)


def test_a_model_of_nine_channels_fills_in_by_itself(pipes):
    parts = pipes["stable_diffusion"].components
    torch.manual_seed(3)
    filling = diffusers.StableDiffusionInpaintPipeline(
        **{**parts, "unet": tiny.unet(9)}, requires_safety_checker=False
    )
    made = make(engine_with(filling), order(pictures=[INIT, MASK], passes=(HIRES,)))
    assert pixels(made).shape == (96, 128, 3)


def test_a_model_of_four_channels_saved_as_inpainting_makes_pictures_of_words(pipes):
    saved = diffusers.StableDiffusionInpaintPipeline(
        **pipes["stable_diffusion"].components, requires_safety_checker=False
    )
    plain = make(engine_with(pipes["stable_diffusion"]), order())
    assert (pixels(make(engine_with(saved), order())) == pixels(plain)).all()


def test_latents_of_eight_channels_are_masked_too(pipes):
    torch.manual_seed(4)
    unet = diffusers.UNet2DConditionModel.from_config(
        {**tiny.unet().config, "in_channels": 8, "out_channels": 8}
    ).eval()
    parts = {**pipes["stable_diffusion"].components, "unet": unet, "vae": tiny.vae(8)}
    pipe = diffusers.StableDiffusionPipeline(**parts, requires_safety_checker=False)
    made = make(engine_with(pipe), order(pictures=[INIT, MASK], steps=3))
    changed = (pixels(made) != SCENE).any(axis=2)
    assert changed[INSIDE].any()
    assert not changed[~INSIDE].any()


def test_a_source_is_turned_upright(sd):
    turned = Image.Exif()
    turned[0x0112] = 6
    lying = np.rot90(SCENE)  # what a camera held sideways stores
    upright = make(sd, order(pictures=[INIT], steps=2))
    same = make(sd, order(pictures=[("init", png(lying, exif=turned))], steps=2))
    assert (pixels(upright) == pixels(same)).all()


def test_a_transparent_source_lies_on_white_and_that_is_said(sd):
    clear = np.dstack([SCENE, np.full((48, 64), 255)])
    clear[:10, :, 3] = 0
    white = SCENE.copy()
    white[:10] = 255
    made = make(sd, order(pictures=[("init", png(clear))]))
    assert (pixels(made) == pixels(make(sd, order(pictures=[("init", png(white))])))).all()
    assert "laid on white" in " ".join(made.assumed)


def test_sources_of_another_size_are_fitted_and_that_is_said(sd):
    pictures = [INIT, ("mask", png(mask_of(32, 24, (8, 4, 20, 16))))]
    made = make(sd, order(pictures=pictures, generated_size=Size(40, 40)))
    assert pixels(made).shape == (40, 40, 3)
    said = " ".join(made.assumed)
    assert "stretched from 32 x 24 to the picture's 64 x 48" in said
    assert "from 64 x 48 to 40 x 40" in said


def test_sizes_and_margins_are_rounded_to_what_the_model_makes(sd):
    made = make(sd, order(generated_size=Size(45, 30)))
    assert pixels(made).shape == (32, 48, 3)
    assert "45 x 30 was rounded to 48 x 32" in " ".join(made.assumed)
    grown = make(sd, order(pictures=[INIT], settings=(Setting("outpaint", "0,3,0,0"),)))
    assert pixels(grown).shape == (56, 64, 3)
    assert Setting("outpaint", "0,8,0,0") in recipe_of(grown).settings


def test_an_upscaler_that_is_not_here_is_said(sd):
    made = make(sd, order(passes=(Pass("hires", upscaler="R-ESRGAN 4x+"),)))
    assert "this engine has no R-ESRGAN 4x+" in " ".join(made.assumed)


def test_the_picture_carries_no_text(sd):
    with Image.open(io.BytesIO(make(sd, order()).seen.content)) as picture:
        assert picture.info == {}
        assert picture.mode == "RGB"
