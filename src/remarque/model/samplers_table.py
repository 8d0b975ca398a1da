"""The table of samplers and schedules.

Names: AUTOMATIC1111 ``modules/sd_samplers_*.py`` and ``sd_schedulers.py``, ComfyUI
``comfy/samplers.py``, InvokeAI ``SCHEDULER_NAME_VALUES``, and the table of samplers in diffusers'
documentation ("Schedulers"). "Same algorithm" is said only of samplers that add no noise on
the way and whose update rule the tests hold to the published one, or that the other program
takes from diffusers itself.
"""

from remarque.model.sampler_rows import Alike, Options, Sampler, Schedule

_MULTISTEP = "DPMSolverMultistepScheduler"
_SINGLESTEP = "DPMSolverSinglestepScheduler"
_NOISE = "the noise added on the way is drawn differently"
_ODE: Options = {"algorithm_type": "dpmsolver++", "solver_order": 2, "solver_type": "midpoint"}
_SDE: Options = {**_ODE, "algorithm_type": "sde-dpmsolver++"}

SAMPLERS: tuple[Sampler, ...] = (
    Sampler("DPM++ 2M", "dpmpp_2m", "dpmpp_2m", _MULTISTEP, _ODE, automatic="Karras"),
    Sampler(
        "DPM++ 2M SDE",
        "dpmpp_2m_sde",
        "dpmpp_2m_sde",
        _MULTISTEP,
        _SDE,
        alike=Alike.NAMED,
        automatic="Exponential",
        note=_NOISE,
    ),
    Sampler(
        "DPM++ 2M SDE Heun",
        "dpmpp_2m_sde_heun",
        "",
        _MULTISTEP,
        {**_SDE, "solver_type": "heun"},
        alike=Alike.NAMED,
        automatic="Exponential",
        note=_NOISE,
    ),
    Sampler(
        "DPM++ 3M",
        "",
        "dpmpp_3m",
        _MULTISTEP,
        {**_ODE, "solver_order": 3},
        note="InvokeAI has it from diffusers",
    ),
    Sampler(
        "DPM++ 3M SDE",
        "dpmpp_3m_sde",
        "",
        _MULTISTEP,
        {**_SDE, "solver_order": 3},
        alike=Alike.NAMED,
        automatic="Exponential",
        note=_NOISE,
    ),
    Sampler("DPM++ 2S", "", "dpmpp_2s", _SINGLESTEP, _ODE, note="InvokeAI has it from diffusers"),
    Sampler(
        "DPM++ 2S a",
        "dpmpp_2s_ancestral",
        "",
        _SINGLESTEP,
        _ODE,
        alike=Alike.NAMED,
        automatic="Karras",
        also=("DPM++ 2S Ancestral",),
        note="no noise is added on the way here",
    ),
    Sampler(
        "DPM++ SDE",
        "dpmpp_sde",
        "dpmpp_sde",
        "DPMSolverSDEScheduler",
        alike=Alike.NAMED,
        needs=("scipy", "torchsde"),
        automatic="Karras",
        note=_NOISE,
    ),
    Sampler("Euler", "euler", "euler", "EulerDiscreteScheduler"),
    Sampler(
        "Euler a",
        "euler_ancestral",
        "euler_a",
        "EulerAncestralDiscreteScheduler",
        alike=Alike.NAMED,
        note=_NOISE,
    ),
    Sampler("Heun", "heun", "heun", "HeunDiscreteScheduler"),
    Sampler("LMS", "lms", "lms", "LMSDiscreteScheduler", needs=("scipy",)),
    Sampler(
        "DPM2", "dpm_2", "kdpm_2", "KDPM2DiscreteScheduler", needs=("scipy",), automatic="Karras"
    ),
    Sampler(
        "DPM2 a",
        "dpm_2_ancestral",
        "kdpm_2_a",
        "KDPM2AncestralDiscreteScheduler",
        alike=Alike.NAMED,
        needs=("scipy",),
        automatic="Karras",
        note=_NOISE,
    ),
    Sampler("DDIM", "ddim", "ddim", "DDIMScheduler", also=("ddim_v3",)),
    Sampler("DDPM", "ddpm", "ddpm", "DDPMScheduler", alike=Alike.NAMED, note=_NOISE),
    Sampler(
        "PLMS",
        "",
        "pndm",
        "PNDMScheduler",
        {"skip_prk_steps": True},
        also=("PNDM",),
        alike=Alike.NAMED,
        note="its rule was not compared",
    ),
    Sampler(
        "UniPC",
        "uni_pc",
        "unipc",
        "UniPCMultistepScheduler",
        {"solver_order": 2, "solver_type": "bh1", "final_sigmas_type": "sigma_min"},
        alike=Alike.NAMED,
        note="the order and the last steps are chosen by other rules",
    ),
    Sampler(
        "UniPC bh2",
        "uni_pc_bh2",
        "",
        "UniPCMultistepScheduler",
        {"solver_order": 2, "solver_type": "bh2", "final_sigmas_type": "sigma_min"},
        alike=Alike.NAMED,
        note="the order and the last steps are chosen by other rules",
    ),
    Sampler(
        "DEIS",
        "deis",
        "deis",
        "DEISMultistepScheduler",
        {"algorithm_type": "deis", "solver_order": 2, "solver_type": "logrho"},
        alike=Alike.NAMED,
        note="ComfyUI's is of another order",
    ),
    Sampler("LCM", "lcm", "lcm", "LCMScheduler", alike=Alike.NAMED, note=_NOISE),
    Sampler("TCD", "", "tcd", "TCDScheduler", alike=Alike.NAMED, note=_NOISE),
    Sampler(
        "SA-Solver",
        "sa_solver",
        "",
        "SASolverScheduler",
        {"algorithm_type": "data_prediction"},
        alike=Alike.NAMED,
        needs=("scipy",),
        note=_NOISE,
    ),
    *(
        Sampler(name, comfyui, alike=Alike.NONE, also=also)
        for name, comfyui, also in (
            ("DPM fast", "dpm_fast", ()),
            ("DPM adaptive", "dpm_adaptive", ()),
            ("Restart", "", ()),
            ("DDIM CFG++", "", ()),
            ("Euler CFG++", "euler_cfg_pp", ()),
            ("Euler a CFG++", "euler_ancestral_cfg_pp", ()),
            ("DPM++ 2M CFG++", "dpmpp_2m_cfg_pp", ()),
            ("DPM++ 2S a CFG++", "dpmpp_2s_ancestral_cfg_pp", ()),
            ("HeunPP2", "heunpp2", ()),
            ("IPNDM", "ipndm", ()),
            ("IPNDM_V", "ipndm_v", ()),
            ("Res Multistep", "res_multistep", ()),
            ("Res Multistep a", "res_multistep_ancestral", ()),
            ("Gradient Estimation", "gradient_estimation", ()),
            ("ER SDE", "er_sde", ()),
            ("Seeds 2", "seeds_2", ()),
            ("Seeds 3", "seeds_3", ()),
            ("Euler SMEA Dy", "euler_smea_dy", ()),
            ("Euler Dy", "euler_dy", ()),
        )
    ),
)

