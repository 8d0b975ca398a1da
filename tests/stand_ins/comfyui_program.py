"""Stand-ins for the modules of ComfyUI that the node package imports, and its execution.

ComfyUI cannot be installed from a package registry. These modules have exactly the interface that
``integrations/comfyui`` uses; each says which place of ComfyUI 0.3.64 it mirrors.
"""

import asyncio
import importlib.util
import json
import os
import sys
import time
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import NamedTuple

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

PACKAGE = Path(__file__).parents[2] / "integrations" / "comfyui"
MODULES = (
    "comfy_api", "comfy_api.latest", "folder_paths", "server", "execution", "nodes",
    "comfyui_version",
)  # fmt: skip


class Status(NamedTuple):
    """``execution.PromptQueue.ExecutionStatus``."""

    status_str: str
    completed: bool
    messages: list


class Queue:
    """``execution.PromptQueue``: what is running, and ``task_done``."""

    def __init__(self) -> None:
        self.currently_running: dict[int, tuple] = {}
        self.history: dict[str, dict] = {}

    def task_done(self, item_id, history_result, status):
        prompt = self.currently_running.pop(item_id)
        self.history[prompt[1]] = {"prompt": prompt, "outputs": {}, "status": status._asdict()}
        self.history[prompt[1]].update(history_result)


class Interrupt(Exception):
    """``comfy.model_management.InterruptProcessingException``."""


