"""From a preset to cells: one run of one variant with one seed, each a whole RunConfig."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ucal.benchmark.presets import Benchmark, Settings, Variant, benchmark
from ucal.config import RunConfig
from ucal.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Cell:
    """One run. `waits_for` is the cell whose answers become this one's budget."""

    id: str
    base: str
    variant: Variant
    seed: int
    config: RunConfig
    waits_for: str | None = None

    def with_budget(self, answers: int) -> RunConfig:
        """Give the settings of a control of so many answers."""
        return self.config.replace(budget=answers)


@dataclass(frozen=True, slots=True)
class Refused:
    """A variant that cannot run, and why."""

    variant: str
    base: str
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The cells of a table, and what was refused."""

    benchmark: Benchmark
    cells: tuple[Cell, ...]
    refused: tuple[Refused, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """What of a preset to run; None: what the preset says."""

    seeds: tuple[int, ...] = (0, 1, 2)
    variants: tuple[str, ...] | None = None
    bases: tuple[str, ...] | None = None
    overrides: tuple[tuple[str, Any], ...] = ()
    threads: int = 1


def settings_of(chosen: Benchmark, variant: Variant, base: str) -> Settings:
    """Give a variant's settings, still to be checked by RunConfig."""
    return chosen.settings | {"annotator": "oracle", "base": base} | variant.settings


def make_plan(chosen: Benchmark, choice: Choice) -> Plan:
    """Give the cells, variants in the preset's order within a seed.

    A variant whose base or policy RunConfig does not know is refused with its reason and the others
    run; one that was asked for by name is an error.

    Raises:
        ConfigError: an unknown variant, nothing that can run, or a refused variant that was named.
    """
    named = [chosen.variant(name) for name in choice.variants or ()]
    variants = named or [variant for variant in chosen.variants if not variant.optional]
    refused: list[Refused] = []
    cells: list[Cell] = []
    for base, variant in _rows(chosen, variants, choice.bases or chosen.bases):
        try:
            config = RunConfig.from_dict(settings_of(chosen, variant, base)).replace(
                **dict(choice.overrides), threads=choice.threads
            )
        except ConfigError as error:
            if named:
                raise ConfigError(f"{chosen.name}, variant {variant.name} on {base}: {error}") from error
            refused.append(Refused(variant.name, base, str(error)))
            continue
        cells += [_cell(chosen, variant, base, config.replace(seed=seed)) for seed in choice.seeds]
    if not cells:
        raise ConfigError(f"{chosen.name}: no variant can run; first reason: {refused[0].reason}")
    _require_controls(chosen, cells)
    return Plan(chosen, tuple(sorted(cells, key=lambda cell: choice.seeds.index(cell.seed))), tuple(refused))


def _rows(chosen: Benchmark, variants: Sequence[Variant], bases: Sequence[str]) -> list[tuple[str, Variant]]:
    """Pair bases and variants; a variant with a base of its own (supervised) comes once."""
    rows = [(str(variant.settings.get("base", base)), variant) for base in bases for variant in variants]
    return list({(base, variant.name): (base, variant) for base, variant in rows}.values())


def _cell(chosen: Benchmark, variant: Variant, base: str, config: RunConfig) -> Cell:
    def name(variant_name: str) -> str:
        return f"{base}-{variant_name}-seed{config.seed}"

    waits_for = name(variant.answers_of) if variant.answers_of else None
    return Cell(name(variant.name), base, variant, config.seed, config, waits_for)


def _require_controls(chosen: Benchmark, cells: Sequence[Cell]) -> None:
    """Refuse a control whose run it is to match is not in the plan."""
    there = {cell.id for cell in cells}
    for cell in cells:
        if cell.waits_for is not None and cell.waits_for not in there:
            raise ConfigError(
                f"{chosen.name}: variant {cell.variant.name} needs variant {cell.variant.answers_of} "
                "on the same base, whose answers it matches"
            )


def config_named(name: str) -> RunConfig:
    """Give the settings of `PRESET:VARIANT` with seed 0, as the API's runs are started from.

    A control's budget is not among them: it follows from the run it matches.

    Raises:
        ConfigError: no such preset or variant, or one that RunConfig refuses.
    """
    preset, _, variant = name.partition(":")
    chosen = benchmark(preset)
    return RunConfig.from_dict(settings_of(chosen, chosen.variant(variant), chosen.bases[0]) | {"threads": 1})
