"""Two takes beside each other: which prompt syntax they are read in."""

from remarque.model.history import Take
from remarque.model.prompts import Syntax


def prompt_syntax(before: Take, after: Take) -> Syntax:
    """ComfyUI's own syntax only where both takes come from it; weights and brackets differ."""
    return "comfyui" if before.generator == after.generator == "ComfyUI" else "automatic1111"
