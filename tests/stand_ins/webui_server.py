"""A stand-in for a web UI's interface for other programs: its routes on a local port.

Written from ``modules/api/api.py``, ``modules/progress.py`` and ``modules/processing.py`` of
AUTOMATIC1111 1.10 and Forge dfcdbab, not copied. It paints noise of the request's seed and size
and writes an infotext as ``processing.create_infotext`` does. ``gate`` holds it after a step.
"""

import base64
import hashlib
import io
import json
from dataclasses import dataclass, field
from threading import Event, Lock

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from stand_ins.comfyui_speaking import Answer, SpeakingServer, json_answer

SHA = hashlib.sha256(b"dream").hexdigest()
MODELS = [
    {"title": f"dream.safetensors [{SHA[:10]}]", "model_name": "dream", "hash": SHA[:10],
     "sha256": SHA, "filename": "/home/somebody/models/dream.safetensors"},
    {"title": "dreamier.ckpt", "model_name": "dreamier", "hash": None, "sha256": None,
     "filename": "/home/somebody/models/dreamier.ckpt"},
]  # fmt: skip
LISTS = {
    "sd-models": MODELS,
    "samplers": [
        {"name": "Euler", "aliases": ["k_euler"], "options": {}},
        {"name": "Euler a", "aliases": ["k_euler_a"], "options": {}},
        {"name": "DPM++ 2M", "aliases": ["k_dpmpp_2m"], "options": {"scheduler": "karras"}},
    ],
    "schedulers": [
        {"name": "automatic", "label": "Automatic", "aliases": None},
        {"name": "karras", "label": "Karras", "aliases": None},
    ],
    "loras": [{"name": "ink", "alias": "ink_style", "path": "/home/somebody/ink.safetensors"}],
    "sd-vae": [{"model_name": "clear.pt", "filename": "/home/somebody/clear.pt"}],
    "options": {
        "sd_model_checkpoint": "dreamier.ckpt", "sd_vae": "Automatic", "randn_source": "CPU",
        "CLIP_stop_at_last_layers": 1, "eta_noise_seed_delta": 0, "outdir_samples": "/home/s/out",
    },
    "cmd-flags": {"no_half": True, "medvram": False, "xformers": True, "data_dir": "/home/s"},
}  # fmt: skip
SYSTEM = {
    "Platform": "Linux-6.1", "Python": "3.10.6", "Version": "v1.10.1", "Commit": "82a973c",
    "Script path": "/home/somebody/webui",
    "Torch env info": {"torch_version": "2.1.2+cu121", "nvidia_gpu_models": "GPU 0: Stand-in"},
}  # fmt: skip


@dataclass
class WebuiStandIn(SpeakingServer):
    """One server. ``forge`` leaves aside a model it cannot set; ``busy`` is another's picture."""

    fails: str = ""
    forge: bool = False
    busy: bool = False
    text: str | None = None
    gate: Event | None = None
    at_gate: Event = field(default_factory=Event)
    requests: list[tuple[str, dict]] = field(default_factory=list)
    interrupts: int = 0
    absent: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self.lock = Lock()
        self.step, self.steps, self.task = 0, 0, ""

    def end(self) -> None:
        if self.gate is not None:
            self.gate.set()

    def get(self, path: str, query: dict[str, str]) -> Answer:
        name = path.removeprefix("/sdapi/v1/")
        if name in LISTS and name not in self.absent:
            return json_answer(LISTS[name])
        if name == "progress":
            return json_answer(self._progress(query["skip_current_image"] == "true"))
        if path == "/internal/sysinfo" and "sysinfo" not in self.absent:
            return Answer(json.dumps(SYSTEM).encode(), 200, "text/plain")
        return json_answer({"detail": "Not Found"}, 404)

    def post(self, path: str, body: bytes, _content_type: str) -> Answer:
        said = json.loads(body)
        if path == "/internal/progress" and "internal" not in self.absent:
            ours = said["id_task"] == self.task and not self.busy
            return json_answer({"active": ours, "queued": self.busy, "completed": False})
        if path == "/sdapi/v1/interrupt":
            self.interrupts += 1
            return json_answer({})
        if path in {"/sdapi/v1/txt2img", "/sdapi/v1/img2img"}:
            self.requests.append((path, said))
            return self._made(said)
        return json_answer({"detail": "Not Found"}, 404)

    def _progress(self, skip: bool) -> dict:
        state = {"job_no": 0, "job_count": 1, "sampling_step": self.step}
        written = io.BytesIO()
        Image.new("RGB", (8, 8), (self.step, 0, 0)).save(written, "PNG")
        shown = None if skip or not self.step else base64.b64encode(written.getvalue()).decode()
        state["sampling_steps"] = self.steps
        return {"progress": 0.1, "state": state, "current_image": shown}

    def _made(self, said: dict) -> Answer:
        unknown = set(said["override_settings"]) - set(LISTS["options"])
        if unknown:  # options.set
            return json_answer({"error": "KeyError", "detail": "", "errors": str(unknown)}, 500)
        if self.fails:
            return json_answer({"error": self.fails, "detail": "", "errors": "stopped"}, 500)
        self.task, self.steps = said["force_task_id"], said.get("steps", 50)
        for step in range(1, self.steps + 1):
            self.step = step
            if self.gate is not None:
                self.at_gate.set()
                self.gate.wait(20)
            if self.interrupts:
                break
        return json_answer(self._answer(said))

    def _answer(self, said: dict) -> dict:
        seed = said.get("seed", 12345)
        size = said.get("width", 512), said.get("height", 512)
        text = self._infotext(said, seed, size) if self.text is None else self.text
        key = "".join([text, *said.get("init_images", []), said.get("mask", "")])
        drawn = np.random.default_rng(list(hashlib.sha256(key.encode()).digest()))
        pixels = drawn.integers(0, 255, (size[1] // 8, size[0] // 8, 3), dtype=np.uint8)
        texts, written = PngInfo(), io.BytesIO()
        texts.add_text("parameters", text)
        Image.fromarray(pixels).save(written, "PNG", pnginfo=texts)
        info = {"seed": seed, "infotexts": [text], "index_of_first_image": 0, "version": "v1.10.1"}
        images = [base64.b64encode(written.getvalue()).decode()]
        return {"images": images, "parameters": {}, "info": json.dumps(info)}

    def _infotext(self, said: dict, seed: int, size: tuple[int, int]) -> str:
        title = LISTS["options"]["sd_model_checkpoint"] if self.forge else said["override_settings"]["sd_model_checkpoint"]  # noqa: E501  # fmt: skip
        facts = {
            "Steps": said.get("steps", 50), "Sampler": said.get("sampler_name", "Euler"),
            "Schedule type": said.get("scheduler", "Automatic"),
            "CFG scale": said.get("cfg_scale", 7.0), "Seed": seed, "Size": f"{size[0]}x{size[1]}",
            "Model hash": SHA[:10], "Model": title.partition(".")[0],
        }  # fmt: skip
        if "denoising_strength" in said:
            facts["Denoising strength"] = said["denoising_strength"]
        if "mask" in said:
            facts["Mask blur"] = 4
        if said.get("enable_hr"):
            facts |= {
                "Hires upscale": said.get("hr_scale", 2),
                "Hires upscaler": said["hr_upscaler"],
            }
        listed = ", ".join(f"{name}: {value}" for name, value in facts.items())
        negative = (
            f"\nNegative prompt: {said['negative_prompt']}" if said["negative_prompt"] else ""
        )
        return f"{said['prompt']}{negative}\n{listed}, Version: v1.10.1"
