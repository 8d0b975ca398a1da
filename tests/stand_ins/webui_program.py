"""A stand-in for AUTOMATIC1111's web UI and Forge: the interface the extension uses, no more.

Written from the source, not copied: AUTOMATIC1111/stable-diffusion-webui v1.10 and
lllyasviel/stable-diffusion-webui-forge (commit dfcdbab). Each part names the place it mirrors. The
sampler is a few random pixels.

Run as a program it is a web UI in a process of its own, on any Python from 3.10 on, and Remarque
cannot be imported in it: ``webui_program.py OUTPUT COUNT FIRST_SEED``.
"""

import contextlib
import importlib.util
import sys
import types
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

EXTENSION = Path(__file__).parents[2] / "integrations" / "webui"


class ImageSaveParams:
    """modules/script_callbacks.py, class ImageSaveParams."""

    def __init__(self, image, p, filename, pnginfo):
        self.image, self.p, self.filename, self.pnginfo = image, p, filename, pnginfo


class Callbacks(types.ModuleType):
    """modules/script_callbacks.py: on_NAME adds a function, NAME_callback calls them all.

    An exception of one is reported and does not stop the others (report_exception).
    """

    NAMES = ("app_started", "ui_settings", "image_saved", "image_grid", "script_unloaded")

    def __init__(self):
        super().__init__("modules.script_callbacks")
        self.ImageSaveParams = ImageSaveParams
        self.registered = {name: [] for name in self.NAMES}
        self.reported = []
        for name in self.NAMES:
            setattr(self, f"on_{name}", self.registered[name].append)

    def call(self, name, *given):
        for function in self.registered[name]:
            try:
                function(*given)
            except Exception as error:  # noqa: BLE001
                self.reported.append(error)


class Script:
    """modules/scripts.py, class Script: the hooks in the order process_images calls them."""

    alwayson = True

    def process(self, p, *args):
        pass

    def postprocess_batch_list(self, p, pp, *args, **kwargs):
        pass

    def postprocess_image(self, p, pp, *args):
        pass

    def postprocess(self, p, processed, *args):
        pass


class ScriptPostprocessing:
    """modules/scripts_postprocessing.py: what is done to pictures of the extras tab."""

    def process_firstpass(self, pp, **args):
        pass

    def process(self, pp, **args):
        pass


class ControlNetUnit:
    """sd-webui-controlnet, internal_controlnet/args.py, and Forge's lib_controlnet: the fields."""

    def __init__(self, enabled, image, module="canny", model="control_v11p_sd15_canny"):
        self.enabled, self.image, self.module, self.model = enabled, image, module, model


class OptionInfo:
    """modules/options.py, class OptionInfo."""

    def __init__(self, default=None, label="", component=None):
        self.default, self.label, self.component, self.section = default, label, component, None


class Options:
    """modules/options.py, class Options: ``data`` holds what the user has set."""

    def __init__(self):
        self.data, self.data_labels = {}, {}

    def add_option(self, key, info):
        self.data_labels[key] = info
        self.data.setdefault(key, info.default)


class Processing:
    """modules/processing.py, class StableDiffusionProcessing: the fields that are looked at."""

    def __init__(self, folder, **fields):
        self.outpath_samples, self.outpath_grids = str(folder / "txt2img"), str(folder / "grids")
        self.prompt, self.negative_prompt, self.styles = "a cat", "blurry", []
        self.seed, self.subseed, self.subseed_strength = 100, 5, 0
        self.sampler_name, self.scheduler, self.steps, self.cfg_scale = "Euler a", "Karras", 4, 7.0
        self.width = self.height = 32
        self.batch_size = self.n_iter = 1
        self.do_not_save_samples = self.do_not_save_grid = False
        self.init_images, self.image_mask, self.script_args = None, None, ()
        self.extra_generation_params = {}
        self.comments = {}
        self.__dict__.update(fields)

    def __hash__(self):
        raise TypeError("unhashable type: the real one is a dataclass with equality")


