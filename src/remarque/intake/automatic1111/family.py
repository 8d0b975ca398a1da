"""Which program of the family wrote an infotext, by what the text itself says."""

import re
from collections.abc import Mapping

from remarque.intake import scalars

DEFAULT = "AUTOMATIC1111"
"""The name of the format's origin, given where the text does not tell which of the family it is."""

_LONGEST_NAME = 60
_SD_NEXT_ALONE = {"Backend", "Latent sampler"}  # before it named itself in "App"
_VERSIONS = (
    (re.compile(r"comfy", re.IGNORECASE), "ComfyUI"),
    (re.compile(r"fooocus", re.IGNORECASE), "Fooocus"),
    (re.compile(r"stable-diffusion\.cpp", re.IGNORECASE), "stable-diffusion.cpp"),
    # Forge numbers itself f0.0.17v1.8.0… and f2.0.1v1.10.1…, its fork reForge f1.0.0v2-v1.10.1RC…,
    # with a hyphen; Forge's Classic line says "classic", "neo" or "neo-2.28".
    (re.compile(r"reforge|f1\.[\d.]{1,20}(?:v\d{1,3})?-", re.IGNORECASE), "reForge"),
    (re.compile(r"f\d|forge|classic|neo", re.IGNORECASE), "Forge"),
    (re.compile(r"v?1\.\d"), DEFAULT),
)
# Nodes for ComfyUI that save an infotext: ComfyUI's own sampler names, or the model's file name
# beside the hashes for Civitai; the web UIs write neither without a version.
_COMFYUI_SAMPLER = re.compile(
    r"(?:euler_(?!a\Z)|heun|dpm_|dpmpp_|lms_|ddim_|lcm_|uni_pc|ipndm_|deis_|res_multi|er_sde)"
    r"[a-z0-9_]{0,60}\Z"
)
_MODEL_FILE = re.compile(r".{1,300}\.(?:safetensors|ckpt|gguf|sft|pt)\Z", re.DOTALL)


def generator_of(values: Mapping[str, str]) -> str:
    """The name by ``App``, ``Generator`` or ``Version``, else by what only one program writes."""
    app = values.get("App", "").strip()
    if app.casefold() in {"sd.next", "sdnext"} or _SD_NEXT_ALONE & values.keys():
        return "SD.Next"
    if (named := scalars.name(values.get("Generator"))) is not None and len(named) <= _LONGEST_NAME:
        return named
    version = values.get("Version", "").strip()
    for pattern, program in _VERSIONS:
        if pattern.match(version):
            return program
    if not version and ("Civitai resources" in values or "Civitai metadata" in values):
        return "Civitai"
    return "ComfyUI" if not version and _saved_by_a_node(values) else DEFAULT


def _saved_by_a_node(values: Mapping[str, str]) -> bool:
    if _COMFYUI_SAMPLER.match(values.get("Sampler", "")):
        return True
    return "Hashes" in values and bool(_MODEL_FILE.match(values.get("Model", "")))
