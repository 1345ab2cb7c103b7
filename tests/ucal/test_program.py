"""What is known of the program that runs."""

from __future__ import annotations

from pathlib import Path

from ucal.program import commit


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