class Comfy:
    """One ComfyUI process with its folders; ``nodes`` maps a class type to a function."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.queue = Queue()
        self.modules: dict[str, ModuleType] = {}
        self.nodes = {"SaveImage": self._save_image, "PreviewImage": self._preview_image}
        self.package_nodes: dict[str, type] = {}
        self._cache: dict[str, tuple] = {}
        for folder in ("output", "temp", "input", "custom_nodes", "models/checkpoints"):
            (base / folder).mkdir(parents=True, exist_ok=True)

    # --- the modules ---

    def install(self, monkeypatch) -> None:
        """Put the stand-in modules where ``import`` finds them."""
        self.modules = {name: ModuleType(name) for name in MODULES}
        self._fill_folder_paths(self.modules["folder_paths"])
        self._fill_api(self.modules["comfy_api.latest"])
        self.modules["comfy_api"].latest = self.modules["comfy_api.latest"]
        self.modules["comfyui_version"].__version__ = "0.3.64"  # comfyui_version.py
        instance = SimpleNamespace(prompt_queue=self.queue, client_id=None)
        self.modules["server"].PromptServer = SimpleNamespace(instance=instance)  # server.py
        self.modules["nodes"].LOADED_MODULE_DIRS = {}  # nodes.py
        self.modules["execution"].get_output_data = self._get_output_data()
        for name, module in self.modules.items():
            monkeypatch.setitem(sys.modules, name, module)

    def _fill_folder_paths(self, module: ModuleType) -> None:
        """``folder_paths.py``: folders by type, model files by folder and name."""
        models = self.base / "models"
        module.folder_names_and_paths = {
            "checkpoints": ([str(models / "checkpoints")], {".safetensors"}),
            "loras": ([str(models / "loras")], {".safetensors"}),
            "embeddings": ([str(models / "embeddings")], {".pt"}),
            "custom_nodes": ([str(self.base / "custom_nodes")], set()),
        }
        folders = {name: str(self.base / name) for name in ("output", "temp", "input")}
        module.get_directory_by_type = folders.get
        module.get_output_directory = lambda: folders["output"]
        module.get_annotated_filepath = lambda name: str(Path(folders["input"], name))
        module.get_folder_paths = lambda name: module.folder_names_and_paths[name][0][:]

        def get_full_path(folder_name, filename):
            for home in module.folder_names_and_paths.get(folder_name, ([], None))[0]:
                path = Path(home, os.path.relpath(Path("/", filename), "/"))
                if path.is_file():
                    return str(path)
            return None

        module.get_full_path = get_full_path

    def _fill_api(self, module: ModuleType) -> None:
        """``comfy_api/latest``: ``io``, ``ui`` and ``ComfyExtension``."""

        class ComfyExtension:
            pass

        class Schema:
            def __init__(self, node_id, display_name=None, category="sd", inputs=None,
                         description="", is_output_node=False):  # fmt: skip
                self.__dict__ |= locals()

        class Input:
            def __init__(self, id, display_name=None, optional=False, tooltip=None, lazy=None,  # noqa: A002
                         default=None):  # fmt: skip
                self.id, self.default, self.tooltip = id, default, tooltip

        class NodeOutput:
            def __init__(self, *args, ui=None):
                self.args, self.ui = args, ui

        kind = SimpleNamespace(Input=Input)
        module.ComfyExtension = ComfyExtension
        module.io = SimpleNamespace(
            ComfyNode=type("ComfyNode", (), {"hidden": None}), Schema=Schema,
            NodeOutput=NodeOutput, Image=kind, String=kind, Boolean=kind,
        )  # fmt: skip
        helper = SimpleNamespace(get_save_images_ui=self._get_save_images_ui)
        module.ui = SimpleNamespace(ImageSaveHelper=helper)

    def _get_save_images_ui(self, images, filename_prefix, cls=None, compress_level=4):
        """``comfy_api/latest/_ui.py`` ImageSaveHelper: PNG files with prompt and workflow."""
        texts = {"prompt": cls.hidden.prompt, **cls.hidden.extra_pnginfo}
        results = self._write(images, filename_prefix, "output", texts)
        return SimpleNamespace(results=results, as_dict=lambda: {"images": results})

    # --- loading, as nodes.load_custom_node does it ---

    def load_package(self):
        """Load the package from its folder's path and take its nodes."""
        name = str(PACKAGE).replace(".", "_x_")
        self.package = name
        place = PACKAGE / "__init__.py"
        spec = importlib.util.spec_from_file_location(name, place)
        module = importlib.util.module_from_spec(spec)
        for old in [key for key in sys.modules if key == name or key.startswith(f"{name}.")]:
            del sys.modules[old]
        sys.modules[name] = module
        spec.loader.exec_module(module)
        extension = asyncio.run(module.comfy_entrypoint())
        assert isinstance(extension, self.modules["comfy_api.latest"].ComfyExtension)
        for node in asyncio.run(extension.get_node_list()):
            self.package_nodes[node.define_schema().node_id] = node
        return module

    @property
    def recording(self):
        return self.modules["server"].PromptServer.instance.remarque_recording

    # --- execution.PromptExecutor.execute and main.prompt_worker ---

    def run(self, prompt: dict, run_id: str = "run-1", workflow: dict | None = None) -> dict:
        """Execute a prompt in its order; returns the history item."""
        now = int(time.time() * 1000)
        extra = {"extra_pnginfo": {"workflow": workflow or {"nodes": [], "version": 0.4}}}
        self.queue.currently_running[0] = (0, run_id, json.loads(json.dumps(prompt)), extra, [])
        messages = [("execution_start", {"prompt_id": run_id, "timestamp": now})]
        cached = [key for key in prompt if self._signature(prompt, key) in self._cache]
        said = {"nodes": cached, "prompt_id": run_id, "timestamp": now}
        messages.append(("execution_cached", said))
        shown, outputs, success = {}, {}, True
        try:
            for key in prompt:
                outputs[key] = self._executed(prompt, key, outputs, extra, run_id, shown)
            end = "execution_success", {"prompt_id": run_id}
        except Interrupt:
            success, end = False, ("execution_interrupted", {"prompt_id": run_id})
        except RuntimeError as error:
            success, end = False, ("execution_error", {"exception_message": str(error)})
        end[1]["timestamp"] = int(time.time() * 1000)
        messages.append(end)
        result = {"outputs": shown, "meta": {key: {"real_node_id": key} for key in shown}}
        status = Status("success" if success else "error", success, messages)
        self.queue.task_done(0, result, status=status)
        return self.queue.history[run_id]

    def _executed(self, prompt, key, outputs, extra, run_id, shown):
        signature = self._signature(prompt, key)
        if signature in self._cache:
            output, ui = self._cache[signature]
        else:
            inputs = {}
            for name, value in prompt[key]["inputs"].items():
                linked = isinstance(value, list)
                inputs[name] = [outputs[value[0]][value[1]]] if linked else [value]
            hidden = SimpleNamespace(prompt=prompt, extra_pnginfo=extra["extra_pnginfo"])
            node = SimpleNamespace(kind=prompt[key]["class_type"], hidden=hidden)
            call = self.modules["execution"].get_output_data
            output, ui, _, _ = asyncio.run(call(run_id, key, node, inputs))
            self._cache[signature] = output, ui
        if ui:
            shown[key] = ui
        return output

    def _get_output_data(self):
        async def get_output_data(prompt_id, unique_id, obj, input_data_all,  # noqa: PLR0917
                                  execution_block_cb=None, pre_execute_cb=None,
                                  hidden_inputs=None):  # fmt: skip
            """``execution.get_output_data``; the values of a node that is only links are None."""
            inputs = {name: held[0] for name, held in input_data_all.items()}
            if obj.kind in self.package_nodes:
                base = self.package_nodes[obj.kind]
                clone = type("Clone", (base,), {"hidden": obj.hidden})  # PREPARE_CLASS_CLONE
                done = clone.execute(**inputs)
                ui = done.ui.as_dict() if done.ui is not None else {}
                return list(done.args), ui, False, False
            function = self.nodes.get(obj.kind)
            output, ui = function(inputs, obj) if function else ((None,) * 4, {})
            return list(output), ui, False, False

        return get_output_data

    def _save_image(self, inputs, obj):
        """``nodes.SaveImage``."""
        texts = {"prompt": obj.hidden.prompt, **obj.hidden.extra_pnginfo}
        prefix = inputs.get("filename_prefix", "ComfyUI")
        return (), {"images": self._write(inputs["images"], prefix, "output", texts)}

    def _preview_image(self, inputs, obj):
        """``nodes.PreviewImage``."""
        texts = {"prompt": obj.hidden.prompt, **obj.hidden.extra_pnginfo}
        return (), {"images": self._write(inputs["images"], "ComfyUI_temp_ab", "temp", texts)}

    def _write(self, images, prefix: str, kind: str, texts: dict) -> list[dict]:
        subfolder, _, stem = prefix.rpartition("/")
        folder = self.base / kind / subfolder
        folder.mkdir(parents=True, exist_ok=True)
        metadata = PngInfo()
        for key, value in texts.items():
            metadata.add_text(key, json.dumps(value))
        results = []
        for pixels in images:
            name = f"{stem}_{len(list(folder.glob(f'{stem}_*'))) + 1:05}_.png"
            Image.fromarray(pixels).save(folder / name, pnginfo=metadata, compress_level=4)
            results.append({"filename": name, "subfolder": subfolder, "type": kind})
        return results

    def _signature(self, prompt: dict, key: str) -> str:
        """``CacheKeySetInputSignature``: the node and everything before it."""
        found, waiting = {}, [key]
        while waiting:
            each = waiting.pop()
            if each not in found and each in prompt:
                found[each] = prompt[each]
                links = prompt[each]["inputs"].values()
                waiting += [value[0] for value in links if isinstance(value, list)]
        return json.dumps(found, sort_keys=True)


def noise(seed: int, count: int = 1, size: int = 64) -> list[np.ndarray]:
    """Pictures of a batch: all from one generator, as ComfyUI's noise is."""
    drawn = np.random.default_rng(seed % 2**63)
    return [drawn.integers(0, 255, (size, size, 3), dtype=np.uint8) for _ in range(count)]
