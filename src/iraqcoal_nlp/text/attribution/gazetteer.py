"""The places of ``gazetteer.toml``, ready to be looked up by their folded words."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from iraqcoal_nlp.text.folding import fold, fold_words

NEEDS = ("nothing", "place", "designator")
"""What must stand before a name so that it is taken for a place, from weak to strong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One entry of the gazetteer."""

    name: str
    latin: str
    kind: str
    """``region``, ``province``, ``city``, ``town``, ``district`` (of a city), ``base``, ``airport``, ``camp`` (also
    prisons), ``crossing`` or ``site`` (dams, fields, mountains)."""
    province: str
    """ISO 3166-2 code, such as ``IQ-AN``; ``IQ-KR`` for the Kurdistan Region."""
    variants: tuple[str, ...] = ()
    needs: str = "nothing"
    """One of :data:`NEEDS`."""
    capital: bool = False
    """Whether the name may also stand for a government."""
    latitude: float | None = None
    longitude: float | None = None


Names = Mapping[str, tuple[tuple[tuple[str, ...], tuple[Place, ...]], ...]]
"""First word of a name, to the words of each name that starts so, longest first, with the places that bear it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gazetteer:
    """Places and the words around them, folded."""

    places: tuple[Place, ...]
    names: Names
    designators: Mapping[str, frozenset[str]]
    """By kind."""
    all_designators: frozenset[str]
    """Of any kind, and the loose ones."""
    loose_designators: frozenset[str]
    locative: frozenset[str]
    not_before: frozenset[str]
    movement: frozenset[str]
    governments: frozenset[str]
    of_government: frozenset[str]


@cache
def load_gazetteer() -> Gazetteer:
    """Return the gazetteer that ships with the library."""
    source = files("iraqcoal_nlp.text.attribution").joinpath("gazetteer.toml").read_text(encoding="utf-8")
    data = tomllib.loads(source)
    places = tuple(_place(province, entry) for province, entries in data["places"].items() for entry in entries)
    designators = {kind: fold_words(words) for kind, words in data["designators"].items()}
    words = {name: fold_words(entries) for name, entries in data["words"].items()}
    return Gazetteer(
        places=places,
        names=_names(places),
        designators=designators,
        all_designators=words["loose_designators"].union(*designators.values()),
        **words,
    )


def _place(province: str, entry: Mapping[str, Any]) -> Place:
    latitude, longitude = entry.get("at", (None, None))
    return Place(
        name=entry["name"],
        latin=entry["latin"],
        kind=entry["kind"],
        province=province,
        variants=tuple(entry.get("variants", ())),
        needs=entry.get("needs", "nothing"),
        capital=entry.get("capital", False),
        latitude=latitude,
        longitude=longitude,
    )


def _names(places: Iterable[Place]) -> Names:
    bearers: defaultdict[tuple[str, ...], list[Place]] = defaultdict(list)
    for place in places:
        for name in (place.name, *place.variants):
            bearers[tuple(word.text for word in fold(name).words())].append(place)
    names: defaultdict[str, list[tuple[tuple[str, ...], tuple[Place, ...]]]] = defaultdict(list)
    for words in sorted(bearers, key=len, reverse=True):
        names[words[0]].append((words, tuple(bearers[words])))
    return {first: tuple(entries) for first, entries in names.items()}
