"""Which model files the web UI has in use, by what its own modules say."""

import sys
from pathlib import Path

from remarque.engines.model_files import ModelFiles


def files_in_use(shared):
    """Role and path of each model file of this run: checkpoint, VAE, further modules, LoRAs."""
    found = []
    checkpoint = getattr(getattr(shared, "sd_model", None), "sd_checkpoint_info", None)
    _add(found, "checkpoint", getattr(checkpoint, "filename", None))
    vae = sys.modules.get("modules.sd_vae")
    _add(found, "vae", getattr(vae, "loaded_vae_file", None))
    # Forge: text encoders and VAE beside the checkpoint, as paths in its settings.
    options = getattr(shared.opts, "data", {}) or {}
    for path in options.get("forge_additional_modules", ()) or ():
        _add(found, "vae" if "vae" in Path(str(path)).name.lower() else "other", path)
    for network in networks_in_use():
        on_disk = getattr(network, "network_on_disk", None)
        _add(found, "lora", getattr(on_disk, "filename", None))
    return found


def networks_in_use():
    """The LoRAs that are loaded; the built-in Lora extension's module is called ``networks``."""
    return list(getattr(sys.modules.get("networks"), "loaded_networks", ()) or ())


class Described:
    """Descriptions of model files; made in the recorder's thread, for digests take long."""

    def __init__(self):
        self._files = ModelFiles()

    def of(self, used):
        """A description of each (role, path)."""
        return tuple(self._files.describe(path, role) for role, path in used)


def _add(found, role, path):
    if isinstance(path, str | Path) and str(path):
        found.append((role, Path(path)))
