"""Cox fits and bootstrap curves, beside the same work done with R's survival in the same run.

Usage: `python -m leukocytosis.bench.survival`. Both sides get the same patients and the same
resamples, start from a table of patients, and are timed in processor seconds without reading or
starting up. Nothing here asserts a time; what both find is compared. Run it with
OPENBLAS_NUM_THREADS=1: R's own BLAS has one thread, and a second one's waiting counts as work.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from leukocytosis.survival.cox import CoxFit, fit_cox
from leukocytosis.survival.curve import fit_curve
from leukocytosis.survival.design import code_design

if TYPE_CHECKING:
    import pandas as pd

SEED = 2009
COVARIATES = ("age", "male", "metastatic", "log2_wbc", "neutrophils")
N_PATIENTS, N_MANY, N_FITS, N_CURVES = 758, 5_000, 200, 1_000
R_SCRIPT = """
suppressMessages(library(survival))
folder <- commandArgs(trailingOnly = TRUE)[1]
task <- commandArgs(trailingOnly = TRUE)[2]
patients <- read.csv(file.path(folder, "patients.csv"), stringsAsFactors = TRUE)
draws <- as.matrix(read.csv(file.path(folder, "draws.csv"), header = FALSE)) + 1
found <- numeric(nrow(draws))
start <- proc.time()
for (i in seq_len(nrow(draws))) {
  sample <- patients[draws[i, ], ]
  found[i] <- if (task == "cox") {
    formula <- Surv(days, status) ~ group + age + male + metastatic + log2_wbc + neutrophils
    coef(coxph(formula, sample))[["groupplr"]]
  } else {
    curve <- survfit(Surv(days, status) ~ 1, sample, conf.type = "log-log")
    curve$surv[findInterval(84, curve$time)]
  }
}
spent <- proc.time() - start
cat(format(spent[["user.self"]] + spent[["sys.self"]], digits = 6), found, sep = "\\n")
"""


@dataclass(frozen=True)
class Race:
    """The same work by both: processor seconds, and how far the answers are apart at most."""

    work: str
    seconds: float
    r_seconds: float | None
    apart: float | None

    def __str__(self) -> str:
        """Return one line of the printed table."""
        if self.r_seconds is None:
            return f"{self.work:<42} {self.seconds:>8.2f}"
        ratio = self.r_seconds / self.seconds
        return (
            f"{self.work:<42} {self.seconds:>8.2f} {self.r_seconds:>8.2f} {ratio:>11.1f} "
            f"{self.apart:>9.0e}"
        )


def draw_patients(n: int) -> pd.DataFrame:
    """Return n patients in whole days, so with ties, a tenth of them in the smallest group."""
    import pandas as pd

    draw = np.random.default_rng(SEED)
    group = np.array(["infection", "plr", *["other"] * 8])[np.arange(n) % 10]
    age, log2_wbc = draw.normal(62, 12, n).round(), np.log2(40) + draw.exponential(0.5, n)
    rate = np.exp(-5 + 0.9 * (group == "plr") + 0.02 * (age - 62) + 0.3 * (log2_wbc - 5.3))
    days = np.ceil(draw.exponential(1 / rate))
    return pd.DataFrame(
        {
            "days": np.minimum(days, 84.0),
            "status": (days <= 84).astype(int),
            "group": group,
            "age": age,
            "male": (draw.random(n) < 0.5).astype(int),
            "metastatic": (draw.random(n) < 0.6).astype(int),
            "log2_wbc": log2_wbc,
            "neutrophils": draw.uniform(50, 99, n),
        }
    )


def fit_log_ratio(sample: pd.DataFrame) -> float:
    """Return the adjusted log hazard ratio of PLR, checks and all."""
    fit = fit_cox(code_design(sample, ["group", *COVARIATES], {"group": "infection"}))
    if not isinstance(fit, CoxFit):
        raise SystemExit(fit.reason)
    return float(fit.coefficients[fit.design.columns.index("group: plr against infection")])


def fit_survival(sample: pd.DataFrame) -> float:
    """Return the share free of the event after day 84, from the whole curve with its interval."""
    curve = fit_curve(sample["days"], sample["status"])
    return float(curve.survival[np.searchsorted(curve.times, 84, side="right") - 1])


def race(work: str, task: str, n: int, n_draws: int, fit: Callable[[Any], float]) -> Race:
    """Return how long both took for the same resamples of the same n patients."""
    patients = draw_patients(n)
    draws = np.random.default_rng(SEED).integers(0, n, (n_draws, n))
    fit(patients)  # imports happen before the clock starts
    start = time.process_time()
    ours = np.array([fit(patients.iloc[rows]) for rows in draws])
    seconds = time.process_time() - start
    theirs = run_r(task, patients, draws)
    if theirs is None:
        return Race(work, seconds, None, None)
    return Race(work, seconds, float(theirs[0]), float(np.abs(ours - theirs[1:]).max()))


def run_r(
    task: str, patients: pd.DataFrame, draws: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64] | None:
    """Return R's processor seconds, then its answers; None where R or survival is missing."""
    if shutil.which("Rscript") is None:
        return None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        patients.to_csv(folder / "patients.csv", index=False)
        np.savetxt(folder / "draws.csv", draws, fmt="%d", delimiter=",")
        (folder / "race.R").write_text(R_SCRIPT, encoding="utf-8")
        command = ["Rscript", "--vanilla", str(folder / "race.R"), name, task]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        return None
    return np.array(done.stdout.split(), dtype=np.float64)


def main() -> None:
    """Print a line per kind of work: our seconds, R's, how many times faster, how far apart."""
    head = f"{'processor seconds':<42} {'here':>8} {'R':>8} {'times faster':>12} {'apart':>8}"
    print(head)
    races = (
        (f"{N_FITS} Cox fits on {N_PATIENTS} patients", "cox", N_PATIENTS, N_FITS, fit_log_ratio),
        (f"{N_FITS} Cox fits on {N_MANY:,} patients", "cox", N_MANY, N_FITS, fit_log_ratio),
        (f"{N_CURVES:,} bootstrap Kaplan–Meier curves of {N_PATIENTS}", "curve", N_PATIENTS,
         N_CURVES, fit_survival),
    )  # fmt: skip
    lines = [race(*work) for work in races]
    for line in lines:
        print(line, flush=True)
    if any(line.r_seconds is None for line in lines):
        print("R is not shown, because Rscript or its package survival is missing")


if __name__ == "__main__":
    main()
