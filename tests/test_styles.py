"""A page's style sheet stays when the person goes on to another page: no two features may name one class."""

from __future__ import annotations

import re
from collections import defaultdict

from tests.stack import ROOT

FEATURES = ROOT / "frontend" / "src" / "features"


def test_no_class_is_named_by_the_style_sheets_of_two_features():
    owners: dict[str, set[str]] = defaultdict(set)
    for path in FEATURES.rglob("*.css"):
        sheet = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        for selector in re.findall(r"([^{}]+)\{", sheet):
            for part in selector.split(","):
                if found := re.match(r"\s*\.([\w-]+)", part):
                    owners[found.group(1)].add(path.relative_to(FEATURES).parts[0])
    assert len(owners) > 100
    assert {name: features for name, features in owners.items() if len(features) > 1} == {}
