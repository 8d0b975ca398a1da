"""Two takes beside each other: which prompt syntax each is read in."""

from remarque.model.history import Take
from remarque.model.prompts import Syntax, syntax_of


def prompt_syntax(before: Take, after: Take) -> tuple[Syntax, Syntax]:
    """Each take's prompts are read as the program that made it read them."""
    return syntax_of(before.generator), syntax_of(after.generator)
