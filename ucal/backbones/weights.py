"""Bring saved weights into a backbone: safetensors, or a state dict that holds nothing but tensors."""

from __future__ import annotations

import pickle
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from ucal.errors import WeightsError

START = Path(__file__).parent.parent / "weights" / "small_start.safetensors"
_CLASSIFIER = ("fc.", "classifier.")  # of the task that the weights were made for
_OWN = "head."  # ours alone: a foreign checkpoint has no neck
_POOL = "head.pool."  # of GeM: weights that were learnt with average pooling have none


def load_into(model: nn.Module, source: str | Path) -> None:
    """Load weights into `model` (changes it); `start` names the packaged start of the small net.

    A classifier in the file is left out; a file without our head (pooling, neck) keeps the fresh
    one, and one without GeM's power its start (3). Half-precision weights are widened to float32.

    Raises:
        WeightsError: no such file, no state dict, or keys that do not fit; the message names them.
    """
    path = START if str(source) == "start" else Path(source)
    given = {key: tensor for key, tensor in read(path).items() if not key.startswith(_CLASSIFIER)}
    wanted = model.state_dict()
    _compare(given, wanted, path)
    model.load_state_dict({key: given[key].to(wanted[key].dtype) for key in wanted if key in given}, strict=False)


def read(path: Path) -> dict[str, Tensor]:
    """Read a file of tensors; nothing in it is executed.

    Raises:
        WeightsError: no such file, or not a state dict.
    """
    if not path.is_file():
        raise WeightsError(f"{path}: expected a file of weights, there is none")
    try:
        loaded = load_file(path) if path.suffix == ".safetensors" else torch.load(path, "cpu", weights_only=True)
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError) as error:
        kind = "safetensors" if path.suffix == ".safetensors" else "a state dict of tensors (torch.save)"
        reason = (str(error).splitlines() or ["it ends too early"])[0]
        raise WeightsError(f"{path}: expected {kind}, could not read it: {reason}") from error
    if isinstance(loaded, dict) and isinstance(loaded.get("state_dict"), dict):
        loaded = loaded["state_dict"]
    if not isinstance(loaded, dict) or not all(isinstance(value, Tensor) for value in loaded.values()):
        raise WeightsError(f"{path}: expected a dict of tensors, got {type(loaded).__name__} with other things in it")
    return {str(key).removeprefix("module."): value for key, value in loaded.items()}


def _compare(given: dict[str, Tensor], wanted: dict[str, Tensor], path: Path) -> None:
    optional = tuple(own for own in (_OWN, _POOL) if not any(key.startswith(own) for key in given))
    absent = [key for key in wanted if key not in given and not key.startswith(optional) and not _counter(key)]
    unknown = [key for key in given if key not in wanted]
    shapes = [
        f"{key} {tuple(given[key].shape)} for {tuple(wanted[key].shape)}"
        for key in given
        if key in wanted and given[key].shape != wanted[key].shape
    ]
    problems = [
        f"{title} {_list(names)}"
        for title, names in (("missing:", absent), ("unexpected:", unknown), ("wrong shape:", shapes))
        if names
    ]
    if problems:
        raise WeightsError(f"{path}: the weights do not fit this backbone; {'; '.join(problems)}")


def _counter(key: str) -> bool:
    return key.endswith("num_batches_tracked")  # absent in old checkpoints, and used by nothing here


def _list(names: list[str]) -> str:
    shown = ", ".join(names[:4])
    return shown if len(names) <= 4 else f"{shown} and {len(names) - 4} more"
