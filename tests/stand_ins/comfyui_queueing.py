"""A stand-in for a ComfyUI that takes work: queue, websocket messages, uploads, its memory of runs.

Written from ComfyUI 0.3.64 (``server.py``, ``execution.py``, ``main.prompt_worker``), not copied.
It paints flat colours that depend on everything behind the sampler, so that equal graphs give
equal pictures and others do not. ``gate`` holds the sampler after its first step until it is set.
"""

import hashlib
import io
import json
import struct
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from threading import Condition, Event, Thread

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from stand_ins.comfyui_server import STATS
from stand_ins.comfyui_speaking import Answer, SpeakingServer, json_answer, multipart

CHECKPOINTS = ["dream.safetensors", "folder/other_v2.safetensors", "dreamier.safetensors"]
OPTIONS = {
    "CheckpointLoaderSimple": {"ckpt_name": CHECKPOINTS},
    "LoraLoader": {"lora_name": ["ink.safetensors"]},
    "VAELoader": {"vae_name": ["clear.pt"]},
    "ControlNetLoader": {"control_net_name": ["lines.pth"]},
    "KSampler": {
        "sampler_name": ["euler", "euler_ancestral", "dpmpp_2m", "ddim", "uni_pc"],
        "scheduler": ["normal", "karras", "exponential", "simple"],
    },
}
ENDS = {"SaveImage": "output", "PreviewImage": "temp"}
KINDS = {*OPTIONS, *ENDS} | {
    "CLIPTextEncode", "EmptyLatentImage", "VAEDecode", "VAEEncode", "LoadImage", "LoadImageMask",
    "ImageScale", "SetLatentNoiseMask", "LatentUpscaleBy", "CLIPSetLastLayer",
    "ControlNetApplyAdvanced",
}  # fmt: skip


class Interrupted(Exception):
    """``comfy.model_management.InterruptProcessingException``."""


