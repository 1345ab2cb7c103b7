"""DukeMTMC-reID: Market-1501's folders; `0005_c2_f0046985.jpg`.

There is no junk and no identity 0: the gallery's 408 distractors are identities that only one camera saw.
The set was withdrawn; the layout is read for those who hold it lawfully, and others use it for their own images.
"""

from __future__ import annotations

import re

from ucal.datasets.market1501 import MARKET1501
from ucal.datasets.named import Layout

WITHDRAWN = (
    "DukeMTMC-reID was withdrawn by its authors: the people in it did not consent. "
    "Do not use it for new work; this layout is read so that earlier results can be checked."
)
DUKEMTMC = Layout(
    format="dukemtmc",
    title="DukeMTMC-reID",
    folders=MARKET1501.folders,
    pattern=re.compile(r"(?P<identity>\d{4,})_c(?P<camera>\d+)_f(?P<frame>\d+)"),
    example="0005_c2_f0046985.jpg",
    notices=(WITHDRAWN,),
)