_TRAILING = {"timestep_spacing": "trailing"}
_ROUNDED = "steps are rounded differently"

SCHEDULES: tuple[Schedule, ...] = (
    Schedule("Karras", "karras", {"use_karras_sigmas": True}),
    Schedule("Exponential", "exponential", {"use_exponential_sigmas": True}),
    Schedule(
        "Polyexponential",
        "",
        {"use_exponential_sigmas": True},
        note="with AUTOMATIC1111's exponent of 1 it is the exponential one",
    ),
    Schedule(
        "Beta",
        "beta",
        {"use_beta_sigmas": True},
        alike=Alike.NAMED,
        needs=("scipy",),
        note="spread over the levels of noise here, over the model's steps there",
    ),
    Schedule(
        "Uniform",
        "normal",
        {"timestep_spacing": "linspace"},
        also=("native",),
        alike=Alike.NAMED,
        note=_ROUNDED,
    ),
    Schedule(
        "SGM Uniform",
        "sgm_uniform",
        _TRAILING,
        alike=Alike.NAMED,
        also=("Trailing",),
        note=_ROUNDED,
    ),
    Schedule("Simple", "simple", _TRAILING, alike=Alike.NAMED, note=_ROUNDED),
    Schedule(
        "DDIM",
        "ddim_uniform",
        {"timestep_spacing": "leading"},
        alike=Alike.NAMED,
        also=("Leading",),
        note=_ROUNDED,
    ),
    Schedule(
        "Lu", "", {"use_lu_lambdas": True}, also=("lu_lambdas",), note="diffusers alone has it"
    ),
    *(
        Schedule(name, comfyui, alike=Alike.NONE, also=also)
        for name, comfyui, also in (
            ("Turbo", "turbo", ()),
            ("Align Your Steps", "align_your_steps", ("AYS",)),
            ("KL Optimal", "kl_optimal", ()),
            ("Linear Quadratic", "linear_quadratic", ()),
        )
    ),
)
