"""Which program of the family wrote an infotext, by what the text itself says."""

import re
from collections.abc import Mapping

DEFAULT = "AUTOMATIC1111"
"""The name of the format's origin, given where the text does not tell which of the family it is."""

_VERSIONS = (
    (re.compile(r"comfy", re.IGNORECASE), "ComfyUI"),
    (re.compile(r"fooocus", re.IGNORECASE), "Fooocus"),
    (re.compile(r"stable-diffusion\.cpp", re.IGNORECASE), "stable-diffusion.cpp"),
    # Forge numbers itself f0.0.17v1.8.0… and f2.0.1v1.10.1…, its fork reForge f1.x-v1.10.1RC…;
    # Forge's Classic line says "classic" or "neo".
    (re.compile(r"reforge|f1\.\d", re.IGNORECASE), "reForge"),
    (re.compile(r"f\d|forge|classic|neo", re.IGNORECASE), "Forge"),
    (re.compile(r"v?1\.\d"), DEFAULT),
)


def generator_of(values: Mapping[str, str]) -> str:
    """The program's name: by ``App``, then ``Version``, then names only one program writes."""
    app = values.get("App", "").strip()
    if app.casefold() in {"sd.next", "sdnext"} or "Backend" in values:
        return "SD.Next"
    version = values.get("Version", "").strip()
    for pattern, program in _VERSIONS:
        if pattern.match(version):
            return program
    if not version and ("Civitai resources" in values or "Civitai metadata" in values):
        return "Civitai"
    return DEFAULT
