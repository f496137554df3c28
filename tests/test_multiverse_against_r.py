"""The Cox model of many samples, and the shares of variance, against R.

`tests/oracle/multiverse/make_oracle.R` wrote the data and the numbers. Relative tolerance 1e-6.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from leukocytosis.multiverse.explained import share_out
from leukocytosis.survival.cox import CoxFit, fit_cox
from leukocytosis.survival.design import code_design
from leukocytosis.survival.grouped_cox import Grouped, fit_grouped_cox

FOLDER = Path(__file__).parent / "oracle/multiverse"
ORACLE = pd.read_csv(FOLDER / "oracle.csv").set_index(["what", "key", "name"])["value"]
SAMPLES = pd.read_csv(FOLDER / "samples.csv")
NAMES = ["infection", "plr", "other"]


def grouped(frame: pd.DataFrame) -> Grouped:
    codes = frame["group"].map(NAMES.index).to_numpy(dtype=np.int64)
    return Grouped(frame["days"].to_numpy(dtype=float), frame["status"].to_numpy(), codes)


def test_every_sample_at_once_has_the_ratio_of_coxph() -> None:
    names = list(dict.fromkeys(SAMPLES["sample"]))
    samples = [grouped(SAMPLES[SAMPLES["sample"] == name]) for name in names]
    numbers = fit_grouped_cox(samples, NAMES)
    for name, number in zip(names, numbers, strict=True):
        for end in ("estimate", "ci_low", "ci_high"):
            theirs = float(ORACLE.loc[("cox", name, end)])
            assert getattr(number, end) == pytest.approx(theirs, rel=1e-6), (name, end)


@pytest.mark.parametrize("name", sorted(set(SAMPLES["sample"])))
def test_and_that_of_our_own_model_of_one_sample(name: str) -> None:
    frame = SAMPLES[SAMPLES["sample"] == name].rename(columns={"group": "cause group"})
    fitted = fit_cox(code_design(frame, ["cause group"], {"cause group": "infection"}))
    assert isinstance(fitted, CoxFit)
    at = fitted.design.columns.index("cause group: plr against infection")
    (number,) = fit_grouped_cox([grouped(SAMPLES[SAMPLES["sample"] == name])], NAMES)
    assert number.estimate == pytest.approx(np.exp(fitted.coefficients[at]), rel=1e-7)


def test_shares_of_variance_are_those_of_lm_in_every_order() -> None:
    frame = pd.read_csv(FOLDER / "decisions.csv", dtype={"threshold": str})
    choices = {name: frame[name].tolist() for name in frame.columns if name != "estimate"}
    ours = share_out(frame["estimate"], choices)
    theirs = ORACLE.loc["explained"].droplevel("name").to_dict()
    assert ours == pytest.approx(theirs, rel=1e-6)


def test_shares_add_up_to_what_all_decisions_explain() -> None:
    choices = {"a": [*"xxyy"] * 3, "b": [*"uvuv"] * 3}
    together = [1.0, 2.0, 3.0, 10.0] * 3
    shares = share_out(together, choices)
    assert sum(shares.values()) < 0.95  # the rest is how a and b act together
    assert share_out([0, 0, 1, 1] * 3, choices) == pytest.approx({"a": 1.0, "b": 0.0})


def test_options_that_always_go_together_share_what_they_explain() -> None:
    choices = {"a": [*"xxyy"], "b": [*"uuvv"]}
    assert share_out([0, 0, 1, 1], choices) == pytest.approx({"a": 0.5, "b": 0.5})
    with pytest.raises(ValueError, match="do not vary"):
        share_out([1, 1, 1, 1], choices)


def sample(days: list[float], status: list[int], group: list[int]) -> Grouped:
    return Grouped(np.array(days, dtype=float), np.array(status, dtype=np.int64),
                   np.array(group, dtype=np.int64))  # fmt: skip


BAD = {
    "there are no patients": sample([], [], []),
    "there are no events": sample([5, 6, 7], [0, 0, 0], [0, 1, 2]),
    "there are no patients with infection": sample([5, 6], [1, 1], [1, 2]),
    "there are no patients with PLR": sample([5, 6], [1, 1], [0, 2]),
    "there are no events among the 2 patients with PLR":
        sample([5, 6, 7, 8], [1, 1, 0, 0], [0, 0, 1, 1]),
    "there are no events in the 1 patient with another cause":
        sample([5, 6, 7], [1, 1, 0], [0, 1, 2]),
    "2 events are too few for 1 coefficient (fewer than 5)":
        sample([5, 6], [1, 1], [0, 1]),
}  # fmt: skip


@pytest.mark.parametrize("reason", BAD)
def test_a_model_that_should_not_be_fitted_says_why(reason: str) -> None:
    (number,) = fit_grouped_cox([BAD[reason]], NAMES)
    assert number.estimate is None and number.note == f"cannot be estimated, because {reason}"


def test_separated_groups_have_no_ratio_and_leave_the_others_theirs() -> None:
    days = [*range(1, 11), *range(101, 111)]
    apart = sample([float(d) for d in days], [1] * 20, [0] * 10 + [1] * 10)
    good = grouped(SAMPLES[SAMPLES["sample"] == "usual"])
    alone = fit_grouped_cox([good], NAMES)[0]
    first, *rest = fit_grouped_cox([apart, good, BAD["there are no events"], apart], NAMES)
    assert first.estimate is None and "no maximum" in str(first.note)
    assert rest[0] == alone and rest[1].estimate is None and rest[2] == first


def test_groups_never_at_risk_together_have_no_ratio() -> None:
    early = sample([1.0] * 6 + [9.0] * 6, [1] * 12, [0] * 6 + [1] * 6)
    (number,) = fit_grouped_cox([early], NAMES)
    assert number.estimate is None and "cannot be estimated, because" in str(number.note)


@pytest.mark.parametrize(
    ("days", "status", "said"),
    [([-1.0, 2.0], [1, 1], "negative"), ([np.nan, 2.0], [1, 1], "missing"),
     ([1.0, 2.0], [1, 2], "competing")],
)  # fmt: skip
def test_times_that_cannot_be_are_refused(days: list[float], status: list[int], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        fit_grouped_cox([sample(days, status, [0, 1])], NAMES)
