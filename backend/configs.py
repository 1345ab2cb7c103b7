"""A run's settings, from what a person asked for."""

from __future__ import annotations

from backend import run_schemas
from backend.paths import inside
from backend.settings import Settings
from backend.store.models import Project
from ucal.benchmark.plan import config_named
from ucal.benchmark.presets import BENCHMARKS
from ucal.benchmark.presets import Benchmark as Table
from ucal.config import RunConfig
from ucal.errors import ConfigError
from ucal.presets import preset

NAMED_WEIGHTS = (None, "start", "imagenet")  # not a file of anybody's


def run_config(body: run_schemas.RunNew, settings: Settings, project: Project) -> RunConfig:
    """Give the preset's settings with `body.config` on top. Weight files lie in an allowed folder.

    What the project's data know is used where the project says so, unless `body.config` does; the
    tables of `ucal benchmark` stay as they are.

    Raises:
        ConfigError: an unknown preset or setting, or an impossible value.
        BadPathError: weights outside of the allowed folders.
        NotFoundError: no weights there.
    """
    start = RunConfig() if body.preset is None else _named(body.preset)
    config = start.replace(**body.config)
    if "weights" in body.config and config.weights not in NAMED_WEIGHTS:
        config = config.replace(weights=str(inside(settings.import_roots, config.weights or "")))
    table = body.preset is not None and ":" in body.preset
    if "imported_links" not in body.config and not table and config.memory == "closure":
        config = config.replace(imported_links=project.imported_links and project.n_links > 0)
    return config


def benchmarks() -> list[run_schemas.Benchmark]:
    """Give the tables, each with the variants that this version can run."""
    return [
        run_schemas.Benchmark(
            name=table.name,
            title=table.title,
            description=table.description,
            format=table.format,
            variants=_variants(table),
        )
        for table in BENCHMARKS
    ]


def _variants(table: Table) -> list[run_schemas.BenchmarkVariant]:
    found = []
    for variant in table.variants:
        name = f"{table.name}:{variant.name}"
        try:
            config = config_named(name).to_dict()
        except ConfigError:  # a base or policy that this version does not have
            continue
        found.append(
            run_schemas.BenchmarkVariant(
                preset=name, name=variant.name, title=variant.title, answers_of=variant.answers_of, config=config
            )
        )
    return found


def _named(name: str) -> RunConfig:
    return config_named(name) if ":" in name else preset(name).config
