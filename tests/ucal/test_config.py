"""RunConfig: what it refuses and how it says so."""

from __future__ import annotations

import json

import pytest

from ucal.config import RunConfig, parse_setting
from ucal.errors import ConfigError
from ucal.presets import PRESETS, preset


def test_an_unknown_key_is_refused_with_a_guess():
    with pytest.raises(ConfigError, match="unknown setting 'ep'.*did you mean eps"):
        RunConfig.from_dict({"ep": 0.5})


@pytest.mark.parametrize(
    ("field", "value"),
    [("eps", 1.5), ("eps", float("nan")), ("eps", "0.5"), ("epochs", 0), ("epochs", 2.0), ("base", "kmeans")]
    + [("snps", 1), ("budget", -1), ("seed", None), ("height", True), ("weights", 3)],
)
def test_an_impossible_value_is_refused_by_name(field, value):
    with pytest.raises(ConfigError, match=f"^{field}: expected"):
        RunConfig.from_dict({field: value})


@pytest.mark.parametrize(
    ("text", "expected"),
    [("eps=0.5", ("eps", 0.5)), ("epochs=3", ("epochs", 3)), ("snps=false", ("snps", False))]
    + [("budget=none", ("budget", None)), ("base=spcl", ("base", "spcl")), ("momentum=1", ("momentum", 1.0))],
)
def test_a_setting_of_the_command_line_is_read_as_its_field(text, expected):
    key, value = parse_setting(text)
    assert (key, value) == expected
    assert type(value) is type(expected[1])
    RunConfig.from_dict({key: value})


@pytest.mark.parametrize("text", ["eps", "nothing=1"])
def test_a_setting_that_is_none_is_refused(text):
    with pytest.raises(ConfigError):
        parse_setting(text)


def test_settings_survive_json():
    config = RunConfig(budget=3, base="spcl", weights="start")
    assert RunConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_presets_can_be_found_by_name():
    assert [preset(p.name) for p in PRESETS] == list(PRESETS)
    with pytest.raises(ConfigError, match="expected one of demo"):
        preset("nothing")
