"""One page that sets the studies of a family beside each other on one extract."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from leukocytosis.config import Claim
from leukocytosis.config.evidence import Threshold
from leukocytosis.figures.compare import PANELS, Line, draw_comparison
from leukocytosis.figures.survival import horizon_of
from leukocytosis.prose import (
    capital,
    describe_bound,
    describe_differential,
    describe_narrowing,
    join,
    name_group,
)
from leukocytosis.report.drawing import Drawing, describe_fonts, inline_drawing, write_drawing
from leukocytosis.report.grids import Grid, Notes, describe_score, show_number, show_percent
from leukocytosis.report.inputs import ReportInputs, Row
from leukocytosis.report.release import page_environment
from leukocytosis.rounding import digits_of_percent, format_number, is_known
from leukocytosis.scorecard import CANNOT, DIFFERS, REPRODUCED
from leukocytosis.survival.quoted import quote

NAME = "studies"
CAUSES = {
    "infection": "Infection",
    "plr": "PLR",
    "growth_factor": "Growth factor",
    "corticosteroid": "Corticosteroid",
    "new_leukaemia": "Leukaemia",
}
SECTIONS = {
    "short": "In short",
    "cohorts": "Who was counted",
    "causes": "Causes",
    "outcomes": "Outcomes",
    "scorecard": "Published numbers",
    "reports": "The reports",
}
VERDICTS = (REPRODUCED, DIFFERS, CANNOT)
NOT_PRINTED = "not printed"


def write_comparison(members: Sequence[ReportInputs], folder: Path) -> None:
    """Write studies.html and its figure into a release folder; one study per member."""
    mark, drawing = members[0].mark, draw_family(members)
    picture = inline_drawing(drawing, mark)
    write_drawing(drawing, folder / "figures", mark, None)
    page = page_environment().get_template("studies.html.j2")
    html = page.render(
        manifest=members[0].manifest,
        headlines=tuple(describe_family(members)),
        sections=SECTIONS,
        drawn=picture,
        fonts=describe_fonts([picture]),
        members=[_describe_member(member) for member in members],
        cohorts=list_cohorts(members),
        shares=list_shares(members),
        risks=list_risks(members),
        medians=list_medians(members),
        verdicts=list_verdicts(members),
        claims=list_claims(members),
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{NAME}.html").write_text(html, encoding="utf-8")


def draw_family(members: Sequence[ReportInputs]) -> Drawing:
    """Return the figure of the page with its caption."""
    return Drawing(
        NAME, NAME, "Shares of three causes by study on this extract, with 95 % intervals "
        "(Wilson's; exact where fewer than 5 patients are in the share or outside it), "
        "and the share each paper printed. The open circle counts every undetermined patient as "
        "PLR. Populations and thresholds differ: the same patient can be in several rows.",
        "Dot plot of the shares by study; the table below has the same numbers.",
        draw_comparison([_line(member) for member in members]), _list_data(members),
    )  # fmt: skip


def describe_family(members: Sequence[ReportInputs]) -> Iterator[str]:
    """Yield the answer in a few sentences: cohorts, printed numbers, what could not be done."""
    known = {m.protocol.study: m.n_cohort for m in members if m.n_cohort is not None}
    if known:
        least, most = min(known, key=lambda s: known[s]), max(known, key=lambda s: known[s])
        yield (
            f"{len(members)} published studies on the same records: from "
            f"{format_number(known[least])} patients ({least}) to {format_number(known[most])} "
            f"({most})."
        )
    verdicts = Counter(row["verdict"] for m in members for row in _numbers(m))
    words = ("reproduced", "different", "not to be assessed on this extract")
    counts = [f"{verdicts[v]} {word}" for v, word in zip(VERDICTS, words, strict=True)]
    n = sum(verdicts.values())
    yield f"Of {n} numbers the papers print and a run can answer: {join(counts)}."
    empty = [study for study, n in known.items() if n == 0]
    if empty:
        yield f"Nobody meets every criterion of {join(empty)}."


def _numbers(member: ReportInputs) -> list[Row]:
    """Return the scorecard's rows that hold a printed number, in the order of the claims."""
    order = [claim.id for claim in _claims(member)]
    rows = [row for row in member.rows("scorecard") if is_known(row["published"])]
    return sorted(rows, key=lambda row: order.index(row["claim_id"]))


