"""The arguments of a diffusers call in the words of a recipe, picture by picture."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from remarque.engines.diffusers_calls import Arguments
from remarque.engines.diffusers_pictures import Frozen, Opaque, freeze
from remarque.model.recipe import Setting, Size

_IN_THE_RECIPE = frozenset(
    {
        "prompt",
        "negative_prompt",
        "num_inference_steps",
        "guidance_scale",
        "strength",
        "height",
        "width",
        "generator",
        "clip_skip",
        "image",
        "mask_image",
        "control_image",
        "callback_on_step_end",
        "callback_on_step_end_tensor_inputs",
        "return_dict",
    }
)
_ROLES = {
    "image": "init",
    "mask_image": "mask",
    "control_image": "control",
    "control_mask": "mask",
    "padding_mask": "mask",
    "ip_adapter_image": "style",
    "negative_ip_adapter_image": "style",
    "image_reference": "reference",
}


@dataclass(frozen=True, slots=True)
class CallArguments:
    """One call's arguments by name: those given, and the defaults of those not given."""

    values: Mapping[str, Frozen]
    given: tuple[str, ...]
    roles: Mapping[str, str]

    def text(self, name: str, number: int, count: int) -> str | None:
        """A text argument for one of ``count`` pictures; each text makes as many as another."""
        value = self.values.get(name)
        if isinstance(value, str):
            return value
        if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
            each = max(1, count // len(value))
            return str(value[min(number // each, len(value) - 1)])
        return None

    def whole(self, name: str) -> int | None:
        """A whole number, where the argument is one."""
        value = self.values.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def number(self, name: str) -> float | None:
        """A number, where the argument is one."""
        value = self.values.get(name)
        return float(value) if isinstance(value, int | float) else None

    @property
    def steps(self) -> int | None:
        """How many steps were asked for; a list of times or noise levels says so by its length."""
        for name in ("timesteps", "sigmas"):
            if isinstance(self.values.get(name), list):
                return len(self.values[name])
        return self.whole("num_inference_steps")

    @property
    def guidance(self) -> float | None:
        """The guidance scale; with true classifier-free guidance switched on, that one."""
        true_scale = self.number("true_cfg_scale")
        has_negative = self.values.get("negative_prompt") is not None
        if true_scale is not None and true_scale > 1 and has_negative:
            return true_scale
        return self.number("guidance_scale")

    @property
    def size(self) -> Size | None:
        """Width and height as asked for; None where the pipeline chose."""
        width, height = self.whole("width"), self.whole("height")
        return Size(width, height) if width and height else None

    @property
    def settings(self) -> tuple[Setting, ...]:
        """The given arguments that are single values and have no place of their own in a recipe."""
        rest = [name for name in self.given if name not in _IN_THE_RECIPE]
        found = [(name, _as_text(self.values.get(name))) for name in rest]
        return tuple(Setting(name, text) for name, text in found if text is not None)


def bind(
    function: Callable[..., object], pipe: object, arguments: Arguments
) -> inspect.BoundArguments | None:
    """The arguments by the names of the function; None where they do not fit it."""
    given, named = arguments
    try:
        return inspect.signature(function).bind(pipe, *given, **named)
    except TypeError:  # the call itself will say so to the artist
        return None


def read_arguments(
    function: Callable[..., object], pipe: object, bound: inspect.BoundArguments
) -> CallArguments:
    """Freeze a call's arguments."""
    given = _flat(dict(bound.arguments), function)
    bound.apply_defaults()
    flat = _flat(dict(bound.arguments), function)
    values = {name: freeze(value) for name, value in flat.items()}
    return CallArguments(values, tuple(given), _roles_in(values, pipe))


def _flat(arguments: dict[str, Any], function: Callable[..., object]) -> dict[str, Any]:
    """Without the pipeline itself; what ``**kwargs`` collected stands beside the others."""
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is inspect.Parameter.VAR_KEYWORD and name in arguments:
            collected = arguments.pop(name)
            arguments.update(collected)
    return dict(list(arguments.items())[1:])


def _roles_in(values: Mapping[str, Frozen], pipe: object) -> dict[str, str]:
    roles = {name: role for name, role in _ROLES.items() if values.get(name) is not None}
    controlled = getattr(pipe, "controlnet", None) is not None or hasattr(pipe, "adapter")
    # The text-to-image pipelines with a control network call their control picture "image".
    if (
        "image" in roles
        and controlled
        and "control_image" not in values
        and "strength" not in values
    ):
        roles["image"] = "control"
    return roles


def _as_text(value: Frozen) -> str | None:
    if isinstance(value, bool | int | float | str):
        return str(value)
    if (
        isinstance(value, list)
        and value
        and all(isinstance(one, int | float | str) for one in value)
    ):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        found = [(name, _as_text(item)) for name, item in value.items()]
        return ", ".join(f"{name}: {text}" for name, text in found if text is not None) or None
    return value.name if isinstance(value, Opaque) else None
