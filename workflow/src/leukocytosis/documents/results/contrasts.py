"""Groups compared: differences of risk before ratios, the primary contrast with its caveats."""

from __future__ import annotations

from collections.abc import Iterator

from leukocytosis.documents.results.rows import Rows
from leukocytosis.figures.forest import find_ratios, label_term
from leukocytosis.figures.survival import horizon_of
from leukocytosis.prose import capital, name_group
from leukocytosis.report.inputs import Row
from leukocytosis.report.p_values import ANALYSES, is_primary, is_shown
from leukocytosis.rounding import format_number, format_p, is_known

POINTS = "percentage points"
SIGNIFICANT = 0.05  # of the test of proportional hazards only
NOT_PROPORTIONAL = (
    "The hazards of the groups are not proportional (score test): this one ratio averages over "
    "days on which it differs, and may be near one where curves cross. Read the risks by day, and "
    "the ratio over time, beside it."
)
ELSEWHERE = (
    "The score test shows no sign that the ratio of the groups differs from day to day; another of "
    "the model does."
)
PROPORTIONAL = (
    "The score test shows no sign against proportional hazards; with few events it would seldom "
    "show one."
)
TESTED = {"cox_adjusted": "proportional_hazards_adjusted",
          "cox_unadjusted": "proportional_hazards_unadjusted"}  # fmt: skip