def _line(member: ReportInputs) -> Line:
    size = "hidden" if member.n_cohort is None else format_number(member.n_cohort)
    above = member.protocol.index.above
    printed = {cause: _printed(member, "cause_shares", cause) for cause in PANELS}
    return Line(
        label=f"{member.protocol.study}\n{_bound(above)}; n = {size}",
        ours={cause: member.estimate("cause_shares", term=cause) for cause in PANELS},
        wide=member.estimate("plr_interval", term="plr_wide"),
        printed={cause: claim.value for cause, claim in printed.items() if claim},
        without="no patients" if member.n_cohort == 0 else "hidden",
    )


def _bound(threshold: Threshold) -> str:
    return describe_bound(threshold).rsplit(" ", 1)[0]


def _claims(member: ReportInputs) -> tuple[Claim, ...]:
    return member.claims.claims if member.claims else ()


def _printed(member: ReportInputs, analysis: str, term: str) -> Claim | None:
    wanted = (analysis, term)
    return next((c for c in _claims(member) if (c.analysis, c.term) == wanted), None)


def _list_data(members: Sequence[ReportInputs]) -> dict[str, list[Row]]:
    """Return the shares drawn, the study in front."""
    return {
        "estimates": [
            {"study": member.protocol.study, **quote(row)}
            for member in members
            for analysis_id in ("cause_shares", "plr_interval")
            for row in member.estimates(analysis_id)
        ]
    }


def _describe_member(member: ReportInputs) -> dict[str, str]:
    protocol = member.protocol
    place = f"../../../studies/{protocol.study}/{member.manifest.extract}/release/report.html"
    return {"study": protocol.study, "title": protocol.title, "question": protocol.question,
            "citation": protocol.citation, "report": place}  # fmt: skip


def list_cohorts(members: Sequence[ReportInputs]) -> Grid:
    """Return index, population and size of each study, here and in the paper."""
    rows = tuple(
        (
            member.protocol.study,
            _bound(member.protocol.index.above),
            f"the first{describe_narrowing(member.protocol.index)}",
            "; ".join(_entries(member)) or "all comers",
            "; ".join(_exits(member)) or "nobody",
            format_number(member.n_cohort),
            _printed_size(member),
        )
        for member in members
    )
    head = ("Study", "Count, ×10⁹/L", "Which count", "Who enters", "Who is left out",
            "Patients here", "in the paper")  # fmt: skip
    return Grid("The cohorts", head, "lrlllrr", rows)


def _entries(member: ReportInputs) -> Iterator[str]:
    population, asked = member.protocol.population, member.protocol.index.differential
    if population.minimum_age:
        yield f"aged {population.minimum_age.years} or older"
    if asked:
        yield f"{describe_differential(asked)} in the differential"
    yield from (criterion.title for criterion in population.include)


def _exits(member: ReportInputs) -> Iterator[str]:
    yield from (c.title.removeprefix("no ") for c in member.protocol.population.exclude)


def _printed_size(member: ReportInputs) -> str:
    """Return the paper's number of patients, where its cohort ends with the same criterion."""
    steps = sorted(member.rows("attrition"), key=lambda row: row["step"])
    claim = _printed(member, "attrition", steps[-1]["reason_id"])
    return format_number(claim.value) if claim else "not comparable"


def list_shares(members: Sequence[ReportInputs]) -> Grid:
    """Return the shares of causes: a line of ours and, under it, what the paper printed."""
    notes = Notes()
    rows: list[tuple[str, ...]] = []
    for member in members:
        ours = [member.estimate("cause_shares", term=cause) for cause in CAUSES]
        ours += [member.estimate("plr_interval", term="plr_wide"),
                 member.estimate("group_shares", term="other")]  # fmt: skip
        rows.append((member.protocol.study, *(show_percent(row, notes) for row in ours)))
        theirs = [_printed(member, "cause_shares", cause) for cause in CAUSES]
        theirs += [None, _printed(member, "group_shares", "other")]
        if any(theirs):
            cells = [say_percent(c) if c else NOT_PRINTED for c in theirs]
            rows.append(
                (f"{member.protocol.study}, the paper", *cells)
            )  # sorted, it stays told apart
    head = ("Study", *CAUSES.values(), "PLR or undetermined", "All but infection and PLR")
    caption = "Shares of the primary causes (95 % intervals)"
    return Grid(caption, head, "lrrrrrrr", tuple(rows), notes.numbered)


