"""Remarque for AUTOMATIC1111, Forge and reForge: every picture is handed over as it comes.

This file only joins the web UI's callbacks to ``remarque_webui``. Remarque itself need not be
installed here: ``remarque watch`` takes in what is handed over, in an environment of its own.
"""

import gradio as gr
from modules import script_callbacks, scripts, scripts_postprocessing, shared
from remarque_webui.recording import WebuiRecorder

SECTION = ("remarque", "Remarque")

recorder = WebuiRecorder(shared)


def add_settings():
    """The settings page."""
    options = {
        "remarque_enabled": shared.OptionInfo(True, "Record every picture", gr.Checkbox),
        "remarque_inbox": shared.OptionInfo(
            "", "Folder of the inbox (empty: the usual place)", gr.Textbox
        ),
        "remarque_work": shared.OptionInfo(
            "", "Name of the work (empty: chosen by the watch)", gr.Textbox
        ),
        "remarque_unsaved": shared.OptionInfo(
            True, "Also record pictures the web UI does not save", gr.Checkbox
        ),
        "remarque_grids": shared.OptionInfo(True, "Also record grids", gr.Checkbox),
        "remarque_line": shared.OptionInfo(
            True, "Say under the pictures what was handed over", gr.Checkbox
        ),
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
        recorder.run_begins(p)

    def postprocess_batch_list(self, p, pp, *_args, **_named):
        recorder.batch_decoded(p, len(pp.images))

    def postprocess_image(self, p, pp, *_args):
        recorder.picture_made(p, pp.image, pp.index)

    def postprocess(self, p, processed, *_args):
        recorder.run_ended(p, processed)


class RemarqueExtras(scripts_postprocessing.ScriptPostprocessing):
    """Sees what goes into the extras tab. Changes nothing."""

    name = "Remarque"
    order = 1

    def ui(self):
        return {}

    def process_firstpass(self, pp, **_args):
        recorder.extras_begin(pp.image)


script_callbacks.on_ui_settings(add_settings)
script_callbacks.on_image_saved(recorder.picture_saved)
script_callbacks.on_script_unloaded(recorder.unload)
