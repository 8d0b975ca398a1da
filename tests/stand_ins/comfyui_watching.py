"""A watch of the ComfyUI stand-in in a thread of its own, and a prompt to run there."""

import copy
from threading import Event, Thread

from remarque.actions.happenings import Quiet, RunSeen, Trouble
from remarque.engines.comfyui_server import ComfyServer

PROMPT = {
    "3": {
        "class_type": "KSampler",
        "inputs": {
            "seed": 18446744073709551615, "steps": 20, "cfg": 7.5, "sampler_name": "euler",
            "scheduler": "normal", "denoise": 1.0, "model": ["4", 0], "positive": ["6", 0],
            "negative": ["7", 0], "latent_image": ["5", 0],
        },
    },
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "dream.safetensors"}},
    "5": {
        "class_type": "EmptyLatentImage",
        "inputs": {"width": 512, "height": 768, "batch_size": 1},
    },
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a lighthouse", "clip": ["4", 1]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurry", "clip": ["4", 1]}},
    "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
    "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": "a/Sea"}},
}  # fmt: skip


def prompt_with(**inputs):
    """The prompt with inputs of its sampler or latent changed, and nodes added."""
    made = copy.deepcopy(PROMPT)
    for name, value in inputs.items():
        for node in made.values():
            if name in node["inputs"]:
                node["inputs"][name] = value
    return made


PREVIEW = {"class_type": "PreviewImage", "inputs": {"images": ["8", 0]}}


class Watching:
    """A watch in its own thread, as the watch command runs it."""

    def __init__(self, url):
        self.source = ComfyServer(url)
        self.told, self._stop, self._changed = [], Event(), Event()
        self._thread = Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_told):
        self._stop.set()
        self._thread.join(30)
        assert not self._thread.is_alive()

    def _run(self):
        for happening in self.source.happenings(self._stop):
            self.told.append(happening)

    def until(self, fits, seconds=40):
        """Wait until what was told fits; the wait is only a bound for a busy machine."""
        for _ in range(seconds * 20):
            assert self._thread.is_alive()
            if fits(self):
                return self
            Event().wait(0.05)
        raise AssertionError(f"not told: {[h for h in self.told if not isinstance(h, Quiet)]}")

    @property
    def seen(self):
        return [happening.seen for happening in self.told if isinstance(happening, RunSeen)]

    @property
    def troubles(self):
        return [happening for happening in self.told if isinstance(happening, Trouble)]

    def until_caught_up(self):
        return self.until(lambda w: any(isinstance(h, Quiet) and h.caught_up for h in w.told))

    def until_seen(self, count):
        self.until(lambda w: len(w.seen) >= count)
        return self.seen
