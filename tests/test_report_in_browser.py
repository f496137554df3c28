"""The report in a real browser: it opens alone, asks for nothing, nothing is too wide."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
import report_fixtures as fixtures
from browser import CHROMIUM, FLAGS

from leukocytosis.report import write_report

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed here")
PROBE = """<script>addEventListener("load", () => {
  const found = {overflow: document.documentElement.scrollWidth - innerWidth,
    requests: performance.getEntriesByType("resource").length,
    headings: document.querySelectorAll("h2").length,
    images: document.querySelectorAll("figure [role=img]").length,
    unnamed: document.querySelectorAll("figure [role=img]:not([aria-label])").length};
  document.body.insertAdjacentHTML("beforeend", `<pre id="probe">${JSON.stringify(found)}</pre>`);
});</script></body>"""


def open_dom(page: Path, profile: Path, width: int) -> tuple[str, str]:
    """Return the page as it stands after its scripts ran, and what the browser had to say."""
    assert CHROMIUM
    shown = subprocess.run(
        [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", f"--window-size={width},2000",
         "--virtual-time-budget=4000", "--enable-logging=stderr", "--dump-dom", page.as_uri()],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    return shown.stdout, shown.stderr


def open_page(page: Path, profile: Path, width: int) -> tuple[dict[str, int], str]:
    """Return what the probe measured in the page, and what the browser had to say."""
    dom, said = open_dom(page, profile, width)
    *_, measured = re.findall(r'<pre id="probe">(.*?)</pre>', dom)
    return json.loads(measured), said


@pytest.mark.parametrize("width", [1200, 520])  # narrower windows a headless browser refuses
def test_the_report_opens_alone(tmp_path: Path, width: int) -> None:
    report = tmp_path / "report.html"
    write_report(fixtures.inputs(), report)
    probed = tmp_path / "probed.html"
    probed.write_text(
        report.read_text(encoding="utf-8").replace("</body>", PROBE), encoding="utf-8"
    )
    measured, said = open_page(probed, tmp_path / "profile", width)
    assert measured["requests"] == 0
    assert measured["overflow"] <= 0
    assert measured["images"] >= 4 and measured["unnamed"] == 0
    assert measured["headings"] >= 10
    assert "CONSOLE" not in said
