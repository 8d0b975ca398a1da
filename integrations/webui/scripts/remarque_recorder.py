"""Remarque for AUTOMATIC1111, Forge and reForge: every picture is recorded as it comes.

This file only joins the web UI's callbacks to ``remarque_webui``. It runs on the web UI's own
Python, whatever its version; what needs Remarque is imported only where Remarque is installed.
"""

import gradio as gr
from modules import script_callbacks, scripts, shared

SECTION = ("remarque", "Remarque")
NOT_INSTALLED = (
    "Remarque is not recording: it is not installed in the web UI's environment "
    "(it needs Python 3.11). Let <code>remarque watch</code> follow the output folder instead."
)

try:
    from remarque_webui.recording import WebuiRecorder

    recorder = WebuiRecorder(shared)
except ImportError:
    recorder = None


def add_settings():
    """The settings page."""
    options = {
        "remarque_enabled": shared.OptionInfo(True, "Record every picture", gr.Checkbox),
        "remarque_vault": shared.OptionInfo(
            "", "Folder of the vault (empty: the usual place)", gr.Textbox
        ),
        "remarque_work": shared.OptionInfo(
            "", "Name of the work (empty: chosen for each picture by its lineage)", gr.Textbox
        ),
        "remarque_unsaved": shared.OptionInfo(
            True, "Also record pictures the web UI does not save", gr.Checkbox
        ),
        "remarque_grids": shared.OptionInfo(True, "Also record grids", gr.Checkbox),
    }
    for name, option in options.items():
        option.section = SECTION
        shared.opts.add_option(name, option)


class RemarqueScript(scripts.Script):
    """Hears of every picture, also of those that are never saved. Changes none."""

    create_group = False

    def title(self):
        return "Remarque recorder"

    def show(self, is_img2img):
        return scripts.AlwaysVisible

    def ui(self, is_img2img):
        return []

    def process(self, p, *_args):
        if recorder is not None:
            recorder.run_begins(p)

    def postprocess_batch_list(self, p, pp, *_args, **_named):
        if recorder is not None:
            recorder.batch_decoded(p, len(pp.images))

    def postprocess_image(self, p, pp, *_args):
        if recorder is not None:
            recorder.picture_made(p, pp.image, pp.index)

    def postprocess(self, p, processed, *_args):
        if recorder is not None:
            recorder.run_ended(p, processed)
        elif shared.opts.data.get("remarque_enabled", True):
            processed.comments = f"{processed.comments or ''}{NOT_INSTALLED}\n"


script_callbacks.on_ui_settings(add_settings)
if recorder is not None:
    script_callbacks.on_image_saved(recorder.picture_saved)
    script_callbacks.on_app_started(recorder.app_started)
    script_callbacks.on_script_unloaded(recorder.unload)
