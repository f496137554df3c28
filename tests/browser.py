"""A headless Chromium that tests can click in: its DevTools protocol over two pipes."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any, Self

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
KEYS = {"Enter": "\r", "Tab": "\t", " ": " "}


class Browser:
    """One page of a browser. `requests`, `complaints` and `dialogs` gather what it does."""

    def __init__(self, folder: Path, width: int = 1200, height: int = 1000) -> None:
        assert CHROMIUM
        self.downloads = folder / "downloads"
        self.downloads.mkdir(parents=True)
        to_read, self._out = os.pipe()
        self._in, to_write = os.pipe()

        def hand_over() -> None:  # Chromium reads commands from 3 and writes to 4
            os.dup2(to_read, 13)
            os.dup2(to_write, 14)
            os.dup2(13, 3)
            os.dup2(14, 4)

        self._process = subprocess.Popen(
            [CHROMIUM, *FLAGS, "--remote-debugging-pipe", f"--user-data-dir={folder / 'profile'}",
             f"--window-size={width},{height}", "about:blank"],
            preexec_fn=hand_over,  # noqa: PLW1509
            pass_fds=(3, 4),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(to_read)
        os.close(to_write)
        self._buffer, self._number, self._session = b"", 0, None
        self.requests: list[str] = []
        self.complaints: list[str] = []
        target = self.do("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.do("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log", "DOM"):
            self.do(f"{domain}.enable")
        self.resize(width, height)
        self.do("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(self.downloads))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self._process.terminate()
        self._process.wait(timeout=20)
        os.close(self._out)
        os.close(self._in)

    def do(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and return its result; events met on the way are noted."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive(30)
            if answer.get("id") == self._number:
                assert "error" not in answer, answer["error"]
                return dict(answer["result"])

    def _receive(self, seconds: float) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while b"\0" not in self._buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._in], [], [], left)[0]:
                raise TimeoutError("the browser does not answer")
            self._buffer += os.read(self._in, 1 << 16)
        whole, _, self._buffer = self._buffer.partition(b"\0")
        message = dict(json.loads(whole))
        self._note(message)
        return message

    def _note(self, message: dict[str, Any]) -> None:
        method, parameters = message.get("method"), message.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])
        elif method in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"):
            self.complaints.append(json.dumps(parameters))

    def resize(self, width: int, height: int = 900) -> None:
        """Show the page in a window of so many pixels."""
        self.do("Emulation.setDeviceMetricsOverride", width=width, height=height,
                deviceScaleFactor=1, mobile=False)  # fmt: skip

    def go_offline(self) -> None:
        """Let no request reach the network; `requests` notes those that were tried."""
        self.do("Network.emulateNetworkConditions", offline=True, latency=0,
                downloadThroughput=-1, uploadThroughput=-1)  # fmt: skip

    def open(self, page: Path) -> None:
        """Open a page from the disk and wait until it has loaded."""
        self.do("Page.navigate", url=page.as_uri())
        self.wait("document.readyState === 'complete'")

    def ask(self, expression: str) -> Any:
        """Return the value of a JavaScript expression in the page."""
        found = self.do("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def wait(self, expression: str, seconds: float = 10) -> None:
        """Wait until a JavaScript expression holds."""
        deadline = time.monotonic() + seconds
        while not self.ask(expression):
            assert time.monotonic() < deadline, f"still not: {expression}"
            time.sleep(0.05)

    def click(self, selector: str) -> None:
        """Click with the mouse on the middle of the first element that is there to be seen."""
        x, y = self.ask(
            f"(() => {{ const e = [...document.querySelectorAll({json.dumps(selector)})]"
            ".find(e => e.getClientRects().length); e.scrollIntoView({block: 'center'});"
            " const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]"
            "})()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.do("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def type(self, text: str) -> None:
        """Type a text where the focus is."""
        self.do("Input.insertText", text=text)

    def press(self, key: str) -> None:
        """Press and release a key."""
        text = KEYS.get(key, key if len(key) == 1 else "")
        self.do("Input.dispatchKeyEvent", type="keyDown", key=key, text=text)
        self.do("Input.dispatchKeyEvent", type="keyUp", key=key)

    def give_file(self, selector: str, path: Path) -> None:
        """Choose a file in a file input."""
        root = self.do("DOM.getDocument")["root"]["nodeId"]
        node = self.do("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.do("DOM.setFileInputFiles", nodeId=node, files=[str(path)])

    def downloaded(self, seconds: float = 10) -> Path:
        """Return the one file that has been downloaded, once it is whole."""
        deadline = time.monotonic() + seconds
        while not (done := [p for p in self.downloads.iterdir() if p.suffix == ".csv"]):
            assert time.monotonic() < deadline, "nothing was downloaded"
            self.ask("1")  # lets the browser go on
            time.sleep(0.05)
        return done[0]

    def picture(self, path: Path) -> None:
        """Save what the page looks like as PNG."""
        path.write_bytes(base64.b64decode(self.do("Page.captureScreenshot")["data"]))
