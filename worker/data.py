"""A project's images as the core's data set."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.store.images import core_image
from backend.store.models import Image as ImageRow
from backend.store.models import Project
from ucal.datasets.dataset import Dataset
from ucal.types import Image


def dataset_of(session: Session, project_id: str) -> Dataset:
    """Read a project's images, each split in the order of its rows."""
    project = session.get_one(Project, project_id)
    rows = session.scalars(select(ImageRow).where(ImageRow.project_id == project_id).order_by(ImageRow.row)).all()
    splits: dict[str, list[Image]] = {"train": [], "query": [], "gallery": []}
    for row in rows:
        splits[row.split].append(core_image(row))
    return Dataset(
        name=project.name,
        format=project.source_format or "store",
        root=Path(),
        train=tuple(splits["train"]),
        query=tuple(splits["query"]),
        gallery=tuple(splits["gallery"]),
    )
