"""What would change the conclusion: other rules, other decisions, bias; and what has no number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from leukocytosis.bias.contrast import primary_contrast
from leukocytosis.bias.tipping import AS_ANALYSED, DELTAS, conclude, find_tip, name_delta
from leukocytosis.config.sensitivity import OWN
from leukocytosis.documents.results.rows import Rows, say_reason
from leukocytosis.report.bias_summary import PLACES, as_interval, find_adjusted
from leukocytosis.report.inputs import Row, is_hidden
from leukocytosis.rounding import NBSP, NOT_REACHED, format_number, format_ratio, is_known
from leukocytosis.survival.alternatives import DECLARED

OTHERWISE = {  # the same ratio, made in another way
    "cox_imputed": "With missing covariates imputed",
    "calendar_ratio": "With the calendar year of the index in the model",
    "bias_ratio": "Had the true causes been known, misclassified alike whatever the outcome",
    "bias_by_outcome_ratio": "Had the true causes been known, misclassified as within each outcome",
}
MOST_REASONS = 6
CONTRAST = "hazard_ratio"  # of the multiverse


class Robustness(Rows):
    """The adjusted hazard ratio of the primary groups, made otherwise."""

    def as_analysed(self) -> str:
        """Return where the interval of the adjusted ratio of the primary groups lies, beside 1."""
        row = find_adjusted(self.inputs, self._contrast)
        here = as_interval(row)
        if row is None:
            return "was not asked for"
        return self._lies(here, row) if here else self._without(row)

    @property
    def _contrast(self) -> str:
        return " against ".join(primary_contrast(self.inputs.protocol))

    @property
    def _analysed(self) -> tuple[float, float, float] | None:
        return as_interval(find_adjusted(self.inputs, self._contrast))

    def _lies(self, interval: tuple[float, float, float], row: Row) -> str:
        return self._bind(f"its interval {PLACES[conclude(interval)]}", row, "ci_low ci_high")

    def otherwise(self) -> list[str]:
        """Return the ratio made in other ways, each with whether the conclusion changes."""
        if self._analysed is None:
            return []
        return [*self._made_otherwise(), *self._rules(), *self._lost(), *self._unmeasured()]

    def _made_otherwise(self) -> Iterator[str]:
        outcome = self.inputs.protocol.analyses.primary_outcome
        for analysis, words in OTHERWISE.items():
            for term in (self._contrast, f"cause group: {self._contrast}"):
                row = self.inputs.estimate(analysis, outcome_id=outcome, term=term)
                if row:
                    yield f"{words}: {self._ratio(row)}{self._verdict(row)}."

    def _verdict(self, row: Row) -> str:
        here, found = self._analysed, as_interval(row)
        if here is None or found is None:
            return ""
        if conclude(here) == conclude(found):
            return "; the conclusion is the same"
        return f"; the conclusion changes: {self._lies(found, row)}"

    def _rules(self) -> Iterator[str]:
        rows = [r for r in self.inputs.estimates("rules") if r["term"] != DECLARED]
        known = [row for row in rows if as_interval(row)]
        other = [row for row in known if "changes" in self._verdict(row)]
        if not known:
            return
        n = self.binder.key(format_number(len(known)), "estimates", "analysis_id = rules", "rows")
        told = "; ".join(
            f"{self._bind(row['term'], row, 'term')} {self._ratio(row)}" for row in other
        )
        yield (
            f"Under {n} other rules for day 0, ties, the horizon and the end of observation "
            + (f"the conclusion changes with: {told}." if told else "the conclusion is the same.")
        )

    def _lost(self) -> Iterator[str]:
        outcome = self.inputs.protocol.analyses.primary_outcome
        rows = {
            str(row["term"]).removeprefix(f"{self._contrast}: "): row
            for row in self.inputs.estimates("tipping", outcome_id=outcome, group="all lost")
        }
        here, analysed = self._analysed, rows.get(AS_ANALYSED)
        if here is None or analysed is None or any(is_hidden(row) for row in rows.values()):
            return
        intervals = {delta: as_interval(rows.get(name_delta(delta))) for delta in DELTAS}
        tips = [find_tip(intervals, here, above=above) for above in (False, True)]
        words = " or ".join(name_delta(tip) for tip in tips if tip is not None)
        n = self._count(analysed, "n")
        if words:
            tipped = self._bind(words, analysed, "term")
            yield (
                f"Had the {n} patients of the model who were lost had another hazard, the "
                f"conclusion would change: {tipped}."
            )
        else:
            yield (
                f"Whatever became of the {n} patients of the model who were lost, from never to at "
                "once, the conclusion stays."
            )

    def _unmeasured(self) -> Iterator[str]:
        row, end = (
            self.inputs.estimate("e_value", group=self._contrast, term=term)
            for term in ("estimate", "interval")
        )
        if row and end and is_known(row["estimate"]) and is_known(end["estimate"]):
            need = self._bind(format_ratio(row["estimate"]), row, "estimate")
            to_one = self._bind(format_ratio(end["estimate"]), end, "estimate")
            yield (
                f"E-value {need}, for the end of the interval nearest to no difference {to_one}: "
                "what an unmeasured confounder would need with both cause and outcome."
            )

    def decisions(self) -> list[str]:
        """Return what other decisions of the study would have given; nothing where none is asked.

        The hazard ratios are the unadjusted ones.
        """
        if self.inputs.protocol.sensitivity is None or not self.inputs.rows("variants"):
            return []
        rows = self.inputs.rows("multiverse", analysis_id=CONTRAST)
        own = next(row for row in rows if row["variant"] == 0)
        if as_interval(own) is None:
            return [f"The unadjusted ratio of the study itself {self._say(own)}."]
        return [
            f"The unadjusted ratio of the study itself: {self._say(own)}.",
            self._drawn(rows),
            *self._alone(rows, own),
        ]

    def _say(self, row: Row) -> str:
        if as_interval(row) is None:
            return self.binder.row(say_reason(row), "multiverse", row, "note")
        low, high, middle = (format_ratio(row[end]) for end in ("ci_low", "ci_high", "estimate"))
        return self.binder.row(
            f"{low} to {high} ({middle})", "multiverse", row, "ci_low ci_high estimate"
        )

    def _drawn(self, rows: list[Row]) -> str:
        family = {row["variant"]: row["family"] for row in self.inputs.rows("variants")}
        drawn = [row for row in rows if family[row["variant"]] == "drawn"]
        places = Counter(conclude(i) for row in drawn if (i := as_interval(row)))
        counts = {place: format_number(places[place]) for place in PLACES}
        words = (
            f"{format_number(len(drawn))} drawn combinations of decisions, "
            f"{format_number(sum(places.values()))} have a ratio: the interval lies above 1 in "
            f"{counts[1]}, holds 1 in {counts[0]} and lies below 1 in {counts[-1]}"
        )
        told = self.binder.key(words, "multiverse", "family = drawn", "ci_low ci_high, counted")
        return f"Of {told}."

    def _alone(self, rows: list[Row], own: Row) -> Iterator[str]:
        """Yield which single decision moves the interval to another side of 1, or off it."""
        here, choices = as_interval(own), self._choices()
        moved = [
            f"{self._name(choices[row['variant']])} {self._say(row)}"
            for row in rows
            if row["variant"] in choices
            and here and (found := as_interval(row))
            and conclude(found) != conclude(here)
        ]  # fmt: skip
        if moved:
            yield f"One decision alone changes where the interval lies: {'; '.join(moved)}."
        else:
            yield "No decision alone changes where the interval lies."

    def _choices(self) -> Mapping[int, tuple[str, str]]:
        rows = self.inputs.rows("variants", family="alone")
        return {row["variant"]: (row["decision"], row["option"])
                for row in rows if row["option"] != OWN}  # fmt: skip

    def _name(self, choice: tuple[str, str]) -> str:
        asked = self.inputs.protocol.sensitivity
        decision = next(d for d in asked.decisions if d.id == choice[0]) if asked else None
        option = (
            next((o for o in decision.options if o.id == choice[1]), None) if decision else None
        )
        words = f"{decision.title}: {option.title}" if decision and option else " ".join(choice)
        return self.binder.protocol(words, f"sensitivity.decisions.{'.'.join(choice)}")

    def n_without(self) -> str:
        """Return how many numbers cannot be estimated, of how many."""
        rows, without = self._gaps()
        words = f"{format_number(len(without))} of {format_number(len(rows))}"
        return self.binder.key(words, "estimates", "every row", "estimate, counted")

    def reasons(self) -> list[str]:
        """Return the most frequent reasons why a number cannot be estimated, with how many."""
        counts = Counter(str(row["note"] or "no reason given") for row in self._gaps()[1])
        told = sorted(counts.items(), key=lambda found: (-found[1], found[0]))[:MOST_REASONS]
        return [
            self.binder.key(f"{note} ({format_number(n)}{NBSP}number{'s' if n > 1 else ''})",
                            "estimates", "by note", "note, counted")
            for note, n in told
        ]  # fmt: skip

    def _gaps(self) -> tuple[list[Row], list[Row]]:
        rows = [r for r in self.inputs.rows("estimates") if r["analysis_id"] != "logrank"]
        gaps = [r for r in rows if not is_known(r["estimate"]) and not is_known(r["p_value"])]
        return rows, [r for r in gaps if r["note"] != NOT_REACHED]