class Processed:
    """modules/processing.py, class Processed."""

    def __init__(self, images, infotexts, index_of_first_image):
        self.images, self.infotexts = images, infotexts
        self.index_of_first_image, self.comments = index_of_first_image, ""


class WebUi:
    """The program: its modules, and process_images as far as the callbacks go."""

    def __init__(self, folder, monkeypatch):
        self.folder = folder
        self.callbacks = Callbacks()
        self.shared = types.ModuleType("modules.shared")
        self.shared.opts, self.shared.OptionInfo = Options(), OptionInfo
        self.shared.state = types.SimpleNamespace(interrupted=False, skipped=False)
        self.shared.sd_model = types.SimpleNamespace(sd_checkpoint_info=None)
        self.samples_save = self.grid_save = self.enable_pnginfo = True
        self.return_grid = True
        self.fail_at = None
        modules = types.ModuleType("modules")
        scripts = types.ModuleType("modules.scripts")
        scripts.Script, scripts.AlwaysVisible = Script, object()
        postprocessing = types.ModuleType("modules.scripts_postprocessing")
        postprocessing.ScriptPostprocessing = ScriptPostprocessing
        launch_utils = types.ModuleType("modules.launch_utils")
        launch_utils.git_tag = lambda: "v1.10.1"
        gradio = types.ModuleType("gradio")
        gradio.Checkbox = gradio.Textbox = object
        parts = {
            "script_callbacks": self.callbacks,
            "scripts": scripts,
            "scripts_postprocessing": postprocessing,
            "shared": self.shared,
            "launch_utils": launch_utils,
        }
        for name, part in parts.items():
            setattr(modules, name, part)
            monkeypatch.setitem(sys.modules, f"modules.{name}", part)
        monkeypatch.setitem(sys.modules, "modules", modules)
        monkeypatch.setitem(sys.modules, "gradio", gradio)
        # modules/scripts.py, load_scripts: the extension's folder is on the path meanwhile.
        monkeypatch.syspath_prepend(str(EXTENSION))
        path = EXTENSION / "scripts" / "remarque_recorder.py"
        spec = importlib.util.spec_from_file_location("remarque_recorder.py", path)
        self.script_module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.script_module)
        self.script = self.script_module.RemarqueScript()
        self.extras_script = self.script_module.RemarqueExtras()
        self.callbacks.call("ui_settings")

    def infotext(self, p, index):
        """modules/processing.py, create_infotext."""
        return (
            f"{p.all_prompts[index]}\nNegative prompt: {p.negative_prompt}\n"
            f"Steps: {p.steps}, Sampler: {p.sampler_name}, Schedule type: {p.scheduler}, "
            f"CFG scale: {p.cfg_scale}, Seed: {p.all_seeds[index]}, Size: {p.width}x{p.height}, "
            "Model hash: 0123456789, Model: ink, Version: v1.10.1"
        )

    def save_image(self, image, folder, name, p, info, pnginfo=None):
        """modules/images.py, save_image: the real name is kept on the picture itself."""
        Path(folder).mkdir(parents=True, exist_ok=True)
        path = Path(folder) / f"{name}.png"
        while path.exists():  # the setting "Add number suffix"
            path = path.with_name(f"{path.stem}-1.png")
        told = pnginfo or {"parameters": info}
        params = ImageSaveParams(image, p, str(Path(folder) / f"{name}.png"), told)
        text = PngInfo()
        if self.enable_pnginfo:
            for key, value in told.items():
                text.add_text(key, value)
        image.save(path, "PNG", pnginfo=text)
        image.already_saved_as = str(path)
        self.callbacks.call("image_saved", params)
        return path

    def run_postprocessing(self, image):
        """modules/postprocessing.py: the extras tab, here twice the size."""
        pp = types.SimpleNamespace(image=image.convert("RGB"), info={})
        self.extras_script.process_firstpass(pp)
        pp.image = pp.image.resize((image.width * 2, image.height * 2))
        path = self.folder / "extras"
        params = {"extras": "Postprocess upscale by: 2", **image.info}
        return self.save_image(pp.image, str(path), "00000", None, params["extras"], params)

    def process_images(self, p):
        """modules/processing.py, process_images_inner."""
        count = p.n_iter * p.batch_size
        p.all_prompts = [p.prompt] * count
        p.all_negative_prompts = [p.negative_prompt] * count
        p.all_seeds = [p.seed + (n if p.subseed_strength == 0 else 0) for n in range(count)]
        p.all_subseeds = [p.subseed + n for n in range(count)]
        self._hook("process", p)
        images, infotexts, first = [], [], 0
        for iteration in range(p.n_iter):
            p.iteration = iteration
            batch = types.SimpleNamespace(images=[None] * p.batch_size)
            self._hook("postprocess_batch_list", p, batch, batch_number=iteration)
            for place in range(p.batch_size):
                p.batch_index = place
                images.append(self._finished(p, iteration * p.batch_size + place))
                infotexts.append(self.infotext(p, iteration * p.batch_size + place))
        if len(images) > 1 and not p.do_not_save_grid:
            first = self._lay_grid(p, images, infotexts)
        processed = Processed(images, infotexts, first)
        self._hook("postprocess", p, processed)
        return processed

    def _finished(self, p, index):
        """The body of process_images_inner's loop over the pictures of a batch."""
        image = self._sampled(p.all_seeds[index], p.all_subseeds[index], p)
        self._hook("postprocess_image", p, types.SimpleNamespace(image=image, index=index))
        if self.fail_at == index:
            raise RuntimeError("CUDA out of memory")
        text = self.infotext(p, index)
        if self.samples_save and not p.do_not_save_samples:
            name = f"{index:05}-{p.all_seeds[index]}"
            self.save_image(image, p.outpath_samples, name, p, text)
        if self.enable_pnginfo:
            image.info["parameters"] = text
        return image

    def _lay_grid(self, p, images, infotexts):
        """The end of process_images_inner: shown first, saved beside; index_of_first_image."""
        grid = Image.new("RGB", (p.width * len(images), p.height))
        for number, image in enumerate(images):
            grid.paste(image, (number * p.width, 0))
        self.callbacks.call("image_grid", types.SimpleNamespace(imgs=images))
        text = self.infotext(p, 0)
        if self.return_grid:
            infotexts.insert(0, text)
            if self.enable_pnginfo:
                grid.info["parameters"] = text
            images.insert(0, grid)
        if self.grid_save:
            self.save_image(grid, p.outpath_grids, "grid-0000", p, text)
        return 1 if self.return_grid else 0

    def _sampled(self, seed, subseed, p):
        noise = np.random.default_rng([seed, subseed if p.subseed_strength else 0])
        return Image.fromarray(noise.integers(0, 255, (p.height, p.width, 3), dtype=np.uint8))

    def _hook(self, name, *given, **named):
        """modules/scripts.py, ScriptRunner: an exception of a script is reported, no more."""
        try:
            getattr(self.script, name)(*given, **named)
        except Exception as error:  # noqa: BLE001
            self.callbacks.reported.append(error)

    def end(self):
        with contextlib.suppress(AttributeError):
            self.script_module.recorder.flush(60)
        self.callbacks.call("script_unloaded")


class Unpatched:
    """Stands for pytest's monkeypatch in a process of its own."""

    def setitem(self, where, key, value):
        where[key] = value

    def syspath_prepend(self, path):
        sys.path.insert(0, path)


def main(output, count, first_seed):
    """Make so many pictures, one a run, in a process that cannot import Remarque."""
    sys.modules["remarque"] = None
    web_ui = WebUi(Path(output), Unpatched())
    for number in range(int(count)):
        p = Processing(web_ui.folder, seed=int(first_seed) + number)
        processed = web_ui.process_images(p)
        print(processed.comments.strip() or "made", flush=True)  # noqa: T201
    assert web_ui.callbacks.reported == []
    web_ui.end()


if __name__ == "__main__":
    main(*sys.argv[1:])
