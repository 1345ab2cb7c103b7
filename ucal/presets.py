"""Named settings to start from. A preset is a RunConfig with a reason; `--set` and the API change single fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ucal.config import RunConfig
from ucal.errors import ConfigError

_GENERATED: dict[str, Any] = {
    "backbone": "small",
    "weights": "start",
    "height": 64,
    "width": 32,
    "epochs": 18,
    "query_from": 4,
    "budget": 2600,
    "eps": 0.5,
    "k1": 20,
    "iterations": 30,
    "lr": 2e-3,
    "lr_step": 12,
    "momentum": 0.5,
    "erase": 0.0,
    "pad": 2,
    "precision": "auto",
}


@dataclass(frozen=True, slots=True)
class Preset:
    """Settings under a name, and what they are for."""

    name: str
    title: str
    description: str
    config: RunConfig


PRESETS: tuple[Preset, ...] = (
    Preset(
        "demo",
        "Demo: people answer",
        "Generated people, a small net, 20 questions a round: a person finishes it in minutes on a laptop.",
        RunConfig.from_dict(
            _GENERATED | {"annotator": "people", "query_from": 1, "epochs": 9, "budget_per_round": 20, "threads": 1}
        ),
    ),
    Preset(
        "pages",
        "Pages: fewest actions",
        "Whole groups beside an anchor, ticked where the model believes the same: people put right what is wrong. "
        "Trains four rounds without questions, then after every second plan; people go on with pages meanwhile.",
        RunConfig.from_dict(
            _GENERATED
            | {
                "annotator": "people",
                "policy": "efficient",
                "query_from": 4,
                "epochs": 50,
                "lr_step": 40,
                "pages_per_round": 2,
                "idle_rounds": 3,
                "ask_ahead": 100,
                "expected_error": 0.02,
                "budget": None,
                "camera_centre": True,
                "threads": 1,
            }
        ),
    ),
    Preset(
        "generated",
        "Generated data, oracle",
        "The setting of the figures in docs/performance.md: 18 rounds, 4 of them without questions, small net, CPU.",
        RunConfig.from_dict(_GENERATED),
    ),
    Preset(
        "paper-ucal",
        "UCAL as published",
        "SpCL, ResNet-50 at 256x128, 50 epochs, questions from 15, pair memory. Needs a GPU and ImageNet weights.",
        RunConfig(base="spcl", memory="pair"),
    ),
    Preset(
        "cluster-contrast-ucal",
        "UCAL on Cluster Contrast",
        "The stronger base under the same questions, with inference. Needs a GPU and ImageNet weights.",
        RunConfig(base="cluster-contrast"),
    ),
)


def preset(name: str) -> Preset:
    """Find a preset.

    Raises:
        ConfigError: no preset has this name.
    """
    for candidate in PRESETS:
        if candidate.name == name:
            return candidate
    raise ConfigError(f"preset: expected one of {', '.join(p.name for p in PRESETS)}, got {name!r}")
