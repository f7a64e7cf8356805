"""One HTML file, whole in itself: it loads nothing, and runs no script but its own.

Text from articles is hostile until shown otherwise. Three things keep it text: it comes as JSON in which no character
can end a script element; the script makes elements and text nodes only, never HTML out of strings; and the page's
content security policy allows one script and one style by their hashes, and no connection at all.
"""

from __future__ import annotations

import base64
import hashlib
import json
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from iraqcoal_nlp._version import __version__

LANGUAGES = ("ar", "en")
"""Languages of the interface; the reader can change it in the page."""

_STYLES = ("colours.css", "frame.css", "overview.css", "articles.css", "media.css")
_SCRIPTS = ("data.js", "words.js", "filter.js", "overview.js", "timeline.js", "picture.js", "articles.js", "main.js")
_UNSAFE = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


def render_page(payload: Mapping[str, Any], *, language: str, title: str | None) -> str:
    """Return the page.

    Args:
        payload: See :func:`~iraqcoal_nlp.report.payload.build_payload`.
        language: One of :data:`LANGUAGES`: what the page opens in.
        title: Heading; ``None`` for the usual one, which follows the language.

    Raises:
        ValueError: ``language`` is unknown.
    """
    if language not in LANGUAGES:
        raise ValueError(f"unknown language {language!r}: use one of {', '.join(LANGUAGES)}")
    words = tomllib.loads(_part("words.toml"))
    # One function around all parts: nothing of theirs is global, and "use strict" holds for each.
    script = "(() => {\n" + "\n".join(map(_part, _SCRIPTS)) + "})();\n"
    style = "\n".join(map(_part, _STYLES))
    whole = {**payload, "words": words, "language": language, "title": title}
    template = Environment(autoescape=True, keep_trailing_newline=True).from_string(_part("page.html"))
    return template.render(
        language=language,
        title=title,
        words=words,
        version=__version__,
        policy=_policy(script, style),
        style=Markup(style),  # the style and the script are ours, and `embeddable` has made the data safe
        script=Markup(script),
        data=Markup(embeddable(whole)),
    )


def embeddable(content: Any) -> str:  # noqa: ANN401 - whatever JSON holds
    """Return JSON that can stand inside a script element: nothing in it ends the element, or a line."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).translate(_UNSAFE)


def _policy(script: str, style: str) -> str:
    rules = {
        "default-src": "'none'",
        "script-src": _hash(script),
        "style-src": _hash(style),
        "img-src": "blob:",  # the chart, drawn anew to be saved
        "base-uri": "'none'",
        "form-action": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def _hash(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


def _part(name: str) -> str:
    return files("iraqcoal_nlp.report").joinpath("page", name).read_text(encoding="utf-8")
