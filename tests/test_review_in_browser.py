"""The review page in a real browser: opened from the disk, filled in, saved, and loaded again."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from conftest import CODELISTS, ROOT, SEED, Run, protocol_of
from test_report_in_browser import CHROMIUM, open_dom

from leukocytosis.config import load_manifest
from leukocytosis.config.settings import Review
from leukocytosis.review import write_review
from leukocytosis.review.answers import read_answers
from leukocytosis.review.sample import find_code
from leukocytosis.store import read_frame
from leukocytosis.strips import read_strips

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed here")
PROTOCOL = protocol_of("granger2009")
# a person's clicks: two charts answered, saved; another page loads what was saved
CLICKS = """<script>addEventListener("load", async () => {
  const kept = []; const real = URL.createObjectURL;
  URL.createObjectURL = (blob) => { kept.push(blob.text()); return real.call(URL, blob); };
  let name = "";  // a real download would keep the headless browser open
  HTMLAnchorElement.prototype.click = function () { name = this.download; };
  document.getElementById("save").click();  // without a reviewer nothing is saved
  const early = kept.length;
  const [first, second, third] = document.querySelectorAll("form");
  first.querySelector("[value=infection]").click();
  first.querySelector("[value=definite]").click();
  first.elements.comment.value = 'pus, "a lot"';
  second.querySelector("[value=plr]").click();
  document.getElementById("reviewer").value = "ann";
  document.getElementById("reviewer").dispatchEvent(new Event("input", {bubbles: true}));
  document.getElementById("save").click();
  const saved = await kept[0];
  for (const radio of document.querySelectorAll("[name=cause]")) radio.checked = false;
  first.elements.comment.value = "";
  const files = new DataTransfer(); files.items.add(new File([saved], "ann.csv"));
  const load = document.getElementById("load"); load.files = files.files;
  load.dispatchEvent(new Event("change"));
  for (let i = 0; i < 100 && !first.elements.comment.value; i++) {
    await new Promise((done) => setTimeout(done, 20));
  }
  const named = performance.getEntriesByType("resource").map((entry) => entry.name);
  const state = {early, name, progress: document.getElementById("progress").textContent,
    comment: first.elements.comment.value, again: toCsv(),
    overflow: document.documentElement.scrollWidth - innerWidth,
    requests: named.filter((one) => !one.startsWith("blob")).length,
    unlabelled: [...document.querySelectorAll("input")].filter((i) => !i.closest("label")).length};
  const out = document.createElement("pre"); out.id = "probe";
  out.textContent = JSON.stringify({saved, ...state}); document.body.append(out);
});</script></body>"""


@pytest.mark.parametrize("blind", [True, False])
def test_two_charts_are_answered_saved_and_read_back(
    tiny: Run, tmp_path: Path, blind: bool
) -> None:
    import json

    review = Review(n=6, sampling="random", blind_to_rules=blind)
    strips = read_strips(tiny.study, CODELISTS, "wbc_blood", review.until_day)
    manifest = load_manifest(ROOT / "config/extracts/tiny.yaml")
    write_review(PROTOCOL, manifest, review, SEED, strips, tiny.study, tmp_path)
    page = tmp_path / "review.html"
    text = page.read_text(encoding="utf-8")
    assert ("What the rules found" in text) is not blind
    page.write_text(text.replace("</body>", CLICKS), encoding="utf-8")
    dom, said = open_dom(page, tmp_path / "profile", 1200)
    (probe,) = re.findall(r'<pre id="probe">(.*?)</pre>', dom, re.DOTALL)
    found = json.loads(probe.replace("&quot;", '"').replace("&amp;", "&"))
    assert found["early"] == 0 and found["requests"] == 0 and found["overflow"] <= 0
    assert found["progress"] == "2 of 6 answered" and found["again"] == found["saved"]
    assert found["comment"] == 'pus, "a lot"' and found["unlabelled"] == 0
    assert "CONSOLE" not in said and found["name"] == "review_granger2009_tiny_ann.csv"
    rows = list(csv.DictReader(io.StringIO(found["saved"])))
    assert [(r["reviewer"], r["cause"], r["certainty"]) for r in rows] == [
        ("ann", "infection", "definite"), ("ann", "plr", "probable")]  # fmt: skip
    saved = tmp_path / "ann.csv"
    saved.write_text(found["saved"], encoding="utf-8")
    episodes = read_frame(tiny.study / "causes.parquet")["episode_id"]
    codes = {find_code(episode, SEED): episode for episode in episodes}
    assert len(read_answers([saved], PROTOCOL, codes)) == 2
