"""What a recipe says of how its picture came into being, without looking at any other take."""

from dataclasses import replace

from remarque.model.recipe import Recipe

_MASK, _INITIAL = "mask", "init"
_INPAINTING = frozenset(
    {"mask blur", "inpaint area", "masked content", "masked area padding", "outpaint"}
)


def is_sampled(recipe: Recipe) -> bool:
    """Whether it says that a generator sampled the picture."""
    return recipe.seed is not None or recipe.steps is not None


def is_masked(recipe: Recipe) -> bool:
    """Whether it tells of a mask, or of AUTOMATIC1111's inpainting."""
    if any(source.role == _MASK for source in recipe.sources):
        return True
    return any(setting.name.lower() in _INPAINTING for setting in recipe.settings)


def is_partial(recipe: Recipe) -> bool:
    """Whether it tells of a picture that went in, perhaps without naming it (img2img)."""
    if is_masked(recipe) or any(source.role == _INITIAL for source in recipe.sources):
        return True
    upscaled = bool(recipe.passes) or recipe.final_size is not None
    return recipe.denoise is not None and recipe.denoise < 1 and not upscaled


def is_upscaling(recipe: Recipe) -> bool:
    """Whether it is that of an upscaler: nothing was sampled, or its settings name one."""
    if not is_sampled(recipe):
        return True
    return any("upscale" in setting.name.lower() for setting in recipe.settings)


def is_from_words(recipe: Recipe) -> bool:
    """Whether it says that the picture began with words alone, so that it is nobody's copy."""
    return is_sampled(recipe) and not is_partial(recipe)


def sameness(recipe: Recipe) -> int | None:
    """One number for equal recipes, in this process; None where no seed tells recipes apart.

    Pictures are compared before anything is concluded from it, so that two recipes which share
    the number by chance do no harm.
    """
    return hash(recipe) if recipe.seed is not None else None


def kinship(recipe: Recipe) -> int | None:
    """One number for recipes that differ in the seed alone."""
    return hash(replace(recipe, seed=0)) if recipe.seed is not None else None
