"""The package's nodes."""

from pathlib import Path
from typing import Any

import folder_paths
from comfy_api.latest import io, ui

from .orders import Order, order_marked_copy, output_folder  # noqa: TID252  loaded by its path


class SaveMarkedCopy(io.ComfyNode):
    """Save as SaveImage does, record, and publish a marked copy beside it."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """The node as the interface shows it; prompt and workflow come hidden."""
        return io.Schema(
            node_id="RemarqueSaveMarkedCopy",
            display_name="Save marked copy (Remarque)",
            category="Remarque",
            description="Saves the pictures with their workflow, and beside each a marked copy "
            "for publishing, which carries no prompt. The copy needs Remarque in ComfyUI's Python.",
            inputs=[
                io.Image.Input("images"),
                io.String.Input("filename_prefix", default="ComfyUI"),
                io.String.Input("work", default="", tooltip="The work; empty: grouped by itself."),
                io.String.Input("copies_folder", default="marked", tooltip="Below output."),
                io.String.Input("visible_mark", default="", tooltip="Text; empty: none."),
                io.Boolean.Input("label_ai", default=False, tooltip="A visible AI label."),
                io.Boolean.Input("credentials", default=True, tooltip="Content Credentials."),
            ],
            is_output_node=True,
        )

    @classmethod
    def execute(cls, images: Any, filename_prefix: str, **wishes: Any) -> io.NodeOutput:  # noqa: ANN401
        """Save now; the copies follow after the run, so that nothing here waits for marks."""
        saved = ui.ImageSaveHelper.get_save_images_ui(images, filename_prefix, cls=cls)
        output = folder_paths.get_output_directory()
        for result in saved.results:
            order_marked_copy(
                Order(
                    picture=Path(output, result["subfolder"], result["filename"]),
                    to=output_folder(output, wishes.get("copies_folder", "")),
                    visible=wishes.get("visible_mark", ""),
                    label_ai=wishes.get("label_ai", False),
                    credentials=wishes.get("credentials", True),
                )
            )
        return io.NodeOutput(ui=saved)


class Work(io.ComfyNode):
    """Names the work that the pictures of a run belong to."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """One text. It is read from the executed prompt; the node itself does nothing."""
        return io.Schema(
            node_id="RemarqueWork",
            display_name="Remarque: work",
            category="Remarque",
            description="The work that all pictures of this run belong to.",
            inputs=[io.String.Input("work", default="")],
            is_output_node=True,
        )

    @classmethod
    def execute(cls, **_inputs: Any) -> io.NodeOutput:  # noqa: ANN401
        """Nothing to do."""
        return io.NodeOutput()
