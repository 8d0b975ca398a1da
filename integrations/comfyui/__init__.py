"""Remarque for ComfyUI: the record of how a picture was made, made while it is made.

Loading the package is enough; no node needs to be in the graph. See README.md.
"""

import logging

from comfy_api.latest import ComfyExtension, io

log = logging.getLogger("remarque.comfyui")


WITHOUT_REMARQUE = (
    "Remarque is not installed in ComfyUI's Python (%s): pictures are handed over to the inbox. "
    "Run “remarque watch” where Remarque is installed; it records them."
)


class RemarqueExtension(ComfyExtension):
    """The package's nodes; the recorder starts with them."""

    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        """Start recording and give the nodes; without Remarque installed, into the inbox."""
        from .saving import SaveMarkedCopy, Work  # noqa: TID252  ComfyUI loads it by its path

        try:
            from .recording import start  # noqa: TID252
        except ImportError as error:
            from .handing_over import start  # noqa: TID252

            log.warning(WITHOUT_REMARQUE, error)
        start()
        return [SaveMarkedCopy, Work]


async def comfy_entrypoint() -> RemarqueExtension:
    """What ComfyUI calls when it loads the package."""
    return RemarqueExtension()
