"""VeRi-776, vehicles: image_train, image_query, image_test; `0001_c001_00016450_0.jpg`.

The queries lie in image_test too: same vehicle and camera, so the protocol drops them as junk.
"""

from __future__ import annotations

import re

from ucal.datasets.named import Layout

VERI776 = Layout(
    format="veri776",
    title="VeRi-776",
    folders={"train": "image_train", "query": "image_query", "gallery": "image_test"},
    pattern=re.compile(r"(?P<identity>\d+)_c(?P<camera>\d+)_(?P<frame>\d+)_\d+"),
    example="0001_c001_00016450_0.jpg",
)
