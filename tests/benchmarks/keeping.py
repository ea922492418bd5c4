"""Results of a run in a file that is written after every task."""

from __future__ import annotations

import json
import os
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from tests.benchmarks.relay import Exchange

#: A dataclass with a list of `Exchange` under ``exchanges``.
_Record = TypeVar("_Record")


def keep(path: Path, results: dict[str, Any]) -> None:
    """Write ``{"about": …, "records": […]}``; a run that is stopped meanwhile leaves the old."""
    beside = path.with_name(path.name + ".new")
    beside.write_text(json.dumps(results, indent=1, ensure_ascii=False), "utf-8")
    os.replace(beside, path)


def kept(path: Path, kind: type[_Record]) -> tuple[dict[str, Any], list[_Record]]:
    """Read what `keep` wrote; fields that `kind` has not are left out.

    Raises OSError, ValueError or TypeError.
    """
    told = json.loads(path.read_text("utf-8"))
    names = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    records = []
    for record in told["records"]:
        known = {name: value for name, value in record.items() if name in names}
        known["exchanges"] = [Exchange(**exchange) for exchange in record["exchanges"]]
        records.append(kind(**known))
    return told["about"], records