@dataclass
class ComfyQueueStandIn(SpeakingServer):
    """One server. ``forgets`` is False for a version that does not know ``/free``."""

    folder: Path = Path()
    forgets: bool = True
    chatters: bool = False  # sends messages of every wrong form beside the right ones
    fails: str = ""
    gate: Event | None = None
    steps_at_gate: Event = field(default_factory=Event)
    combo_form: bool = False  # how newer versions write lists of options
    posted: list[tuple[str, object]] = field(default_factory=list)
    history: dict[str, dict] = field(default_factory=dict)
    pending: list[tuple[str, dict, str]] = field(default_factory=list)
    running: list[tuple[str, dict, str]] = field(default_factory=list)
    sampled: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cache: dict[str, dict | None] = {}
        self.flag, self.interrupted, self.over = False, False, False
        self.changed = Condition()
        self.numbers = 0

    def begin(self) -> None:
        self.worker = Thread(target=self._work, daemon=True)
        self.worker.start()

    def end(self) -> None:
        self.over = True
        if self.gate is not None:
            self.gate.set()
        with self.changed:
            self.changed.notify_all()
        self.worker.join(10)

    # --- server.PromptServer ---

    def get(self, path: str, query: dict[str, str]) -> Answer:
        if path == "/system_stats":
            return json_answer(STATS)
        if path == "/queue":
            as_items = [[[0, *item[:2], {}, []] for item in part] for part in (self.running, self.pending)]  # noqa: E501  # fmt: skip
            return json_answer(dict(zip(("queue_running", "queue_pending"), as_items, strict=True)))
        if path.startswith("/history/"):
            run = path.rpartition("/")[2]
            return json_answer({run: self.history[run]} if run in self.history else {})
        if path.startswith("/object_info/"):
            return json_answer(self._object_info(path.rpartition("/")[2]))
        if path == "/view":
            place = self.folder / query["type"] / query["subfolder"] / Path(query["filename"]).name
            return (
                Answer(place.read_bytes(), 200, "image/png")
                if place.is_file()
                else Answer(b"", 404)
            )
        return Answer(b"", 404)

    def post(self, path: str, body: bytes, content_type: str) -> Answer:
        if path == "/upload/image":
            return self._upload(*multipart(body, content_type))
        said = json.loads(body)
        self.posted.append((path, said))
        if path == "/prompt":
            return self._queue(said)
        if path == "/queue":
            with self.changed:
                self.pending = [item for item in self.pending if item[0] not in said["delete"]]
        elif path == "/interrupt":
            self.interrupted = True
        elif path == "/free" and self.forgets:
            with self.changed:
                self.flag |= said["free_memory"]
                self.changed.notify_all()
        else:
            return Answer(b"", 405)
        return Answer(b"")

    def _queue(self, said: dict) -> Answer:
        """``post_prompt`` and ``validate_prompt``."""
        prompt = said["prompt"]
        for key, node in prompt.items():
            if node["class_type"] not in KINDS:
                text = f"Cannot execute because node {node['class_type']} does not exist."
                error = {"type": "invalid_prompt", "message": text, "details": f"Node ID '#{key}'"}
                return json_answer({"error": error, "node_errors": {}}, 400)
            for name, known in OPTIONS.get(node["class_type"], {}).items():
                if node["inputs"].get(name) not in known:
                    return self._not_in_list(key, node, name)
        run = str(uuid.uuid4())
        with self.changed:
            self.pending.append((run, json.loads(json.dumps(prompt)), said["client_id"]))
            self.changed.notify_all()
        return json_answer({"prompt_id": run, "number": 1, "node_errors": {}})

    def _not_in_list(self, key: str, node: dict, name: str) -> Answer:
        value = node["inputs"].get(name)
        error = {
            "type": "value_not_in_list", "message": "Value not in list",
            "details": f"{name}: '{value}' not in [...]",
            "extra_info": {"input_name": name, "input_config": None, "received_value": value},
        }  # fmt: skip
        found = {"errors": [error], "dependent_outputs": ["9"], "class_type": node["class_type"]}
        whole = {"type": "prompt_outputs_failed_validation", "message": "Prompt outputs failed"}
        return json_answer({"error": whole, "node_errors": {key: found}}, 400)

    def _object_info(self, kind: str) -> dict:
        if kind not in KINDS:
            return {}
        known = OPTIONS.get(kind, {})
        if self.combo_form:
            return {kind: {"input": {"required": {k: ["COMBO", {"options": v}] for k, v in known.items()}}}}  # noqa: E501  # fmt: skip
        return {kind: {"input": {"required": {key: [values, {}] for key, values in known.items()}}}}

    def _upload(self, name: str, content: bytes) -> Answer:
        place = self.folder / "input" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        return json_answer({"name": name, "subfolder": "", "type": "input"})

    # --- main.prompt_worker and execution.PromptExecutor ---

    def _work(self) -> None:
        while not self.over:
            with self.changed:
                self.changed.wait_for(lambda: self.pending or self.flag or self.over, 5)
                if self.over:
                    return
                item = self.pending.pop(0) if self.pending else None
                if item:
                    self.running = [item]
            if item:
                self._execute(*item)
            if self.flag:  # only after a run, as in prompt_worker
                self.flag, self.cache = False, {}

    def _execute(self, run: str, prompt: dict, client: str) -> None:
        messages, outputs = [], {}
        self.interrupted = False

        def note(name: str, **said: object) -> None:
            messages.append([name, said | {"prompt_id": run, "timestamp": 1_700_000_000_000}])
            self.tell(client, {"type": name, "data": messages[-1][1]})

        cached = [key for key in prompt if self._signature(prompt, key) in self.cache]
        note("execution_start")
        note("execution_cached", nodes=cached)
        end, success = ("execution_success", {}), True
        try:
            for key, node in prompt.items():
                self._node(run, prompt, key, node, client)
                shown = self.cache[self._signature(prompt, key)]
                if shown:
                    outputs[key] = shown
        except Interrupted:
            end, success = ("execution_interrupted", {"node_id": "3"}), False
        except RuntimeError as error:
            end, success = ("execution_error", {"exception_message": str(error)}), False
        note(end[0], **end[1])
        self.history[run] = {
            "prompt": [1, run, prompt, {"client_id": client}, list(outputs)],
            "outputs": outputs, "meta": {},
            "status": {"status_str": "success" if success else "error", "messages": messages},
        }  # fmt: skip
        self.running = []
        self.tell(client, {"type": "executing", "data": {"node": None, "prompt_id": run}})

    def _node(self, run: str, prompt: dict, key: str, node: dict, client: str) -> None:
        signature = self._signature(prompt, key)
        if signature in self.cache:
            return
        self.tell(client, {"type": "executing", "data": {"node": key, "prompt_id": run}})
        shown = None
        if node["class_type"] == "KSampler":
            self._sample(run, key, node, client)
        if node["class_type"] in ENDS:
            shown = {"images": [self._save(prompt, key, node)]}
        self.cache[signature] = shown

    def _sample(self, run: str, key: str, node: dict, client: str) -> None:
        self.sampled.append(node["inputs"]["seed"])
        for step in range(1, node["inputs"]["steps"] + 1):
            if self.interrupted:
                raise Interrupted
            if self.fails:
                raise RuntimeError(self.fails)
            said = {"value": step, "max": node["inputs"]["steps"], "prompt_id": run, "node": key}
            for nonsense in _chatter(run) if self.chatters else ():
                self.tell(client, nonsense)
            self.tell(client, {"type": "progress", "data": said})
            written = io.BytesIO()
            Image.new("RGB", (8, 8), (step, 0, 0)).save(written, "PNG")
            self.tell(client, struct.pack(">II", 1, 2) + written.getvalue())
            if self.gate is not None:
                self.steps_at_gate.set()
                self.gate.wait(20)

    def _save(self, prompt: dict, key: str, node: dict) -> dict:
        source = node["inputs"]["images"][0]
        drawn = hashlib.sha256(self._signature(prompt, source).encode()).digest()
        pixels = np.random.default_rng(list(drawn)).integers(0, 255, (24, 32, 3), dtype=np.uint8)
        texts = PngInfo()
        texts.add_text("prompt", json.dumps(prompt))
        kind, prefix = ENDS[node["class_type"]], node["inputs"].get("filename_prefix", "temp")
        subfolder, _, stem = prefix.rpartition("/")
        self.numbers += 1
        place = self.folder / kind / subfolder / f"{stem}_{self.numbers:05}_.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(place, pnginfo=texts)
        return {"filename": place.name, "subfolder": subfolder, "type": kind}

    def _signature(self, prompt: dict, key: str) -> str:
        """``CacheKeySetInputSignature``: kinds and inputs of a node and of all before it."""
        node = prompt[key]
        inputs = {
            name: [self._signature(prompt, value[0]), value[1]]
            if isinstance(value, list)
            else _as_validated(value)
            for name, value in node["inputs"].items()
        }
        if node["class_type"].startswith("LoadImage"):  # IS_CHANGED is the digest of the file
            place = self.folder / "input" / inputs["image"]
            inputs["image"] = hashlib.sha256(place.read_bytes()).hexdigest()
        whole = json.dumps([node["class_type"], inputs], sort_keys=True)
        return hashlib.sha256(whole.encode()).hexdigest()


def _chatter(run: str) -> list[object]:
    wrong = [{"value": "x", "max": None}, {"value": 9, "max": 3}, {"value": -1, "max": 3}, {}]
    pictures = [b"", b"\x00", b"\x00\x00\x00\x01\x00\x00\x00\x02no picture", b"\xff" * 9]
    told = [{"type": "progress", "data": {**each, "prompt_id": run}} for each in wrong]
    others = [[1], 5, None, {"type": 5}, {"type": "executing", "data": None}, {"data": {}}]
    theirs = {"type": "execution_error", "data": {"prompt_id": "another run"}}
    return [*told, *pictures, *others, theirs]


def _as_validated(value: object) -> object:
    """``validate_inputs`` makes 1 and 1.0 the same number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