class Contrasts(Rows):
    """Contrasts of the cause groups."""

    def contrasts(self, outcome: str) -> list[str]:
        """Return the contrasts of cause groups in the adjusted model."""
        rows = find_ratios(self.inputs.estimates("cox_adjusted"), "cox_adjusted", outcome)
        # a contrast of groups is renamed by its label, one of another covariate keeps its own
        return [row["term"] for row in rows if label_term(row["term"]) != row["term"]]

    def no_contrasts(self, outcome: str) -> str:
        """Return why there is no adjusted hazard ratio of any pair; nothing where there is one."""
        rows = self.inputs.estimates("cox_adjusted", outcome_id=outcome)
        return "" if self.contrasts(outcome) or not rows else self._without(rows[0])

    def name_contrast(self, term: str) -> str:
        """Return a contrast as readers call it."""
        return label_term(term)

    def differences(self, outcome: str) -> list[str]:
        """Return, pair by pair, the observed difference and ratio of the risks."""
        return list(self._compare("risk_contrast", "risk", outcome))

    def adjusted_differences(self, outcome: str) -> list[str]:
        """Return, pair by pair, the difference and ratio of the standardised risks."""
        return list(self._compare("standardised", "standardised risk", outcome))

    def _compare(self, analysis: str, of: str, outcome: str) -> Iterator[str]:
        day = float(horizon_of(self.inputs.protocol, outcome))
        rows = self.inputs.estimates(analysis, outcome_id=outcome, time_days=day)
        differences = [row for row in rows if row["term"] == f"{of} difference"]
        unknown = not any(is_known(row["estimate"]) for row in differences)
        if len(differences) > 1 and unknown and len({row["note"] for row in differences}) == 1:
            yield f"all pairs: {of} difference {self._without(differences[0])}"
            return
        for row in differences:
            told = f"{label_term(row['group'])}: {of} difference {self._points(row)}"
            ratio = next((r for r in rows if r["group"] == row["group"]
                          and r["term"] == f"{of} ratio"), None)  # fmt: skip
            if ratio and is_known(row["estimate"]):
                told += f"; ratio {self._ratio(ratio)}"
            yield told

    def _points(self, row: Row) -> str:
        return self._percent(row, unit=POINTS)

    def hazard_ratio(self, outcome: str, contrast: str) -> str:
        """Return an adjusted hazard ratio, with its p value where the protocol shows it."""
        row = self._one("cox_adjusted", outcome_id=outcome, term=contrast)
        return self._ratio(row) + self._p(row)

    def _p(self, row: Row) -> str:
        if not is_known(row["estimate"]) or not is_shown(self.inputs, row):
            return ""
        p = format_p(row["p_value"])
        words = f"p {p if p[0] in '<>' else f'= {p}'}"
        primary = "; the primary contrast" if is_primary(self.inputs, row) else ""
        return f", {self._bind(words, row, 'p_value')}{primary}"

    def primary(self) -> str:
        """Return the primary contrast, whatever its measure: what it is and its number."""
        contrast = self.inputs.protocol.analyses.primary_contrast
        row = self._find_primary()
        pair = f"{name_group(contrast.groups[0])} against {name_group(contrast.groups[1])}"
        measure = contrast.measure.replace("_", " ").replace("log rank", "log-rank χ²")
        if row is None:
            analysis = ANALYSES[contrast.measure]
            rows = self.inputs.estimates(analysis, outcome_id=contrast.outcome)
            return f"{pair}, {measure}: {self._without(rows[0]) if rows else 'was not asked for'}"
        told = self._p(row).removesuffix("; the primary contrast")
        number = self._number(row, 1) if contrast.measure == "log_rank" else self._ratio(row)
        return f"{pair}, {measure}: {number}{told}"

    def _find_primary(self) -> Row | None:
        contrast = self.inputs.protocol.analyses.primary_contrast
        rows = self.inputs.estimates(ANALYSES[contrast.measure], outcome_id=contrast.outcome)
        return next((row for row in rows if is_primary(self.inputs, row)), None)

    def rests_on(self) -> str:
        """Return how many patients and events the primary contrast rests on."""
        row = self._find_primary()
        if row is None or not is_known(row["estimate"]):
            return ""
        counts = f"{format_number(row['n'])} patients and {format_number(row['n_events'])} events"
        told = self._bind(counts, row, "n n_events")
        return f"It rests on {told}{f'; {self._without(row)}' if row['note'] else ''}."

    def proportional(self) -> str:
        """Return whether one hazard ratio describes all days; nothing without a ratio."""
        contrast = self.inputs.protocol.analyses.primary_contrast
        primary = self._find_primary()
        analysis = TESTED.get(ANALYSES[contrast.measure])
        if analysis is None or primary is None or not is_known(primary["estimate"]):
            return ""
        rows = self.inputs.estimates(analysis, outcome_id=contrast.outcome)
        groups, model = (
            next((row for row in rows if str(row["term"]).endswith(end)), None)
            for end in ("cause group", "GLOBAL")
        )
        if groups is None:
            return ""
        if not is_known(groups["p_value"]):
            return f"Whether one ratio holds on every day {self._without(groups)}."
        if groups["p_value"] < SIGNIFICANT:
            return NOT_PROPORTIONAL
        if model and is_known(model["p_value"]) and model["p_value"] < SIGNIFICANT:
            return ELSEWHERE
        return PROPORTIONAL

    def over_time(self) -> list[str]:
        """Return the hazard ratio of the primary groups on three days within those shown.

        The spline is roughest at its ends, so these are a quarter, half and three quarters along.
        """
        group, reference = self.inputs.protocol.analyses.primary_contrast.groups
        term = f"cause group: {group} against {reference}"
        rows = [r for r in self.inputs.estimates("hazard_ratio_over_time", term=term)
                if is_known(r["estimate"])]  # fmt: skip
        chosen = [rows[len(rows) * i // 4] for i in (1, 2, 3)] if len(rows) > 3 else rows
        return [
            f"on day {self._bind(format_number(row['time_days']), row, 'time_days')}, "
            f"{self._ratio(row)}"
            for row in chosen
        ]

    def treated(self) -> list[str]:
        """Return the hazard ratios of treatment as time-dependent, of all patients together."""
        rows = self.inputs.estimates("treatment_time_dependent", group="all")
        return [f"{row['term']} {self._ratio(row)}" for row in sorted(
            rows, key=lambda row: str(row["term"]), reverse=True)]  # fmt: skip

    def treatment(self) -> str:
        """Return what the treatment is called; nothing without one."""
        asked = self.inputs.protocol.treatment
        return self.binder.protocol(capital(asked.title), "treatment.title") if asked else ""
