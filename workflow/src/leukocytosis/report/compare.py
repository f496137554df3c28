"""One page that sets the studies of a family beside each other on one extract."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from leukocytosis.figures.compare import PANELS, Pair, draw_comparison
from leukocytosis.figures.style import save_figure
from leukocytosis.prose import format_number, is_known, name_group
from leukocytosis.report.grids import Grid, Notes, show_number, show_percent
from leukocytosis.report.inputs import ReportInputs
from leukocytosis.report.release import Drawing, inline_drawing, page_environment
from leukocytosis.scorecard import CANNOT, DIFFERS, REPRODUCED

NAME = "studies"


def write_comparison(members: Sequence[ReportInputs], folder: Path) -> None:
    """Write studies.html and its figure into a release folder; one study per member."""
    mark = members[0].mark
    drawing = Drawing(
        NAME, NAME, "Shares of infection and PLR by study on this extract, with 95 % Wilson "
        "intervals, and the share each paper printed. Populations and thresholds differ by "
        "study: rows are not comparable with each other as if they were one cohort.",
        "Dot plot of the shares by study; the table below has the same numbers.",
        draw_comparison(list_pairs(members)),
    )  # fmt: skip
    save_figure(drawing.figure, folder / "figures", NAME, mark)
    page = page_environment().get_template("studies.html.j2")
    html = page.render(
        manifest=members[0].manifest,
        picture=inline_drawing(drawing, mark),
        members=[_describe_member(member) for member in members],
        tables=[list_cohorts(members), list_shares(members), list_outcomes(members)],
        verdicts=list_verdicts(members),
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{NAME}.html").write_text(html, encoding="utf-8")


def list_pairs(members: Sequence[ReportInputs]) -> list[Pair]:
    """Return the shares of infection and PLR: ours and the printed ones."""
    return [
        Pair(member.protocol.study, cause, member.estimate("cause_shares", term=cause),
             _printed(member, cause))
        for member in members
        for cause in PANELS
    ]  # fmt: skip


def _printed(member: ReportInputs, cause: str) -> float | None:
    claims = member.claims.claims if member.claims else ()
    wanted = ("cause_shares", cause)
    return next((c.value for c in claims if (c.analysis, c.term) == wanted), None)


def _describe_member(member: ReportInputs) -> dict[str, str]:
    protocol = member.protocol
    place = f"../../../studies/{protocol.study}/{member.manifest.extract}/release/report.html"
    return {"study": protocol.study, "title": protocol.title, "question": protocol.question,
            "citation": protocol.citation, "report": place}  # fmt: skip


def list_cohorts(members: Sequence[ReportInputs]) -> Grid:
    """Return threshold, population and size of each study."""
    rows = []
    for member in members:
        protocol, above = member.protocol, member.protocol.index.above
        include = [criterion.title for criterion in protocol.population.include]
        rows.append((
            protocol.study, f"{above.operator} {above.value:g}", "; ".join(include) or "all comers",
            format_number(member.n_cohort),
        ))  # fmt: skip
    head = ("Study", "Count, ×10⁹/L", "Who enters", "Patients here")
    return Grid("The cohorts", head, "lrlr", tuple(rows))


def list_shares(members: Sequence[ReportInputs]) -> Grid:
    """Return the shares of infection and PLR, ours beside the printed ones."""
    notes = Notes()
    rows = []
    for member in members:
        cells = [member.protocol.study]
        for cause in PANELS:
            printed = _printed(member, cause)
            cells.append(show_percent(member.estimate("cause_shares", term=cause), notes))
            cells.append("not printed" if printed is None else f"{format_number(printed, 1)} %")
        cells.append(show_percent(member.estimate("plr_interval", term="plr_wide"), notes))
        rows.append(tuple(cells))
    head = ("Study", "Infection here", "printed", "PLR here", "printed", "PLR or undetermined here")
    return Grid("Shares (95 % Wilson intervals)", head, "lrrrrr", tuple(rows), notes.numbered)


def list_outcomes(members: Sequence[ReportInputs]) -> Grid:
    """Return 12-week risk and median survival by group, or why there is none."""
    notes = Notes()
    rows = []
    for member in members:
        analyses = member.protocol.analyses
        outcome = next(o for o in member.protocol.outcomes if o.id == analyses.primary_outcome)
        for group in analyses.groups:
            at = {"outcome_id": outcome.id, "group": group}
            risk = member.estimate("risk", time_days=float(outcome.horizon_days), **at)
            median = member.estimate("median", outcome_id=analyses.survival_outcome, group=group)
            rows.append((member.protocol.study, name_group(group), show_percent(risk, notes),
                         show_number(median, notes, 0)))  # fmt: skip
    head = ("Study", "Group", "Risk of the primary outcome at its horizon",
            "Median survival, days")  # fmt: skip
    caption = "Outcomes by group (Kaplan–Meier, 95 % intervals)"
    return Grid(caption, head, "llrr", tuple(rows), notes.numbered)


def list_verdicts(members: Sequence[ReportInputs]) -> Grid:
    """Return how many published numbers of each study were reproduced."""
    verdicts = (REPRODUCED, DIFFERS, CANNOT)
    rows = []
    for member in members:
        counts = Counter(row["verdict"] for row in member.rows("scorecard"))
        sizes = [row["n"] for row in member.estimates("cause_shares") if is_known(row["n"])]
        rested = format_number(sizes[0]) if sizes else "not shown"
        rows.append((member.protocol.study, *(str(counts[v]) for v in verdicts), rested))
    head = ("Study", *(verdict.capitalize() for verdict in verdicts), "Patients behind ours")
    return Grid("Published numbers", head, "lrrrr", tuple(rows))
