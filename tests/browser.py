# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Chromium without a screen, driven over the WebDriver protocol; no more of it than tests need."""

import base64
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # how WebDriver calls a reference to one


class Page:
    """One window of the browser."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def open(self, path: Path, fragment: str = "") -> None:
        self._post("/url", url="about:blank")  # or a fragment alone would not load it anew
        self._post("/url", url=path.as_uri() + fragment)

    def run(self, script: str) -> Any:
        """Return what a script returns."""
        return self._post("/execute/sync", script=script, args=[])

    def click(self, selector: str) -> None:
        self._post(f"/element/{self._find(selector)}/click")

    def type(self, selector: str, text: str) -> None:
        self._post(f"/element/{self._find(selector)}/value", text=text)

    def press(self, keys: str) -> None:
        """Press keys wherever the focus is."""
        focused = self._get("/element/active")[_ELEMENT]
        self._post(f"/element/{focused}/value", text=keys)

    def shown(self, selector: str) -> list[str]:
        """Return the text of the elements that are to be seen."""
        return list(
            self.run(
                f"return [...document.querySelectorAll({selector!r})]"
                ".filter(e => e.checkVisibility()).map(e => e.innerText)"
            )
        )

    def emulate(self, *, dark: bool = False, width: int = 1280, height: int = 900) -> None:
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._devtools("Emulation.setEmulatedMedia", features=[scheme])
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self._devtools("Emulation.setDeviceMetricsOverride", **size)

    def pdf(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self._post("/print", background=True)))

    def console(self) -> list[str]:
        """Return what the page complained about since the last call."""
        return [entry["message"] for entry in self._post("/se/log", type="browser")]

    def requests(self) -> list[str]:
        """Return the addresses that files have asked for since the last call."""
        entries = self._post("/se/log", type="performance")
        events = [json.loads(entry["message"])["message"] for entry in entries]
        asked = [e["params"] for e in events if e["method"] == "Network.requestWillBeSent"]
        # The browser asks for its own first page, too.
        return [one["request"]["url"] for one in asked if one["documentURL"].startswith("file:")]

    def _find(self, selector: str) -> str:
        found = self._post("/element", using="css selector", value=selector)
        return str(found[_ELEMENT])

    def _devtools(self, command: str, **parameters: Any) -> None:
        self._post("/goog/cdp/execute", cmd=command, params=parameters)

    def _post(self, path: str, **body: Any) -> Any:
        return _value(self._http.post(path, json=body))

    def _get(self, path: str) -> Any:
        return _value(self._http.get(path))


@contextmanager
def chromium(folder: Path) -> Iterator[Page]:
    """Start a browser that keeps its things in ``folder``; skip the test where there is none."""
    browser = next(filter(None, map(shutil.which, _NAMES)), None)
    driver = shutil.which("chromedriver")
    if browser is None or driver is None:
        pytest.skip("no Chromium with chromedriver here; CONTRIBUTING.md says how to have them")
    process, port = _started(driver, folder)
    with process:
        try:
            session = _begin(f"http://127.0.0.1:{port}", browser, folder)
            try:
                with httpx.Client(base_url=session, timeout=60, trust_env=False) as http:
                    yield Page(http)
            finally:
                httpx.delete(session, timeout=60, trust_env=False)
        finally:
            process.terminate()


def _started(driver: str, folder: Path) -> tuple[subprocess.Popen[str], int]:
    """Start the driver on a free port, which somebody else may take in between."""
    said: list[str] = []
    for _ in range(3):
        process = subprocess.Popen(
            [driver, "--port=0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            env={**os.environ, "HOME": str(folder)},
        )
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            if found := re.search(r"started successfully on port (\d+)", line):
                return process, int(found[1])
        process.wait()
        process.stdout.close()
    raise AssertionError(f"chromedriver does not start: {''.join(said)}")


def _begin(service: str, browser: str, folder: Path) -> str:
    options = {"binary": browser, "args": [*_ARGUMENTS, f"--user-data-dir={folder / 'profile'}"]}
    wanted = {
        "browserName": "chrome",
        "goog:chromeOptions": options,
        "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
    }
    asked = {"capabilities": {"alwaysMatch": wanted}}
    begun = _value(httpx.post(f"{service}/session", json=asked, timeout=60, trust_env=False))
    return f"{service}/session/{begun['sessionId']}"


def _value(answer: httpx.Response) -> Any:
    value = answer.json()["value"]
    assert answer.is_success, value
    return value
