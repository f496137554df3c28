"""Analysis sets drawn from known causes and hazards."""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from leukocytosis.config import Protocol
from leukocytosis.config.assess import Assessment
from leukocytosis.survival.times import FloatArray, Labels

if TYPE_CHECKING:
    import pandas as pd

AGE_CENTRE, AGE_SPREAD = 62.0, 12.0


@dataclass(frozen=True, eq=False)
class World:
    """The known truth: constant daily hazards by group at 62 years, and how rules classify.

    `classified` maps a true cause to the causes by the rules and their chances. Without
    `difference` all groups have the hazard of the reference.
    """

    protocol: Protocol
    settings: Assessment
    classified: dict[str, dict[str, float]]
    difference: bool

    @property
    def horizon(self) -> int:
        """Return the horizon of the primary outcome in days."""
        primary = self.protocol.analyses.primary_outcome
        return next(o.horizon_days for o in self.protocol.outcomes if o.id == primary)

    @property
    def hazards(self) -> dict[str, float]:
        """Return the hazard per day of each group at 62 years."""
        reference = self.protocol.analyses.groups[0]
        risks = self.settings.risks
        return {
            group: -log(1 - (risk if self.difference else risks[reference])) / self.horizon
            for group, risk in risks.items()
        }

    def risk(self, group: str, day: float) -> float:
        """Return the true risk up to and on a day, averaged over the ages that are drawn."""
        from scipy.special import ndtri

        quantiles = ndtri((np.arange(20_000) + 0.5) / 20_000)
        ages = AGE_CENTRE + AGE_SPREAD * quantiles
        hazard = self.hazards[group] * self._of_age(ages)
        return float(1 - np.exp(-hazard * day).mean())

    def _of_age(self, ages: FloatArray) -> FloatArray:
        return np.asarray(np.exp(self.settings.log_hazard_per_10_years * (ages - AGE_CENTRE) / 10))

    def draw(self, rng: Generator) -> pd.DataFrame:
        """Return one analysis set, with `true_cause` and `rule_cause` beside its columns.

        Events fall on whole days from 1; those lost leave on a day drawn evenly up to the
        horizon, whatever their cause.
        """
        import pandas as pd

        sizes = self.settings.patients
        n = sum(sizes.values())
        chances = np.array(list(sizes.values())) / n
        true: Labels = rng.choice(np.array(list(sizes)), n, p=chances)
        rule = self._classify(true, rng)
        ages = rng.normal(AGE_CENTRE, AGE_SPREAD, n)
        group_of, hazards = self.protocol.group_of, self.hazards
        hazard = np.array([hazards[group_of[cause]] for cause in true])
        event = np.ceil(rng.exponential(1, n) / (hazard * self._of_age(ages)))
        lost = rng.random(n) < self.settings.lost_share
        left = np.where(lost, rng.integers(1, self.horizon + 1, n), 10**6)
        columns: dict[str, npt.ArrayLike] = {
            "episode_id": [f"E{i:06d}" for i in range(n)],
            "true_cause": true, "rule_cause": rule, "all_causes": rule,
            "age_at_index_years": ages, "sex": rng.choice(["female", "male"], n),
            "metastatic": rng.random(n) < 0.5, "log2_wbc": 5.4 + rng.exponential(0.4, n),
            "neutrophil_percent": rng.uniform(60, 96, n), **self._follow_up(event, left),
        }  # fmt: skip
        return pd.DataFrame(columns)

    def _classify(self, true: Labels, rng: Generator) -> Labels:
        rule = true.astype(object)
        for cause, chances in sorted(self.classified.items()):
            here = true == cause
            rule[here] = rng.choice(list(chances), here.sum(), p=list(chances.values()))
        return rule.astype(str)

    def _follow_up(self, event: FloatArray, left: npt.NDArray[Any]) -> dict[str, npt.ArrayLike]:
        columns: dict[str, npt.ArrayLike] = {}
        for outcome in self.protocol.outcomes:
            until = np.minimum(left, outcome.horizon_days)
            columns[f"{outcome.id}_days"] = np.minimum(event, until).astype(float)
            columns[f"{outcome.id}_status"] = (event <= until).astype(np.int64)
        return columns

    def label(self, patients: pd.DataFrame, column: str) -> pd.DataFrame:
        """Return an analysis set analysed with the causes of a column."""
        groups = patients[column].map(self.protocol.group_of)
        return patients.assign(primary_cause=patients[column], cause_group=groups)
