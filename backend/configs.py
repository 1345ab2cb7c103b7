"""A run's settings, from what a person asked for."""

from __future__ import annotations

from backend import schemas
from backend.paths import inside
from backend.settings import Settings
from ucal.config import RunConfig
from ucal.presets import preset

NAMED_WEIGHTS = (None, "start", "imagenet")  # not a file of anybody's


def run_config(body: schemas.RunNew, settings: Settings) -> RunConfig:
    """Give the preset's settings with `body.config` on top. Weight files lie in an allowed folder.

    Raises:
        ConfigError: an unknown preset or setting, or an impossible value.
        BadPathError: weights outside of the allowed folders.
        NotFoundError: no weights there.
    """
    start = RunConfig() if body.preset is None else preset(body.preset).config
    config = start.replace(**body.config)
    if "weights" in body.config and config.weights not in NAMED_WEIGHTS:
        config = config.replace(weights=str(inside(settings.import_roots, config.weights or "")))
    return config
