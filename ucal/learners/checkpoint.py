"""A learner's state as one safetensors file: tensors by name, and what they belong to. No pickle."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from ucal.config import RunConfig
from ucal.errors import RunError
from ucal.types import FloatArray

_FORMAT = "1"
_ADAM = ("step", "exp_avg", "exp_avg_sq")
_SHAPING = ("backbone", "pooling", "base")  # settings that decide which tensors there are


def write_checkpoint(
    path: Path, config: RunConfig, model: nn.Module, optimiser: torch.optim.Optimizer, memory: FloatArray | None
) -> None:
    """Write weights, buffers, Adam's state and the instance memory (n, d), if any."""
    tensors = {f"model.{key}": value for key, value in model.state_dict().items()}
    for index, parameter in enumerate(_parameters(optimiser)):
        for name, value in optimiser.state.get(parameter, {}).items():
            tensors[f"adam.{index}.{name}"] = value
    if memory is not None:
        tensors["memory"] = torch.from_numpy(memory)
    about = {"ucal": json.dumps(_about(config))}  # one entry: with more, their order in the file would be chance
    save_file({key: value.detach().cpu().contiguous() for key, value in tensors.items()}, path, metadata=about)


def read_checkpoint(
    path: Path, config: RunConfig, model: nn.Module, optimiser: torch.optim.Optimizer, n: int
) -> FloatArray | None:
    """Bring a state back into `model` and `optimiser` (changes both) and give the memory, if any.

    Raises:
        RunError: the file is missing, damaged, or of other settings or data.
    """
    tensors = _open(path, config)
    weights = {key.removeprefix("model."): value for key, value in tensors.items() if key.startswith("model.")}
    memory = tensors.get("memory")
    if memory is not None and len(memory) != n:
        raise RunError(f"{path}: expected a memory of {n} pictures, got {len(memory)}")
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise RunError(f"{path}: the saved weights do not fit the backbone: {str(error).splitlines()[-1]}") from error
    optimiser.state.clear()
    fused = any(group.get("fused") for group in optimiser.param_groups)
    for index, parameter in enumerate(_parameters(optimiser)):
        state = {name: tensors[f"adam.{index}.{name}"] for name in _ADAM if f"adam.{index}.{name}" in tensors}
        if state:
            optimiser.state[parameter] = {name: _beside(name, value, parameter, fused) for name, value in state.items()}
    return None if memory is None else memory.numpy()


def _beside(name: str, value: Tensor, parameter: Tensor, fused: bool) -> Tensor:
    """Put Adam's averages where their parameter lies, in its memory order; the step count too where Adam is fused."""
    if name == "step":
        return value.to(parameter.device) if fused else value
    placed = torch.empty_like(parameter, requires_grad=False)
    return placed.copy_(value)


def _open(path: Path, config: RunConfig) -> dict[str, Tensor]:
    try:
        with safe_open(path, "pt") as file:
            about = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - not a dict
    except (SafetensorError, OSError) as error:
        raise RunError(f"{path}: expected a learner's saved state, could not read it ({error})") from error
    saved = json.loads(about.get("ucal", "{}"))
    if saved != _about(config):
        raise RunError(f"{path}: expected a state of {_about(config)}, got {saved or 'something else'}")
    return tensors


def _about(config: RunConfig) -> dict[str, str]:
    return {"format": _FORMAT} | {name: str(getattr(config, name)) for name in _SHAPING}


def _parameters(optimiser: torch.optim.Optimizer) -> list[nn.Parameter]:
    return [parameter for group in optimiser.param_groups for parameter in group["params"]]
