"""What is known of the program that runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from ucal.program import Program, commit


def test_the_commit_is_read_from_the_history_that_is_there(tmp_path: Path):
    assert commit(tmp_path) is None
    (tmp_path / ".git" / "refs" / "heads").mkdir(parents=True)
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (tmp_path / ".git" / "packed-refs").write_text("# pack-refs\nabc123 refs/heads/main\n")
    assert commit(tmp_path) == "abc123"
    (tmp_path / ".git" / "refs" / "heads" / "main").write_text("def456\n")
    assert commit(tmp_path) == "def456"
    (tmp_path / ".git" / "HEAD").write_text("789abc\n")
    assert commit(tmp_path) == "789abc"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (Program("0.1", "abc"), Program("0.1", "abc"), False),
        (Program("0.1", "abc"), Program("0.1", "def"), True),
        (Program("0.1", "abc"), Program("0.2", None), True),
        (Program("0.1", None), Program("0.1", "def"), False),
        (Program(None, None), Program("0.1", "def"), False),
    ],
)
def test_programs_differ_by_what_is_known_of_both(one: Program, other: Program, expected: bool):
    assert one.differs(other) is expected
    assert other.differs(one) is expected


def test_a_program_is_named_by_what_is_known_of_it():
    assert str(Program("0.1", "0123456789abcdef")) == "version 0.1, commit 0123456789ab"
    assert str(Program("0.1", None)) == "version 0.1"
    assert str(Program(None, "abc")) == "unknown version, commit abc"
