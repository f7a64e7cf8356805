"""What scored rows say of their articles, counted while they are read: which columns there are, which days."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from iraqcoal_nlp.data.dates import iso_date
from iraqcoal_nlp.data.scored import OWN_COLUMNS, FactColumns, ScoredRow
from iraqcoal_nlp.errors import InputError

_SHOWN = 40  # characters of a day that cannot be read: whoever names another column may meet a whole paragraph


@dataclass(slots=True, kw_only=True)
class DayCounts:
    """How many articles, or sentences, say their day in a way that is understood."""

    total: int = 0
    understood: int = 0
    not_understood: int = 0
    example: str = ""
    """The first that is not understood, cut where it is long."""

    def add(self, value: object) -> None:
        """Count one, by what its column holds."""
        self.total += 1
        said = "" if value is None else " ".join(str(value).split())
        if iso_date(value) is not None:
            self.understood += 1
        elif said:
            self.not_understood += 1
            self.example = self.example or (said if len(said) <= _SHOWN else f"{said[:_SHOWN]}…")

    @property
    def advice(self) -> str:
        """What is not understood, and how to write it; empty if there is nothing of the kind."""
        if not self.not_understood:
            return ""
        return f"{self.not_understood} not understood, such as {self.example!r}: use YYYY-MM-DD"


@dataclass(slots=True)
class Facts:
    """The columns of a file and the days of its articles; few bytes per article, as files may be large."""

    columns: FactColumns
    days: DayCounts = field(default_factory=DayCounts)
    _names: dict[str, None] = field(default_factory=dict)
    _articles: set[int] = field(default_factory=set)

    def add(self, row: ScoredRow) -> None:
        """Count one row."""
        self._names |= dict.fromkeys(row.extra)
        article = hash(row.article(self.columns))
        if article not in self._articles:
            self._articles.add(article)
            self.days.add(row.extra.get(self.columns.date))

    def check(self, path: Path) -> None:
        """Refuse a file that lacks a column that must be there.

        Raises:
            InputError: No row has it.
        """
        check_columns(self.columns.needed, self._names, path)


def check_columns(needed: Iterable[str], known: Iterable[str], path: Path) -> None:
    """Refuse a file that lacks a column that a user named.

    Args:
        needed: The columns.
        known: Columns that any row has; ours are not told.
        path: The file.

    Raises:
        InputError: No row has one of them.
    """
    known = list(known)
    for name in needed:
        if name not in known:
            others = ", ".join(repr(column) for column in known if column not in OWN_COLUMNS)
            hint = f"but {others}" if others else "and none but those of `iraqcoal score`"
            raise InputError(f"has no column {name!r} {hint}", path=path)
