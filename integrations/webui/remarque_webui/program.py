"""Which web UI this is, and of which version."""

import functools


@functools.lru_cache(maxsize=1)
def program_name():
    """``Stable Diffusion web UI v1.10.1``; without the version where the program does not say."""
    try:
        from modules import launch_utils

        tag = str(launch_utils.git_tag())
    except Exception:  # noqa: BLE001  forks keep their version in other places
        tag = ""
    return f"Stable Diffusion web UI {tag}".strip()[:200]
