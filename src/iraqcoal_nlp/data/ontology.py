"""What our events are called in PLOVER, CAMEO and ACLED. The codes and their sources: ``ontology.toml``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any

from iraqcoal_nlp.text.normalize import NEWS_V1, build_normalizer


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCodes:
    """The codes of one event in one sentence; ``None`` where no code fits."""

    plover_type: str
    plover_mode: str | None = None
    plover_context: str | None = None
    quad: str
    """One of ``MATERIAL CONFLICT``, ``MATERIAL COOPERATION``, ``VERBAL CONFLICT``, ``VERBAL COOPERATION``. Numbers are
    not used: PLOVER, GDELT and published data sets number them differently."""
    intensity: float
    """Score of the PLOVER manual, from -10 to 10; low is hostile."""
    cameo: str
    acled_disorder_type: str | None = None
    acled_event_type: str | None = None
    acled_sub_event_type: str | None = None
    coded_by: tuple[str, ...] = ()
    """Names of the rules that applied; none: the codes are those of the label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    name: str
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None
    codes: Mapping[str, Any]

    def applies(self, text: str) -> bool:
        return bool(self.pattern.search(text)) and not (self.unless and self.unless.search(text))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    codes: Mapping[str, Any]
    quad_alternative: str | None
    rules: tuple[_Rule, ...]


def event_codes(event: str, text: str, *, alternative_quad: bool = False) -> EventCodes:
    """Return the codes of an event, refined by what the sentence names: the weapon of an attack, a demonstration.

    Args:
        event: A label of the codebook.
        text: The raw sentence.
        alternative_quad: Whether SANCTION counts as verbal conflict, as in PLOVER's table of quad numbers, and not as
            material conflict, as in its own section of the manual.

    Raises:
        KeyError: The event is not in the codebook.
    """
    entry, normalize = _load()[event], build_normalizer(NEWS_V1)
    normalized = normalize(text) if entry.rules else ""
    rules = [rule for rule in entry.rules if rule.applies(normalized)]
    codes = {**entry.codes, **_agreed(rule.codes for rule in rules)}
    if alternative_quad and not rules:
        codes["quad"] = entry.quad_alternative or codes["quad"]
    return EventCodes(**codes, coded_by=tuple(rule.name for rule in rules))


def _agreed(given: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the keys to which all rules that set them give one value."""
    values: dict[str, set[Any]] = {}
    for codes in given:
        for key, value in codes.items():
            values.setdefault(key, set()).add(value)
    agreed = {key: next(iter(options)) for key, options in values.items() if len(options) == 1}
    if "plover_mode" in values and "plover_mode" not in agreed:
        agreed.pop("intensity", None)  # it is the mode's
    return agreed


@cache
def _load() -> dict[str, _Entry]:
    known = {field.name for field in fields(EventCodes)}
    content = tomllib.loads(files("iraqcoal_nlp.data").joinpath("ontology.toml").read_text(encoding="utf-8"))
    return {
        event: _Entry(
            codes={key: value for key, value in table.items() if key in known},
            quad_alternative=table.get("quad_alternative"),
            rules=tuple(
                _Rule(
                    name=rule["name"],
                    pattern=re.compile(rule["pattern"]),
                    unless=re.compile(rule["unless"]) if "unless" in rule else None,
                    codes={key: value for key, value in rule.items() if key in known},
                )
                for rule in table.get("rules", ())
            ),
        )
        for event, table in content.items()
    }
