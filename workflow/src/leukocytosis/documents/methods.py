"""The methods section: made from the protocol, every number bound to the key it stands under."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from leukocytosis.config import Codelist
from leukocytosis.documents.asked import Asked
from leukocytosis.documents.binding import Binder
from leukocytosis.documents.filling import Text, fill
from leukocytosis.documents.sections import check_sentence, find_section
from leukocytosis.documents.software import list_software
from leukocytosis.prose import capital, describe_protocol, list_methods, list_uses, name_covariate
from leukocytosis.report.codelists import say_occurrence
from leukocytosis.report.grids import Grid
from leukocytosis.report.inputs import ReportInputs
from leukocytosis.report.review import describe_review
from leukocytosis.rounding import NOT_SHOWN, format_number

TEMPLATE = "methods.md"
MOST_SOURCES = 3  # of a codelist: more are counted
MOST_USES = 4


def fill_methods(inputs: ReportInputs, template: str, place: str = TEMPLATE) -> Text:
    """Return the methods of a study from a template; its functions are those of `AskedMethods`.

    TextError when a number is not of the section of the protocol that its sentence is made from,
    when one is typed, or when a work is cited that is not listed.
    """
    asked = AskedMethods(inputs, Binder(), place)
    works = inputs.background.references
    return fill(template, asked.functions(), asked.binder, place, works)


@dataclass(frozen=True)
class AskedMethods(Asked):
    """What the methods may ask for; each answer is bound to the key it is made from."""

    place: str = TEMPLATE

    def study(self, key: str) -> str:
        """Return words of the protocol."""
        return self.binder.protocol(str(find_section(self.inputs.protocol, key)).strip(), key)

    def paper(self) -> str:
        """Return the published study that the protocol follows."""
        return self.study("citation")

    def extract(self, key: str) -> str:
        """Return words of the manifest."""
        words = str(self.inputs.manifest.model_dump(mode="json")[key])
        return self.binder.key(words, "manifest", key)

    def clock(self) -> str:
        """Return by which clock days are counted."""
        return self.binder.key(self.inputs.manifest.clock, "manifest", "time_zone")

    def observed(self) -> str:
        """Return what ends observation."""
        return self.binder.key(self.inputs.manifest.observation.says, "manifest", "observation")

    def synthetic(self) -> bool:
        """Return whether the extract is synthetic."""
        return self.inputs.manifest.synthetic

    def shifted(self) -> str:
        """Return how dates were shifted; nothing where they are true."""
        return self.extract("dates_shifted") if self.inputs.manifest.dates_shifted else ""

    def absent(self) -> list[tuple[str, str]]:
        """Return each table the extract cannot show, and why."""
        return [
            (table, self.binder.key(words, "manifest", f"absent.{table}"))
            for table, words in sorted(self.inputs.manifest.absent.items())
        ]

    def sentences(self, topic: str) -> list[str]:
        """Return what the protocol decides of a topic, each with its basis."""
        return [
            self._sentence(f"{s.text.removesuffix('.')} ({s.basis}).", s.keys, ())
            for s in describe_protocol(self.inputs.protocol)
            if s.topic == topic
        ]

    def methods(self, topic: str) -> list[str]:
        """Return the statistical methods of a topic."""
        return [
            self._sentence(method.text, method.keys, method.settings)
            for method in list_methods(self.inputs.protocol)
            if method.topic == topic
        ]

    def _sentence(self, text: str, keys: tuple[str, ...], settings: tuple[str, ...]) -> str:
        check_sentence(self.inputs.protocol, text, keys, settings, self.place)
        return self.binder.key(text, "protocol", "; ".join(keys), "; ".join(settings))

    def known(self) -> list[str]:
        """Return by which day each covariate of the adjusted model is known, and how."""
        covariates = self.inputs.protocol.covariates
        told = []
        for term in covariates.adjusted_for:
            known = covariates.known[term]
            day = "no last day" if known.by_day is None else f"known by day {known.by_day}"
            words = f"{name_covariate(term)}: {day}; {known.how}"
            words += f"; in hindsight, since {known.in_hindsight}" if known.in_hindsight else ""
            words = f"{capital(words.rstrip('.'))}."
            told.append(self._sentence(words, (f"covariates.known.{term}",), ()))
        return told

    def reviewed(self) -> list[str]:
        """Return how charts were reviewed; nothing where none was."""
        review = describe_review(self.inputs)
        if review is None:
            return []
        words = [*review["methods"], review["labels"]]
        return [self.binder.key(text, "estimates", "review_labels") for text in words]

    def fixed(self) -> list[tuple[str, str]]:
        """Return what the multiverse does not vary, and why."""
        asked = self.inputs.protocol.sensitivity
        return [
            (fixed.title, self.study(f"sensitivity.fixed.{fixed.id}.reason"))
            for fixed in (asked.fixed if asked else ())
        ]

    def hidden(self) -> str:
        """Return which counts are hidden before anything leaves."""
        policy = self.inputs.background.policy
        if policy is None:
            return "Which counts may leave is not known here."
        return self.binder.key(f"{policy.title}.", "policy", policy.policy)

    def hides(self) -> bool:
        """Return whether the policy hides any count."""
        policy = self.inputs.background.policy
        return policy is not None and policy.min_count > 1

    def software(self) -> list[str]:
        """Return each program with its version and the work to cite."""
        return [
            self.binder.key(
                f"{program.name} {program.version}: {program.what}"
                f"{f' [@{program.work}]' if program.work else ''}.",
                "software", program.name,
            )
            for program in list_software()
        ]  # fmt: skip


def list_appendix(inputs: ReportInputs) -> dict[str, Grid]:
    """Return the tables that the methods may name: `@table codelists`, `@table choices`."""
    return {"codelists": list_found_codelists(inputs), "choices": list_choices(inputs)}


def list_found_codelists(inputs: ReportInputs) -> Grid:
    """Return each codelist with what of it occurs in the extract, which a protocol cannot know."""
    grid = list_codelists(inputs)
    rows = tuple((*row, say_occurrence(inputs, row[0]) or NOT_SHOWN) for row in grid.rows)
    return replace(grid, head=(*grid.head, "In the extract"), align=grid.align + "l", rows=rows)


def list_codelists(inputs: ReportInputs) -> Grid:
    """Return each codelist the protocol uses: for what, codes by system, version and source."""
    lists = inputs.background.codelists
    rows = tuple(
        (name, _shorten(used, MOST_USES), _count(lists[name]), lists[name].version,
         _shorten(dict.fromkeys(entry.source for entry in lists[name].entries), MOST_SOURCES))
        for name, used in sorted(list_uses(inputs.protocol).items()) if name in lists
    )  # fmt: skip
    note = "Version: the first letters of the file's SHA-256; the files are in the folder workflow."
    head = ("Codelist", "Used for", "Codes", "Version", "Source")
    return Grid("Codelists", head, "lllll", rows, (note,) if rows else ())


def _count(codelist: Codelist) -> str:
    counts = Counter(entry.code_system for entry in codelist.entries)
    return ", ".join(f"{system} {format_number(n)}" for system, n in sorted(counts.items()))


def _shorten(items: Iterable[str], most: int) -> str:
    told = list(items)
    left = len(told) - most
    return "; ".join(told[:most]) + (f"; and {left} more" if left > 0 else "")


def list_choices(inputs: ReportInputs) -> Grid:
    """Return every choice of the protocol: stated by the paper or operationalised, and whence."""
    rows = tuple((s.topic, s.text, s.basis, s.source) for s in describe_protocol(inputs.protocol))
    head = ("About", "What was done", "Basis", "Source")
    return Grid("Every choice, stated or operationalised", head, "llll", rows)
