"""List the licences of what is installed with the library: ``python scripts/licences.py > docs/licences.md``.

Follows the requirements of pyproject.toml through the packages installed beside this Python. With ``--check`` it prints
only what is wrong: exit code 1 if a package that people install with the library (or with an extra for its users) is
under the GPL, LGPL or AGPL, does not say what it is under, or is needed by the library itself but not installed.
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from collections import defaultdict
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ("dev", "docs", "fuzz", "supply")
"""Extras for work on the library itself; nobody needs them to use it."""

_COPYLEFT = re.compile(r"\b[AL]?GPL|General Public|Affero", re.IGNORECASE)
_WITH_EXCEPTION = re.compile(r"GPL-3\.0(?:-or-later)? WITH GCC-exception-3\.1|GPL-3\.0-with-GCC-exception")


def licence(package: Distribution) -> str:
    """Return what the metadata of a package says of its licence, or else its licence's first line; empty if nothing."""
    metadata = package.metadata.json
    field = str(metadata.get("license", "")).strip()
    short = field if "\n" not in field and len(field) < 80 else ""
    classifiers = [
        line.rpartition(" :: ")[2] for line in metadata.get("classifier", ()) if line.startswith("License ::")
    ]
    named = " and ".join(name for name in classifiers if name != "OSI Approved")
    return str(metadata.get("license_expression", "")) or named or short or _title(package)


def _title(package: Distribution) -> str:
    """Return the first line of a package's licence, if it has one that is no sentence."""
    for file in package.files or ():
        if file.name.upper().startswith(("LICENSE", "LICENCE", "COPYING")):
            text = Path(str(file.locate())).read_text(encoding="utf-8", errors="replace")
            lines = (line.strip() for line in text.splitlines())
            title = next(filter(None, lines), "")
            return title if "|" not in title and len(title) < 80 else ""
    return ""


def is_copyleft(text: str) -> bool:
    """Whether a licence binds what is linked with it; libraries of the GCC, by their exception, do not."""
    choices = re.split(r"\bOR\b", _WITH_EXCEPTION.sub("", text))
    return all(_COPYLEFT.search(choice) for choice in choices)


def needed_by(pyproject: Path) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Return who needs each installed package (``the library``, or extras), and the same of those not installed."""
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    roots = {"the library": project["dependencies"], **project["optional-dependencies"]}
    found: defaultdict[str, set[str]] = defaultdict(set)
    missing: defaultdict[str, set[str]] = defaultdict(set)
    for group, lines in roots.items():
        waiting = [Requirement(line) for line in lines]
        seen: set[tuple[str, frozenset[str]]] = set()
        while waiting:
            requirement = waiting.pop()
            name, extras = canonicalize_name(requirement.name), frozenset(requirement.extras)
            if name == canonicalize_name(project["name"]) or (name, extras) in seen:
                continue
            seen.add((name, extras))
            try:
                package = distribution(name)
            except PackageNotFoundError:
                missing[name].add(group)
                continue
            found[name].add(group)
            for line in package.requires or ():
                further = Requirement(line)
                if further.marker is None or any(further.marker.evaluate({"extra": e}) for e in (*extras, "")):
                    waiting.append(further)
    return dict(found), dict(missing)


def main() -> int:
    """Print the table, or what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="print only what is wrong")
    args = parser.parse_args()
    groups, missing = needed_by(ROOT / "pyproject.toml")
    licences = {name: licence(distribution(name)) for name in sorted(groups)}
    wrong = [
        f"{name}: {text or 'no licence named'}"
        for name, text in licences.items()
        if not groups[name] <= set(TOOLS) and (not text or is_copyleft(text))
    ]
    wrong += [f"{name}: not installed, so not checked" for name in sorted(missing) if "the library" in missing[name]]
    if args.check:
        print(
            "\n".join(wrong) or f"{len(licences)} packages, none under the GPL, LGPL or AGPL but tools of development"
        )
        return int(bool(wrong))
    print("# Licences of what is installed with the library\n")
    print("Printed by `python scripts/licences.py`, from the metadata of the packages. Rows of extras name them.\n")
    print("| package | licence | for |\n| --- | --- | --- |")
    for name, text in licences.items():
        users = {"the library"} if "the library" in groups[name] else groups[name]
        print(f"| {name} | {text or '?'} | {', '.join(sorted(users))} |")
    if missing:
        print(f"\nNot installed where this was printed: {', '.join(sorted(missing))}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
