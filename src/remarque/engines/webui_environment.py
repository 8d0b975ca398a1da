"""The facts of a web UI that change pixels: start-up flags, settings, versions.

Source of the names: ``modules/cmd_args.py``, ``modules/shared_options.py`` and
``modules/sysinfo.py`` of AUTOMATIC1111 1.10 and Forge dfcdbab. Everything else those routes tell
(folders, extensions, addresses) is private and left out.
"""

import re
from collections.abc import Mapping

from remarque.engines.comfyui_engine_names import one_line
from remarque.engines.webui_asking import WebuiAsking
from remarque.errors import ProgramUnavailable
from remarque.model.canonical import Json

_FLAGS = (
    "precision", "no_half", "no_half_vae", "upcast_sampling", "xformers", "force_enable_xformers",
    "opt_split_attention", "opt_split_attention_v1", "opt_sub_quad_attention",
    "opt_sdp_attention", "opt_sdp_no_mem_attention", "opt_channelslast", "disable_nan_check",
    "lowvram", "medvram", "medvram_sdxl", "use_cpu", "use_ipex", "use_directml", "all_in_fp32",
    "all_in_fp16", "unet_in_fp8_e4m3fn", "vae_in_fp16", "vae_in_fp32", "attention_pytorch",
    "attention_split", "always_cpu", "always_gpu", "always_low_vram", "always_no_vram",
)  # fmt: skip
_OPTIONS = (
    "randn_source", "eta_noise_seed_delta", "cross_attention_optimization", "upcast_attn",
    "emphasis", "s_min_uncond", "token_merging_ratio", "batch_cond_uncond", "pad_cond_uncond",
    "comma_padding_backtrack", "CLIP_stop_at_last_layers", "sd_vae", "fp8_storage",
    "cache_fp16_weight", "sdxl_crop_left", "sdxl_crop_top", "use_old_karras_scheduler_sigmas",
    "use_old_emphasis_implementation", "no_dpmpp_sde_batch_determinism", "eta_ancestral",
)  # fmt: skip
_SYSTEM = {"Python": "python", "Platform": "os", "Version": "version", "Commit": "commit"}
_NUMBER = re.compile(r"GPU \d{1,3}: ")  # the recorder inside the web UI has the bare name
_TORCH = {
    "torch_version": "torch",
    "cuda_runtime_version": "cuda",
    "nvidia_gpu_models": "device",
    "nvidia_driver_version": "driver",
}


async def ask_environment(asking: WebuiAsking) -> dict[str, str]:
    """The facts by name; what a version does not tell is missing.

    Raises:
        ProgramUnavailable: The program cannot be reached or answers nonsense.
    """
    flags = await asking.get("/sdapi/v1/cmd-flags")
    options = await asking.get("/sdapi/v1/options")
    facts = {
        **_chosen(await _system(asking), _SYSTEM),
        **_told(flags, _FLAGS, "flag "),
        **_told(options, _OPTIONS, "option "),
    }
    return {name: value for name, value in facts.items() if value}


async def _system(asking: WebuiAsking) -> Mapping[str, Json]:
    """Some versions do not tell, or take too long over it; then the rest has to do."""
    try:
        said = await asking.get("/internal/sysinfo", where_absent={})
    except ProgramUnavailable:
        return {}
    torch = said.get("Torch env info") if isinstance(said, dict) else None
    known = dict(said) if isinstance(said, dict) else {}
    for name, plain in _TORCH.items():
        value = torch.get(name) if isinstance(torch, dict) else None
        # Written over several lines it comes as a list.
        lines = value if isinstance(value, list) else [value]
        known[plain] = ", ".join(_NUMBER.sub("", line) for line in lines if isinstance(line, str))
    return known


def _chosen(said: Mapping[str, Json], names: Mapping[str, str]) -> dict[str, str]:
    wanted = {**names, **{plain: plain for plain in _TORCH.values()}}
    return {plain: one_line(said.get(name)) for name, plain in wanted.items()}


def _told(said: Json, names: tuple[str, ...], before: str) -> dict[str, str]:
    """Flags and settings that are set to something, as text."""
    values = said if isinstance(said, dict) else {}
    found = {name: values.get(name) for name in names}
    return {
        f"{before}{name}": one_line(str(value))
        for name, value in found.items()
        if isinstance(value, str | int | float | list) and value not in (False, "", [])
    }
