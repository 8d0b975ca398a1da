"""Which model files the web UI has in use, by what its own modules say."""

import sys
from pathlib import Path

_MOST = 100


def files_in_use(shared, p=None):
    """The model files of this run with size and time, as the inbox has them; digests come later."""
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
    for path in embeddings_in_use(p):
        _add(found, "embedding", path)
    return found[:_MOST]


def networks_in_use():
    """The LoRAs that are loaded; the built-in Lora extension's module is called ``networks``."""
    return list(getattr(sys.modules.get("networks"), "loaded_networks", ()) or ())


def embeddings_in_use(p):
    """Files of the embeddings the prompts used.

    The web UI itself names them in ``TI hashes``; the prompts are not searched, for a word in a
    prompt need not be the embedding of that name.
    """
    told = (getattr(p, "extra_generation_params", None) or {}).get("TI hashes")
    hijack = getattr(sys.modules.get("modules.sd_hijack"), "model_hijack", None)
    known = getattr(getattr(hijack, "embedding_db", None), "word_embeddings", None)
    if not isinstance(told, str) or not isinstance(known, dict):
        return []
    # The web UI leaves these characters out of the names it tells.
    by_name = {str(name).replace(":", "").replace(",", ""): one for name, one in known.items()}
    names = [part.rpartition(":")[0].strip() for part in told.split(",")]
    return [getattr(by_name[name], "filename", None) for name in names if name in by_name]


def _add(found, role, path):
    if not isinstance(path, (str, Path)) or not str(path):
        return
    whole = Path(path).absolute()
    told = {"role": role, "name": whole.name[:300]}
    try:
        standing = whole.stat()
    except OSError:
        pass
    else:
        told.update(path=str(whole), size=standing.st_size, modified_ns=standing.st_mtime_ns)
    if told not in found:
        found.append(told)
