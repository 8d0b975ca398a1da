"""The optimiser: Muon for inner matrices and convolutions, AdamW for everything else."""

from collections import defaultdict
from collections.abc import Iterable

import torch
from torch import Tensor, nn

# Coefficients of the quintic Newton-Schulz iteration (K. Jordan, "Muon", 2024).
_QUINTIC = (3.4445, -4.7750, 2.0315)
_NARROWEST = 8  # rows or columns; thinner matrices have nothing to make orthogonal


def orthogonal(matrices: Tensor, rounds: int = 5) -> Tensor:
    """Return the nearest semi-orthogonal matrices, roughly, of a stack of matrices."""
    first, second, third = _QUINTIC
    flow = (matrices / (matrices.flatten(1).norm(dim=1)[:, None, None] + 1e-7)).bfloat16()
    tall = flow.shape[1] > flow.shape[2]
    flow = flow.transpose(1, 2) if tall else flow
    for _ in range(rounds):
        gram = flow @ flow.transpose(1, 2)
        flow = first * flow + (second * gram + third * gram @ gram) @ flow
    return (flow.transpose(1, 2) if tall else flow).float()


class Muon:
    """Steps a model's parameters; learning rates are those one would give AdamW."""

    def __init__(
        self,
        named: Iterable[tuple[str, nn.Parameter]],
        *,
        outer: tuple[str, ...] = (),
        decay: float = 0.01,
        momentum: float = 0.95,
    ) -> None:
        """Sort the parameters: those whose name holds a word of `outer` go to AdamW."""
        self.decay, self.momentum = decay, momentum
        self.inner: list[nn.Parameter] = []
        plain: list[nn.Parameter] = []
        for name, weight in named:
            wide = weight.ndim > 1 and min(weight.shape[0], weight[0].numel()) >= _NARROWEST
            inside = wide and not any(word in name for word in outer)
            (self.inner if inside else plain).append(weight)
        self.plain = torch.optim.AdamW(plain, lr=1e-3, betas=(0.9, 0.99), weight_decay=0.0)
        self.speed = [torch.zeros_like(weight) for weight in self.inner]
        groups: dict[tuple[int, int], list[int]] = defaultdict(list)
        for index, weight in enumerate(self.inner):
            groups[weight.shape[0], weight[0].numel()].append(index)
        self.groups = dict(groups)

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """Take one step with the gradients at hand, then forget them."""
        for group in self.plain.param_groups:
            group["lr"] = rate
        self.plain.step()
        for (rows, columns), members in self.groups.items():
            self._step_alike(rows, columns, members, rate)
        self.forget()

    def _step_alike(self, rows: int, columns: int, members: list[int], rate: float) -> None:
        moving = [index for index in members if self.inner[index].grad is not None]
        if not moving:
            return
        pushes = []
        for index in moving:
            gradient = self.inner[index].grad
            self.speed[index].mul_(self.momentum).add_(gradient)
            pushes.append((gradient + self.momentum * self.speed[index]).reshape(rows, columns))
        # scaled so that an update is as long as AdamW's would be
        updates = orthogonal(torch.stack(pushes)) * (0.2 * max(rows, columns) ** 0.5)
        for index, update in zip(moving, updates, strict=True):
            weight = self.inner[index]
            weight.mul_(1 - rate * self.decay).add_(update.reshape(weight.shape), alpha=-rate)

    def forget(self) -> None:
        """Drop all gradients."""
        for weight in self.inner:
            weight.grad = None
        self.plain.zero_grad(set_to_none=True)

    def state(self) -> dict[str, object]:
        """Return everything needed to go on later."""
        return {"speed": self.speed, "plain": self.plain.state_dict()}

    def restore(self, state: dict[str, object]) -> None:
        """Go on from a state returned by `state`."""
        self.speed = list(state["speed"])  # type: ignore[call-overload]
        self.plain.load_state_dict(state["plain"])  # type: ignore[arg-type]
