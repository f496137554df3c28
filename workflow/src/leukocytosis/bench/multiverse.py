"""200 variants of the default study's multiverse, beside the same numbers from R in the same run.

Usage: `python -m leukocytosis.bench.multiverse [variants]`. The embedded extract is drawn and read
first. Ours is timed twice: from the canonical tables (index events, evidence and outcomes looked
up, causes decided, numbers), and the numbers alone; R gets the decided patients and makes the
numbers: shares with Wilson intervals, risks by group, and the hazard ratio. Nothing here asserts a
time, but the run stops when a hazard ratio differs.
"""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from leukocytosis.config import load_codelists, load_manifest, load_protocol, load_units
from leukocytosis.multiverse import Vocabulary
from leukocytosis.multiverse.labels import Decider
from leukocytosis.multiverse.materials import materialise
from leukocytosis.multiverse.rows import HAZARD_RATIO, Patients, Row, fit_rows, prepare
from leukocytosis.multiverse.variants import find_options, list_variants
from leukocytosis.standardise import standardise
from leukocytosis.synthetic import draw_extract

CONFIG, SEED, TOLERANCE = Path("config"), 2009, 1e-6
SCRIPT = """
suppressMessages(library(survival))
given <- commandArgs(trailingOnly = TRUE)
patients <- read.csv(given[1], stringsAsFactors = FALSE)
parts <- split(patients, patients$variant)
causes <- sort(unique(patients$cause))
one <- function(part) {
  shares <- lapply(causes, function(cause)
    suppressWarnings(prop.test(sum(part$cause == cause), nrow(part), correct = FALSE))$conf.int)
  part$group <- relevel(factor(part$group, levels = c("infection", "plr", "other")), "infection")
  curves <- survfit(Surv(days, status) ~ group, part, conf.type = "log-log")
  everybody <- survfit(Surv(days, status) ~ 1, part, conf.type = "log-log")
  for (curve in list(curves, everybody))
    summary(curve, times = unique(c(min(84, part$horizon[1]), part$horizon[1])), extend = TRUE)
  fit <- suppressWarnings(coxph(Surv(days, status) ~ group, part, ties = "efron"))
  unname(exp(coef(fit)["groupplr"]))
}
took <- system.time(ratios <- vapply(parts, one, numeric(1)))["elapsed"]
write.csv(data.frame(variant = names(parts), ratio = format(ratios, digits = 15)), given[2],
          row.names = FALSE, quote = FALSE)
cat(took)
"""


def main() -> None:
    """Print how long our variants take, R's, the ratio, and the largest difference."""
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        vocabulary = _read_extract(root)
        start = time.perf_counter()
        everybody = _vary(wanted, vocabulary, root)
        looked_up = time.perf_counter() - start
        start = time.perf_counter()
        rows = list(fit_rows(everybody[0].sample.variant.protocol, everybody))
        fitted = time.perf_counter() - start
        print(f"{wanted} variants: {looked_up + fitted:.2f} s from canonical tables to numbers")
        if shutil.which("Rscript") is None:
            print(f"their numbers alone: {fitted:.2f} s; R skipped, because Rscript is not here")
            return
        seconds, difference = _run_r(everybody, rows, root)
    print(
        f"their numbers alone: {fitted:.2f} s, R {seconds:.2f} s, R/ours {seconds / fitted:.1f}; "
        f"largest relative difference of a hazard ratio {difference:.0e}"
    )
    if difference > TOLERANCE:
        raise SystemExit(f"a hazard ratio differs from R's by more than {TOLERANCE:g}")


def _read_extract(root: Path) -> Vocabulary:
    """Draw and read the embedded extract into `root`; return what rules may refer to."""
    codelists, units = load_codelists(CONFIG / "codelists"), load_units(CONFIG / "units.csv")
    draw_extract(root / "data/synthetic", SEED)
    shutil.copytree(CONFIG, root / "config")
    manifest = load_manifest(CONFIG / "extracts/synthetic.yaml")
    standardise(manifest, codelists, units, root, root / "extract")
    return Vocabulary(codelists, units, frozenset(manifest.absent))


def _vary(wanted: int, vocabulary: Vocabulary, root: Path) -> list[Patients]:
    protocol = load_protocol(CONFIG / "studies/granger2009.yaml")
    assert protocol.sensitivity is not None
    asked = protocol.sensitivity.model_copy(update={"n_drawn": wanted})
    protocol = protocol.model_copy(update={"sensitivity": asked})
    options = find_options(protocol, vocabulary.absent)
    variants = [v for v in list_variants(protocol, options, SEED) if v.family in ("own", "drawn")]
    (root / "shared").mkdir()
    decider = Decider()
    samples = materialise(variants[:wanted], vocabulary, root / "extract", root / "shared")
    return [prepare(sample, decider.label(sample)) for sample in samples]


def _run_r(everybody: Sequence[Patients], rows: Sequence[Row], root: Path) -> tuple[float, float]:
    """Return R's seconds, and the largest relative difference of a hazard ratio we give."""
    with (root / "patients.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["variant", "cause", "group", "days", "status", "horizon"])
        horizons = {r["variant"]: r["time_days"] for r in rows if r["analysis_id"] == HAZARD_RATIO}
        for p in everybody:
            number = p.sample.variant.number
            for values in zip(p.labelled.cause, p.labelled.group, p.days, p.status, strict=True):
                writer.writerow([number, *values, horizons[number]])
    (root / "bench.R").write_text(SCRIPT, encoding="utf-8")
    command = ["Rscript", "bench.R", "patients.csv", "ratios.csv"]
    said = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    with (root / "ratios.csv").open(encoding="utf-8") as stream:
        theirs = {int(row["variant"]): row["ratio"] for row in csv.DictReader(stream)}
    ours = {r["variant"]: r["estimate"] for r in rows if r["analysis_id"] == HAZARD_RATIO}
    known = [(float(theirs[v]), ratio) for v, ratio in ours.items() if ratio is not None]
    return float(said.stdout), max(abs(r / ratio - 1) for r, ratio in known)


if __name__ == "__main__":
    main()
