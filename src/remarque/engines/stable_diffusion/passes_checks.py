"""What is refused of a recipe before any model is loaded."""

from remarque.engines.stable_diffusion.noise import checked_seed
from remarque.engines.stable_diffusion.passes_stage import HIRES
from remarque.errors import UsageError
from remarque.model.recipe import Recipe

_LONGEST_PROMPT = 200_000
_MOST_PASSES = 4


def check_recipe(recipe: Recipe) -> None:
    """Refuse at once what no model could be asked for.

    Raises:
        UsageError: A number out of its range, a text too long, or a pass that is not known here.
    """
    if recipe.seed is not None:
        checked_seed(recipe.seed)
    for text in (recipe.prompt, recipe.negative_prompt):
        if text is not None and len(text) > _LONGEST_PROMPT:
            raise UsageError(
                f"a prompt of {len(text):,} characters is longer than the {_LONGEST_PROMPT:,} "
                "that are taken; shorten it"
            )
    unknown = [one.role for one in recipe.passes if one.role != HIRES]
    if unknown:
        raise UsageError(f"this engine knows no pass of the kind {unknown[0]!r}; take it out")
    if len(recipe.passes) > _MOST_PASSES:
        raise UsageError(f"at most {_MOST_PASSES} passes are made, not {len(recipe.passes)}")
