"""A headless Chromium that is worked with as a reader would, over a pipe of its own: no port.

Chrome DevTools Protocol, one JSON object a message, each ended by a zero byte; the browser reads
from descriptor 3 and writes to 4 (`--remote-debugging-pipe`).
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
         "--no-first-run", "--disable-component-update", "--remote-debugging-pipe")  # fmt: skip
PATIENCE_S = 180.0  # a guard for a machine under load, not an expectation
KEYS = {"Tab": 9, "Enter": 13, " ": 32, "ArrowLeft": 37, "ArrowRight": 39, "Home": 36, "End": 35}
TEXTS = {"Enter": "\r", " ": " "}


class Browser:
    """One browser with one tab; what the tab, its frames and its workers say is kept."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._to, self._from = to_browser, from_browser
        self._number, self._buffer = 0, b""
        self.events: list[dict[str, Any]] = []
        target = self.call("Target.createTarget", "", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", "", targetId=target, flatten=True)
        self.session = attached["sessionId"]
        self._listen(self.session)
        self.call("Page.enable")
        self.call("Emulation.setScrollbarsHidden", hidden=True)  # as on a phone

    def _listen(self, session: str) -> None:
        """Hear of this page's or worker's console, errors, requests, and of workers it starts."""
        for domain in ("Runtime", "Network", "Log"):
            self._send(f"{domain}.enable", session, {})
        follow = {"autoAttach": True, "waitForDebuggerOnStart": True, "flatten": True}
        self._send("Target.setAutoAttach", session, follow)
        self._send("Runtime.runIfWaitingForDebugger", session, {})

    def _send(self, method: str, session: str, params: dict[str, Any]) -> int:
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._to, data) :]
        return self._number

    def _message(self, until_s: float) -> dict[str, Any] | None:
        """The next message; None if there is none until then."""
        while b"\0" not in self._buffer:
            left_s = max(0.0, until_s - time.monotonic())
            if not select.select([self._from], [], [], left_s)[0]:
                return None
            if not (data := os.read(self._from, 1 << 20)):
                raise RuntimeError("the browser has gone")
            self._buffer += data
        first, self._buffer = self._buffer.split(b"\0", 1)
        message: dict[str, Any] = json.loads(first)
        if "method" in message:
            self.events.append(message)
            if message["method"] == "Target.attachedToTarget" and "sessionId" in message:
                self._listen(message["params"]["sessionId"])
        return message

    def call(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        """Ask the tab (or, with "", the browser) and wait for the answer."""
        number = self._send(method, self.session if session is None else session, params)
        until_s = time.monotonic() + PATIENCE_S
        while (message := self._message(until_s)) is not None:
            if message.get("id") == number:
                assert "error" not in message, f"{method}: {message['error']}"
                result: dict[str, Any] = message["result"]
                return result
        raise TimeoutError(f"{method}: no answer within {PATIENCE_S:g} s")

    def open(self, page: Path | str, *, width: int = 1280, height: int = 900, **like: str) -> None:
        """Show a page, in a window of that size, and wait for it; `like`: media features."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=False)  # fmt: skip
        features = [{"name": key.replace("_", "-"), "value": value} for key, value in like.items()]
        self.call("Emulation.setEmulatedMedia", features=features)
        url = page.as_uri() if isinstance(page, Path) else page
        self.call("Page.navigate", url=url)
        self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    def tell(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page."""
        done = self.call("Runtime.evaluate", expression=expression, returnByValue=True,
                         awaitPromise=True, userGesture=True)  # fmt: skip
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def until(self, expression: str) -> None:
        """Wait until the expression is true."""
        until_s = time.monotonic() + PATIENCE_S
        while not self.tell(expression):
            if time.monotonic() > until_s:
                raise TimeoutError(f"not within {PATIENCE_S:g} s: {expression}")
            time.sleep(0.05)

    def press(self, key: str, times: int = 1) -> None:
        """Press a key of KEYS."""
        about = {"key": key, "code": "Space" if key == " " else key}
        about |= {"windowsVirtualKeyCode": KEYS[key]}
        text = {"text": TEXTS[key]} if key in TEXTS else {}
        for _ in range(times):
            self.call("Input.dispatchKeyEvent", type="keyDown", **about, **text)
            self.call("Input.dispatchKeyEvent", type="keyUp", **about)

    def names(self) -> list[tuple[str, str]]:
        """Role and accessible name of everything that a reader can come to or that is a picture."""
        nodes = self.call("Accessibility.getFullAXTree")["nodes"]
        wanted = ("button", "checkbox", "combobox", "slider", "spinbutton", "textbox", "image",
                  "radio", "region", "link")  # fmt: skip
        found = []
        for node in nodes:
            role = node.get("role", {}).get("value", "")
            if not node["ignored"] and (role in wanted or role == "img"):
                found.append((role, node.get("name", {}).get("value", "")))
        return found

    def picture(self, path: Path, whole: bool = True) -> None:
        """The page as a PNG file."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"clip": {"x": 0, "y": 0, "width": size["width"], "height": size["height"],
                         "scale": 1}} if whole else {}  # fmt: skip
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=whole, **clip)
        path.write_bytes(base64.b64decode(shot["data"]))

    def complaints(self) -> list[str]:
        """What was written to the console, thrown, or logged as wrong, by page and workers."""
        found = []
        for event in self.events:
            params = event["params"]
            if event["method"] == "Runtime.consoleAPICalled":
                found.append(str([one.get("value") for one in params["args"]]))
            elif event["method"] == "Runtime.exceptionThrown":
                found.append(str(params["exceptionDetails"]))
            elif event["method"] == "Log.entryAdded":
                found.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")
        return found

    def requests(self) -> list[str]:
        """Addresses that page and workers asked for, without what lies in the page itself."""
        asked = [
            event["params"]["request"]["url"]
            for event in self.events
            if event["method"] == "Network.requestWillBeSent"
        ]
        return [url for url in asked if not url.startswith(("data:", "blob:", "about:"))]


def _high(descriptor: int) -> int:
    """The same end of a pipe under a number that is not in the way of 3 and 4."""
    high = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 20)
    os.close(descriptor)
    return high


@contextmanager
def browser(folder: Path, *flags: str) -> Iterator[Browser]:
    """A browser with a user folder of its own in `folder`, gone at the end."""
    program = next(filter(None, map(shutil.which, NAMES)))
    reads, to_browser = map(_high, os.pipe())
    from_browser, writes = map(_high, os.pipe())

    # The shell puts the ends where the browser looks for them, and takes away their old numbers.
    ends = f"3<&{reads} 4>&{writes} {reads}<&- {writes}>&-"
    log = folder / "chromium.log"
    with log.open("wb") as said:
        child = subprocess.Popen(
            ["bash", "-c", f'exec "$0" "$@" {ends}', program, *FLAGS, *flags,
             f"--user-data-dir={folder / 'profile'}"],
            stdin=subprocess.DEVNULL, stdout=said, stderr=said, pass_fds=(reads, writes),
        )  # fmt: skip
    os.close(reads)
    os.close(writes)
    try:
        yield Browser(to_browser, from_browser)
    finally:
        os.close(to_browser)
        os.close(from_browser)
        child.terminate()
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
