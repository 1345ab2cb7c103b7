"""Market-1501: bounding_box_train, query, bounding_box_test; `0002_c1s1_000451_03.jpg`.

Identity -1 (junk) is dropped; 0 (distractors) stays in the gallery, where it matches nobody.
"""

from __future__ import annotations

import re

from ucal.datasets.named import Layout

MARKET1501 = Layout(
    format="market1501",
    title="Market-1501",
    folders={"train": "bounding_box_train", "query": "query", "gallery": "bounding_box_test"},
    pattern=re.compile(r"(?P<identity>-1|\d+)_c(?P<camera>\d+)(?:s(?P<sequence>\d+))?_f?(?P<frame>\d+).*"),
    example="0002_c1s1_000451_03.jpg",
)
