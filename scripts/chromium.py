"""Drive a headless Chromium over its debugging pipe: for the tests, measurements and screenshots of the report.

Speaks the DevTools protocol through two pipes, so it needs no package and opens no port. Uses the program named by
``CHROMIUM``, or the first of the usual names on the path.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
KEYS = {"Enter": 13, "Tab": 9, " ": 32, "Escape": 27, "ArrowRight": 39, "ArrowLeft": 37, "/": 191}
_READ_AT_ONCE = 1 << 20


def find_chromium() -> str | None:
    """Return the browser's path, ``None`` if there is none."""
    named = os.environ.get("CHROMIUM")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


class Chromium:
    """A running browser; use it in a ``with`` block."""

    def __init__(self, program: str) -> None:
        self._program = program

    def __enter__(self) -> Self:
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        for_browser, self._to_browser = os.pipe()
        self._from_browser, by_browser = os.pipe()

        def wire() -> None:
            """Give the browser its pipes as descriptors 3 and 4; copied first, so that neither covers the other."""
            ends = [os.dup(os.dup(os.dup(end))) for end in (for_browser, by_browser)]
            for descriptor, end in zip((3, 4), ends, strict=True):
                os.dup2(end, descriptor)

        arguments = [
            *("--headless=new", "--remote-debugging-pipe", "--no-first-run", "--disable-gpu", "--disable-extensions"),
            *("--disable-background-networking", "--disable-dev-shm-usage", "--hide-scrollbars", "--lang=en"),
            *("--force-color-profile=srgb", f"--user-data-dir={self._profile.name}"),
        ]
        if os.geteuid() == 0:
            arguments.append("--no-sandbox")  # it does not run as root otherwise, and all pages here are ours
        self._process = subprocess.Popen(
            [self._program, *arguments],
            preexec_fn=wire,
            close_fds=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(for_browser)
        os.close(by_browser)
        self._buffer = b""
        self._number = 0
        self.events: list[dict[str, Any]] = []
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.send("Browser.close")
        finally:
            self._process.wait(timeout=30)
            os.close(self._to_browser)
            os.close(self._from_browser)
            self._profile.cleanup()

    def send(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:  # noqa: ANN401
        """Call a method of the protocol and return its result; events that come meanwhile are kept.

        Raises:
            RuntimeError: The browser refused, or is gone.
        """
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session
        os.write(self._to_browser, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return dict(answer["result"])
            self.events.append(answer)

    def wait_for(self, method: str, session: str) -> None:
        """Wait for an event of a page."""
        while not any(event.get("method") == method and event.get("sessionId") == session for event in self.events):
            self.events.append(self._receive())

    def open(self, url: str, *, width: int = 1280, height: int = 900, scale: float = 1, dark: bool = False) -> Page:
        """Open a page and wait until it has loaded.

        Args:
            url: Its address.
            width: Of the window, in CSS pixels.
            height: Likewise.
            scale: Device pixels per CSS pixel.
            dark: Whether the device prefers dark colours.
        """
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session)
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.send(f"{domain}.enable")
        page.resize(width, height, scale=scale)
        page.prefer(dark=dark)
        page.go(url)
        return page

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            more = os.read(self._from_browser, _READ_AT_ONCE)
            if not more:
                raise RuntimeError("the browser has ended")
            self._buffer += more
        message, self._buffer = self._buffer.split(b"\0", 1)
        return dict(json.loads(message))


class Page:
    """One open page."""

    def __init__(self, browser: Chromium, session: str) -> None:
        self._browser = browser
        self._session = session

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever the method takes
        """Call a method of the protocol for this page."""
        return self._browser.send(method, self._session, **parameters)

    def go(self, url: str) -> None:
        """Load an address in this page."""
        done = [event for event in self._browser.events if event.get("method") == "Page.loadEventFired"]
        for event in done:
            self._browser.events.remove(event)
        self.send("Page.navigate", url=url)
        self._browser.wait_for("Page.loadEventFired", self._session)

    def resize(self, width: int, height: int, *, scale: float = 1) -> None:
        """Change the window, in CSS pixels."""
        self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=False
        )

    def prefer(self, *, dark: bool = False, medium: str = "") -> None:
        """Set the colours the device prefers, and the medium: ``print`` or nothing."""
        features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.send("Emulation.setEmulatedMedia", media=medium, features=features)

    def evaluate(self, expression: str) -> Any:  # noqa: ANN401 - whatever the expression is
        """Return the value of JavaScript, awaited if it is a promise.

        Raises:
            RuntimeError: It threw.
        """
        answer = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise RuntimeError(details.get("exception", {}).get("description", details["text"]))
        return answer["result"].get("value")

    def press(self, key: str) -> None:
        """Press and release a key, as a person does."""
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
        facts = {"key": key, "code": key, "windowsVirtualKeyCode": KEYS.get(key, 0)}
        self.send("Input.dispatchKeyEvent", type="keyDown", text=text, **facts)
        self.send("Input.dispatchKeyEvent", type="keyUp", **facts)

    def type(self, text: str) -> None:
        """Write text where the focus is."""
        self.send("Input.insertText", text=text)

    def screenshot(self, path: Path, *, whole: bool = False) -> None:
        """Write what is to be seen as PNG; ``whole``: the page down to its end."""
        image = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(image["data"]))

    def faults(self) -> list[str]:
        """Return errors and warnings of the console, uncaught exceptions, and what the content policy stopped."""
        found = []
        for event in self._events():
            facts = event["params"]
            if event["method"] == "Runtime.exceptionThrown":
                found.append(str(facts["exceptionDetails"]))
            elif event["method"] == "Log.entryAdded" and facts["entry"]["level"] in ("error", "warning"):
                found.append(facts["entry"]["text"])
            elif event["method"] == "Runtime.consoleAPICalled" and facts["type"] in ("error", "warning", "assert"):
                found.append(str(facts["args"]))
        return found

    def requests(self) -> list[str]:
        """Return every address that the page has asked for; ``data:`` is none, and draws the browser's own icons."""
        asked = [event["params"]["request"]["url"] for event in self._events() if "request" in event["params"]]
        return [address for address in asked if not address.startswith("data:")]

    def _events(self) -> list[dict[str, Any]]:
        return [event for event in self._browser.events if event.get("sessionId") == self._session]
