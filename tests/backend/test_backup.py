"""The restore drill: what was answered before a backup is there after a restore, on both databases."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from backend.backup import backup, restore
from backend.settings import Settings
from backend.store import answers
from backend.store.models import Image
from tests import services
from tests.backend.world import World, make_world
from ucal.errors import UcalError


@pytest.fixture
def new_place(both: World, tmp_path: Path, request: pytest.FixtureRequest):
    """Give settings of an empty place with the same kind of database."""
    folder = tmp_path / "elsewhere"
    if both.settings.database.startswith("sqlite"):
        yield Settings(data_dir=folder, database_url=None, redis_url=None)
        return
    if shutil.which("pg_dump") is None:
        pytest.skip("there is no pg_dump")
    with services.fresh_database(request.getfixturevalue("postgres_server")) as url:
        yield Settings(data_dir=folder, database_url=url, redis_url=None)


def test_a_restore_drill(both: World, new_place: Settings, tmp_path: Path):
    run = both.run(both.project())
    [id_] = both.ask(run, (0, 1))
    both.annotator().api("POST", f"/runs/{run.id}/answers", {"id": "answer-1", "question_id": id_, "verdict": "same"})
    (both.settings.runs_dir / run.id).mkdir(parents=True)
    (both.settings.runs_dir / run.id / "state.json").write_text("{}")
    out = tmp_path / "ucal.zip"
    assert backup(both.settings, out) == out.stat().st_size
    with pytest.raises(UcalError, match="not there yet"):
        backup(both.settings, out)
    with pytest.raises(UcalError, match="replaces nothing"):
        restore(both.settings, out)
    restore(new_place, out)
    (tmp_path / "second").mkdir()
    again = make_world(tmp_path / "second", new_place.database)
    with again.scope(read_only=True) as session:
        assert [answer.id for answer in answers.read_log(session, run.id)] == ["answer-1"]
        assert session.query(Image).first().path.startswith(f"{new_place.data_dir}/")
    assert again.admin().get("/readyz").status_code == 200
    assert (new_place.runs_dir / run.id / "state.json").read_text() == "{}"
    again.close()


def test_what_is_no_backup_is_refused(tmp_path: Path):
    settings = Settings(data_dir=tmp_path / "new", database_url=None, redis_url=None)
    (tmp_path / "text.zip").write_text("x")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("about.json", '{"kind": "postgresql", "data_dir": "/x"}')
    with pytest.raises(UcalError, match="expected a backup"):
        restore(settings, tmp_path / "text.zip")
    with pytest.raises(UcalError, match="a backup of postgresql"):
        restore(settings, tmp_path / "other.zip")