def say_percent(claim: Claim) -> str:
    """Return a printed percentage with the decimals of ours; as printed, if nothing tells of whom.

    A paper that prints 78 % of a number it does not say has no 78.0 %.
    """
    digits = digits_of_percent(claim.denominator)
    if claim.denominator is None and claim.value == round(claim.value):
        digits = 0
    return f"{format_number(claim.value, digits)} %"


def list_risks(members: Sequence[ReportInputs]) -> Grid:
    """Return the risk of the primary outcome at its horizon by group, or why there is none."""
    notes = Notes()
    rows = []
    for member in members:
        outcome = member.protocol.analyses.primary_outcome
        day = float(horizon_of(member.protocol, outcome))
        at = {"outcome_id": outcome, "time_days": day}
        cells = [show_percent(member.estimate("risk", group=g, **at), notes) for g in member.groups]
        rows.append((member.protocol.study, *cells, _printed_outcomes(member, "risk")))
    protocol = members[0].protocol
    title = next(o.title for o in protocol.outcomes if o.id == protocol.analyses.primary_outcome)
    return Grid(f"Risk of {title} (Kaplan–Meier, 95 % intervals)", _outcome_head(members[0]),
                "lrrrrr", tuple(rows), notes.numbered)  # fmt: skip


def list_medians(members: Sequence[ReportInputs]) -> Grid:
    """Return the median survival by group, or why there is none."""
    notes = Notes()
    rows = []
    for member in members:
        at = {"outcome_id": member.protocol.analyses.survival_outcome}
        found = [member.estimate("median", group=group, **at) for group in member.groups]
        cells = [show_number(row, notes, 0) for row in found]
        rows.append((member.protocol.study, *cells, _printed_outcomes(member, "median")))
    caption = "Median survival in days, followed for a year (Kaplan–Meier, 95 % intervals)"
    return Grid(caption, _outcome_head(members[0]), "lrrrrr", tuple(rows), notes.numbered)


def _outcome_head(member: ReportInputs) -> tuple[str, ...]:
    names = [name_group(group) for group in member.groups]
    return ("Study", *(capital(name) for name in names), "In the paper")


def _printed_outcomes(member: ReportInputs, analysis: str) -> str:
    claims = [claim for claim in _claims(member) if claim.analysis == analysis]
    words = [
        f"{name_group(c.group)} "
        + (say_percent(c) if c.unit == "percent" else f"{format_number(c.value)} {c.unit}")
        for c in claims
    ]
    return "; ".join(words) or NOT_PRINTED


def list_verdicts(members: Sequence[ReportInputs]) -> Grid:
    """Return how many printed numbers of each study were reproduced."""
    rows = []
    for member in members:
        counts = Counter(row["verdict"] for row in _numbers(member))
        n_other = len(member.rows("scorecard")) - len(_numbers(member))
        cells = (*(counts[verdict] for verdict in VERDICTS), n_other)
        rows.append((member.protocol.study, *(format_number(cell) for cell in cells)))
    head = ("Study", *(verdict.capitalize() for verdict in VERDICTS), "No run can answer")
    return Grid("Printed numbers, counted", head, "lrrrr", tuple(rows))


def list_claims(members: Sequence[ReportInputs]) -> Grid:
    """Return every printed number that a run can answer, beside ours."""
    rows = tuple(
        (member.protocol.study, *describe_score(row))
        for member in members
        for row in _numbers(member)
    )
    head = ("Study", "The paper says", "Printed", "Here (95 % interval)", "Verdict", "Why")
    return Grid("Printed numbers beside ours", head, "llrrll", rows)
