"""The document from which the pages' client is made."""

from __future__ import annotations

import json
from pathlib import Path

from backend.openapi import document

COMMITTED = Path(__file__).parents[2] / "frontend" / "openapi.json"


def test_the_committed_document_is_not_stale():
    fresh = document()
    assert COMMITTED.read_text(encoding="utf-8") == fresh, (
        "renew it: python -m backend.openapi > frontend/openapi.json, then the client (npm run api)"
    )


def test_operations_are_named_by_their_functions_and_every_failure_has_its_shape():
    paths = json.loads(document())["paths"]
    operations = [what for verbs in paths.values() for what in verbs.values()]
    names = [what["operationId"] for what in operations]
    assert len(names) == len(set(names))
    assert {"sign_in", "lease_questions", "answer_question", "undo_answer"} <= set(names)
    for path, verbs in paths.items():
        for what in verbs.values():
            if path.startswith("/api/v1"):
                for status in ("4XX", "422"):
                    schema = what["responses"][status]["content"]["application/json"]["schema"]
                    assert schema == {"$ref": "#/components/schemas/Error"}
                assert what["description"]
