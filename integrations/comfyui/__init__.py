"""Remarque for ComfyUI: the record of how a picture was made, made while it is made.

Loading the package is enough; no node needs to be in the graph. See README.md.
"""

import logging

from comfy_api.latest import ComfyExtension, io

log = logging.getLogger("remarque.comfyui")


class RemarqueExtension(ComfyExtension):
    """The package's nodes; the recorder starts with them."""

    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        """Start recording and give the nodes; without Remarque installed, neither."""
        try:
            from .recording import start  # noqa: TID252  ComfyUI loads the package by its path
            from .saving import SaveMarkedCopy, Work  # noqa: TID252

            start()
        except ImportError as error:
            log.warning(
                "Remarque records nothing: %s. Run: pip install -r requirements.txt",
                error,
            )
            return []
        return [SaveMarkedCopy, Work]


async def comfy_entrypoint() -> RemarqueExtension:
    """What ComfyUI calls when it loads the package."""
    return RemarqueExtension()
