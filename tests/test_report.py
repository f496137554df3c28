"""The report: whole, offline, honest about what it cannot say, the same on every run."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
import report_fixtures as fixtures
from report_fixtures import CANNOT

from leukocytosis.config.protocol import TableOneP
from leukocytosis.documents.results import fill_text
from leukocytosis.errors import DisclosureError
from leukocytosis.explain.places import find_in_pages
from leukocytosis.report import (
    ReportInputs,
    describe_headlines,
    write_release,
    write_report,
    write_tables,
)
from leukocytosis.report.bias import list_e_values
from leukocytosis.report.engines import list_engines
from leukocytosis.report.grids import (
    Grid,
    list_cox,
    list_overlap,
    list_proportional,
    list_risks,
    list_scorecard,
    list_table_one,
    list_tests,
    list_unestimated,
)
from leukocytosis.report.multiverse import describe_multiverse

CRUDE, ADJUSTED = (f"{model} hazard ratio (95 % interval)" for model in ("Crude", "Adjusted"))
VOID = {"meta", "br", "img", "link", "hr", "input"}
FETCHING = {"link", "img", "iframe", "object", "embed", "audio", "video", "source"}
KINDS = ("csv", "pdf", "png", "svg", "tiff", "txt")
FIGURES = (
    "study_design", "flow", "causes", "overlap", "white_counts", f"survival_{fixtures.PRIMARY}",
    f"survival_{fixtures.SURVIVAL}", "restricted_means", "forest", "standardised", "count_spline",
    "hazard_ratio_over_time",
)  # fmt: skip


class Page(HTMLParser):
    """Tags, ids, links and text of a page; notes when tags do not nest."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)
        self.text = " ".join(" ".join(self.words).replace("\u00a0", " ").split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("release")
    write_release(fixtures.inputs(), folder)
    return folder


@pytest.fixture(scope="module")
def page(release: Path) -> Page:
    return Page((release / "report.html").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def empty_page(tmp_path_factory: pytest.TempPathFactory) -> Page:
    path = tmp_path_factory.mktemp("nobody") / "report.html"
    write_report(fixtures.nobody(), path)
    return Page(path.read_text(encoding="utf-8"))


def test_a_release_holds_report_figures_and_tables(release: Path) -> None:
    names = {str(path.relative_to(release)) for path in release.rglob("*") if path.is_file()}
    figures = {f"figures/{stem}.{kind}" for stem in FIGURES for kind in KINDS}
    tables = {f"tables/{name}.csv" for name in fixtures.inputs().frames}
    assert names == {"report.html"} | figures | tables


def test_each_figure_brings_its_caption_and_alternative_text(release: Path, page: Page) -> None:
    for stem in FIGURES:
        words = (release / f"figures/{stem}.txt").read_text(encoding="utf-8")
        caption, alt = words.rstrip("\n").split("\n\n")
        assert caption.startswith("Caption (synthetic data): ")
        assert " ".join(caption.partition(": ")[2].split()) in page.text
        assert alt.startswith("Alternative text: ") and len(alt) > 40


def test_the_report_is_one_file_that_asks_the_network_for_nothing(
    release: Path, page: Page
) -> None:
    html = (release / "report.html").read_text(encoding="utf-8")
    assert len(html.encode()) < 5_000_000
    assert not [tag for tag, _ in page.tags if tag in FETCHING]
    assert not any("src" in attributes for attributes in page.all("script"))
    (policy,) = (a for a in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert (policy["content"] or "").startswith("default-src 'none';")  # the browser sees to it
    links = [a.get(key) or "" for _, a in page.tags for key in ("href", "src", "xlink:href")]
    assert {link[0] for link in links if link} == {"#"}
    assert not re.search(r"@import|url\((?!#|data:font/ttf;base64,)", html)


def test_ids_are_unique_and_every_reference_finds_one(page: Page) -> None:
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))
    wanted = [a.get(key) for _, a in page.tags for key in ("href", "xlink:href")]
    wanted += [re.sub(r"url\((.*)\)", r"\1", a["clip-path"] or "") for _, a in page.tags
               if "clip-path" in a]  # fmt: skip
    assert {link.removeprefix("#") for link in wanted if link} <= set(ids)
    assert not page.open


def test_a_reader_without_eyes_finds_the_way(page: Page) -> None:
    for landmark in ("header", "nav", "main", "footer"):
        assert len(page.all(landmark)) == 1
    assert page.all("html")[0]["lang"] == "en"
    pictures = [a for a in page.all("svg") if a.get("role") == "img"]
    assert len(page.all("figure")) == len(page.all("figcaption")) == len(FIGURES)
    assert len(pictures) == len(FIGURES)
    words = {a.get("id") for a in page.all("desc")}
    assert {a["aria-labelledby"] for a in pictures} == words and len(words) == len(FIGURES)
    assert len(page.all("table")) == len(page.all("caption"))


def test_the_answer_comes_first_with_its_intervals(page: Page) -> None:
    text = page.text
    answer = (
        "In 758 patients, the most frequent causes are haematopoietic growth factor at 68.9 % "
        "(65.5 to 72.1), infection at 14.8 % (12.4 to 17.5) and paraneoplastic leukemoid reaction "
        "at 8.8 % (7.0 to 11.1).",
        "The risk of death or discharge to hospice within 12 weeks is 29.5 % (26.6 to 32.5) in all "
        "patients, 35.7 % (32.2 to 39.3) with infection, 78 % (70 to 85) with PLR and 23.1 % "
        "(20.8 to 25.4) with another cause.",
        "Patients with PLR have the outcome sooner than patients with infection: adjusted hazard "
        "ratio 3.10 (2.20 to 4.40), p = 0.020; the primary contrast.",
    )
    then = ("Risk (1 − Kaplan–Meier)", "Brackets hold 95 %", "758 patients meet every criterion")
    places = [text.index(words) for words in (*answer, *then)]
    assert places == sorted(places)
    assert "between 8.8 % (7.0 to 11.1)" in text
    assert "and 10.2 % (8.2 to 12.5), if every undetermined patient had it" in text
    assert "Adjusted hazard ratio, other cause against infection: 0.60 (0.45 to 0.80)" in text


def test_a_synthetic_extract_is_called_synthetic_everywhere(page: Page) -> None:
    assert "Synthetic data" in page.text[:400]
    assert "(synthetic)" in page.text
    assert page.text.count("Data: synthetic.") == len(FIGURES)
    assert "against the planted truth" in page.text


def test_a_real_extract_is_not(tmp_path: Path) -> None:
    write_report(fixtures.inputs(synthetic=False), tmp_path / "report.html")
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "synthetic" not in html.lower()
    assert "planted" not in html


def test_every_reason_is_printed(page: Page) -> None:
    reasons = {row["note"] for row in fixtures.estimates() if row["estimate"] is None}
    for reason in reasons:
        assert reason.removeprefix(CANNOT) in page.text


def test_no_cell_is_blank(release: Path) -> None:
    html = (release / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"<td [^>]*>\s*</td>", html)  # without attributes: the corner of a head
    assert not re.search(r">(None|nan|NaN)<", html)


def test_methods_say_what_the_paper_states_and_what_we_chose(page: Page) -> None:
    assert "The index is the patient's first blood white count > 40 ×10⁹/L" in page.text
    assert page.text.count("operationalised") > 10
    assert "rounded half up" in page.text


def test_no_day_of_the_run_is_printed(release: Path) -> None:
    from datetime import UTC, datetime

    today = datetime.now(UTC).date()
    for path in release.rglob("*"):
        if path.suffix in (".html", ".svg", ".csv"):
            assert today.isoformat() not in path.read_text(encoding="utf-8")


def test_a_second_run_leaves_the_same_bytes(release: Path, tmp_path: Path) -> None:
    write_release(fixtures.inputs(), tmp_path)
    for path in release.rglob("*"):
        if path.is_file():
            assert (tmp_path / path.relative_to(release)).read_bytes() == path.read_bytes()


def test_a_study_without_patients_has_a_report_that_says_so(empty_page: Page) -> None:
    assert "No patient of this extract meets every criterion" in empty_page.text
    assert "there are no patients" in empty_page.text
    assert "No published numbers are declared for this study" in empty_page.text
    assert len(empty_page.all("figure")) == len(FIGURES)


def test_headlines_of_nobody_are_one_sentence() -> None:
    assert len(describe_headlines(fixtures.nobody())) == 1


def test_groups_that_share_a_reason_share_a_sentence() -> None:
    rows = [
        row | {"estimate": None, "note": CANNOT + "there are no patients in the group"}
        if row["analysis_id"] == "risk" and row["group"] in ("infection", "plr")
        else row
        for row in fixtures.estimates()
    ]
    said = " ".join(describe_headlines(fixtures.inputs(estimates=rows)))
    reason = "infection and PLR: cannot be estimated, because there are no patients in the group"
    assert reason in said


def test_a_person_level_table_is_refused(tmp_path: Path) -> None:
    frame = pd.DataFrame({"episode_id": ["x"]})
    inputs = fixtures.inputs()
    with pytest.raises(DisclosureError, match="causes: is not an aggregate table"):
        ReportInputs(inputs.protocol, inputs.manifest, {"causes": frame})
    with pytest.raises(DisclosureError):
        write_tables({"causes": frame}, tmp_path)
    assert not list(tmp_path.iterdir())


def test_tables_are_written_in_key_order_whatever_the_order_of_rows(tmp_path: Path) -> None:
    frame = fixtures.frame("estimates", fixtures.estimates())
    write_tables({"estimates": frame}, tmp_path / "a")
    write_tables({"estimates": frame.sample(frac=1, random_state=1)}, tmp_path / "b")
    written = (tmp_path / "a/estimates.csv").read_bytes()
    assert written == (tmp_path / "b/estimates.csv").read_bytes()
    assert b"\r" not in written


def test_a_median_not_reached_is_said_in_words() -> None:
    rows = [
        fixtures.estimate("median", "median", note="not reached", group="plr", n=7, n_events=1,
                          outcome_id=fixtures.PRIMARY)
    ]  # fmt: skip
    grid = list_risks(fixtures.inputs(estimates=rows), fixtures.PRIMARY)
    assert "not reached" in next(row for row in grid.rows if row[0] == "PLR")
    assert not grid.notes


def test_a_note_is_printed_once_and_pointed_to() -> None:
    grid = list_risks(fixtures.inputs(), fixtures.PRIMARY)
    assert len(grid.notes) == len(set(grid.notes)) == 3
    assert all(row[-1] == "cannot be estimated [2]" for row in grid.rows)


def test_table_one_by_cause_names_each_cause_in_the_protocols_order() -> None:
    grid = list_table_one(fixtures.inputs(), "cause")
    assert [head.replace("\u00a0", " ") for head in grid.head] == [
        "", "all patients (n = 758)", "haematopoietic growth factor (n = 569)",
        "infection (n = 112)", "paraneoplastic leukemoid reaction (n = 77)",
        "SMD, largest of any two",
    ]  # fmt: skip


def test_table_one_shows_how_far_groups_stand_apart_without_the_sign() -> None:
    rows = [*fixtures.estimates(), *fixtures.apart()]
    grid = list_table_one(fixtures.inputs(estimates=rows))
    apart = {row[0]: row[5:] for row in grid.rows}
    assert grid.head[5:] == ("SMD, PLR against infection", "SMD, other cause against infection",
                             "SMD, largest of any two")  # fmt: skip
    assert apart["age at index, years"] == ("0.23", "0.10", "0.30")
    assert apart["sex: female"] == ("0.00", "0.05", "0.05")
    assert apart["sex: male"] == ("–", "–", "–")
    assert apart["neutrophils, %"] == ("– [1]",) * 3
    why = "[1] cannot be estimated, because in neither group does any value differ from another"
    assert grid.notes[-1] == why
    # 1.96 √(1/77 + 1/112) and 1.96 √(1/569 + 1/112)
    assert "0.29 (PLR against infection) and 0.20 (other cause against infection)" in grid.notes[2]


def test_table_one_has_p_values_only_where_the_protocol_asks() -> None:
    test = fixtures.estimate("table_one_test", "sex", 3.1, p_value=0.0412)
    inputs = fixtures.inputs(estimates=[*fixtures.estimates(), test])
    assert "p" not in list_table_one(inputs).head
    asked = TableOneP(basis="operationalised", source="the journal")
    analyses = inputs.protocol.analyses.model_copy(update={"table_one_p": asked})
    asking = replace(inputs, protocol=inputs.protocol.model_copy(update={"analyses": analyses}))
    rows = {row[0]: row[-1] for row in list_table_one(asking).rows}
    assert rows["sex: female"] == "0.041"
    assert any("Kruskal–Wallis" in note for note in list_table_one(asking).notes)


def test_a_variable_of_table_one_that_was_not_tested_says_so_and_why() -> None:
    why = CANNOT + "one of the groups has fewer than 2 patients with a value"
    test = fixtures.estimate("table_one_test", "sex", note=why)
    inputs = fixtures.inputs(estimates=[*fixtures.estimates(), test])
    asked = TableOneP(basis="operationalised", source="the journal")
    analyses = inputs.protocol.analyses.model_copy(update={"table_one_p": asked})
    asking = replace(inputs, protocol=inputs.protocol.model_copy(update={"analyses": analyses}))
    grid = list_table_one(asking)
    (cell,) = [row[-1] for row in grid.rows if row[0] == "sex: female"]
    assert cell.startswith("not tested [") and f"{cell.split()[-1]} {why}" in grid.notes


def test_a_hidden_column_of_table_one_says_so() -> None:
    gone = dict.fromkeys(("n", "n_missing", "value", "spread_low", "spread_high"))
    rows = [{**row, **gone} if row["group"] == "plr" else row for row in fixtures.table_one()]
    grid = list_table_one(fixtures.inputs(table_one=rows))
    assert "PLR (hidden)" in grid.head
    assert {row[grid.head.index("PLR (hidden)")] for row in grid.rows} == {"hidden"}


def test_table_one_counts_the_missing() -> None:
    rows = {row[0]: row[1:5] for row in list_table_one(fixtures.inputs()).rows}
    assert rows["neutrophils, %: missing"] == ("7", "7", "7", "7")
    assert "age at index, years: missing" not in rows
    assert rows["sex: female"][0].replace("\u00a0", " ") == "394 (52.0 %)"


def test_the_scorecard_shows_published_beside_ours_and_why() -> None:
    rows = {row[0]: row[1:] for row in list_scorecard(fixtures.inputs()).rows}
    differs = rows["112 of 758 counts were attributed to infection"]
    assert [cell.replace("\u00a0", " ") for cell in differs] == [
        "14.8 %", "20.0 % (17.0 to 23.0)", "differs", "our interval does not cover it",
    ]  # fmt: skip
    stable = rows["patients with PLR were typically clinically stable"]
    assert stable[:3] == ("no number", "not shown", "cannot be assessed here")


def test_a_model_that_failed_says_why_in_each_row_and_has_no_1_for_its_reference() -> None:
    why = CANNOT + "there are no patients with infection to compare with"
    terms = ("cause group: plr against infection", "age (per 10 years)", "metastatic")
    rows = [
        fixtures.estimate(analysis, term, note=why, outcome_id=fixtures.PRIMARY)
        for analysis in ("cox_adjusted", "proportional_hazards_adjusted")
        for term in terms
    ]
    inputs = fixtures.inputs(estimates=rows)
    grid, (test,) = list_cox(inputs, fixtures.PRIMARY), list_proportional(inputs).rows
    adjusted = dict(zip(column(grid, ""), column(grid, ADJUSTED), strict=True))
    assert adjusted["infection"] == "reference"
    for label in ("PLR", "age (per 10 years)", "metastasis coded up to the index: yes"):
        assert adjusted[label] == "cannot be estimated [1]"
    assert grid.notes == (f"[1] {why}",)
    assert test[2] == "all terms"


def test_models_stand_side_by_side_with_their_reference_rows() -> None:
    levels = [
        fixtures.estimate("level_events", f"sex: {sex}", n=n, n_events=events,
                          outcome_id=fixtures.PRIMARY)
        for sex, n, events in (("female", 400, 120), ("male", 358, 99))
    ]  # fmt: skip
    alone = fixtures.estimate("cox_crude", "sex: male against female", 1.05, ci_low=0.9,
                              ci_high=1.2, outcome_id=fixtures.PRIMARY)  # fmt: skip
    grid = list_cox(fixtures.inputs(estimates=[*fixtures.estimates(), *levels, alone]),
                    fixtures.PRIMARY)  # fmt: skip
    rows = {row[0]: [cell.replace("\u00a0", " ") for cell in row[1:]] for row in grid.rows}
    crude, adjusted = grid.head.index(CRUDE) - 1, grid.head.index(ADJUSTED) - 1
    assert rows["infection"][crude] == rows["infection"][adjusted] == "1 (reference)"
    assert rows["sex: female"] == ["400", "120", "1 (reference)", "1 (reference)", "–"]
    assert rows["sex: male"][:4] == ["358", "99", "1.05 (0.90 to 1.20)", "0.97 (0.78 to 1.20)"]
    assert rows["PLR"][adjusted].startswith("3.10 (2.20 to 4.40)")
    assert [row[0] for row in grid.rows][:3] == ["infection", "PLR", "other cause"]


def showing_every_p() -> ReportInputs:
    inputs = fixtures.inputs()
    analyses = inputs.protocol.analyses.model_copy(update={"show_p": "all"})
    return replace(inputs, protocol=inputs.protocol.model_copy(update={"analyses": analyses}))


def column(grid: Grid, name: str) -> list[str]:
    return [row[grid.head.index(name)].replace("\u00a0", " ") for row in grid.rows]


def test_tests_name_their_groups() -> None:
    grid = list_tests(showing_every_p())
    p_values = dict(zip(column(grid, "Groups"), column(grid, "p"), strict=True))
    assert p_values["all groups"] == "< 0.001"
    assert p_values["infection against other cause"] == "0.031"
    assert column(grid, "χ²")[0] == "80.2 [1]"


def test_only_the_primary_contrast_shows_its_p(page: Page) -> None:
    inputs = fixtures.inputs()
    for grid in (
        list_tests(inputs),
        list_proportional(inputs),
        list_cox(inputs, fixtures.SURVIVAL),
    ):
        assert not {"p", "p, crude", "p, adjusted"} & {*grid.head} and grid.rows
    cox = list_cox(inputs, fixtures.PRIMARY)
    shown = zip(column(cox, ""), column(cox, "p, adjusted"), strict=True)
    assert {label: p for label, p in shown if "0" in p} == {"PLR": "0.020"}
    assert "p, crude" not in cox.head
    assert "3.10 (2.20 to 4.40), p = 0.020; the primary contrast" in page.text
    assert re.findall(r"\bp [=<>] [\d.]+", page.text) == ["p = 0.020"]


def test_every_p_is_shown_when_the_protocol_asks() -> None:
    inputs = showing_every_p()
    assert column(list_proportional(inputs), "p")
    cox = list_cox(inputs, fixtures.SURVIVAL)
    assert column(cox, "p, adjusted").count("0.020") >= 4 and "0.020" in column(cox, "p, crude")


def test_hidden_counts_are_not_shown_as_zero() -> None:
    rows = [fixtures.estimate("overlap", "plr", 0.01) | {"n_events": None, "estimate": None,
            "note": "hidden by the disclosure policy"}]  # fmt: skip
    ((_, count, share),) = list_overlap(fixtures.inputs(estimates=rows)).rows
    assert (count, share) == ("not shown", "hidden [1]")


def test_a_rounded_count_is_not_mistaken_for_an_empty_cohort() -> None:
    hidden = "hidden: rests on fewer than 5 patients or would reveal such"
    rows = [
        row | {"estimate": None, "n": None, "n_events": None, "note": hidden}
        for row in fixtures.estimates()
    ]
    steps = [row | {"n_patients_before": 0, "n_patients_left": 0} for row in fixtures.attrition()]
    said = describe_headlines(fixtures.inputs(estimates=rows, attrition=steps))
    assert said[0].endswith("is not shown: their number is too small.")


def test_levels_of_table_one_are_named_and_ordered_for_readers() -> None:
    row = next(row for row in fixtures.table_one() if row["group"] == "infection")
    row = row | {"statistic": "percent"}
    rows = [
        row | {"variable": variable, "level": level}
        for variable, level in (("cause", "growth_factor"), ("metastasis coded", "True"),
                                ("tumour", "upper_gi"), ("sex", "male"))
    ]  # fmt: skip
    assert [row[0] for row in list_table_one(fixtures.inputs(table_one=rows)).rows] == [
        "sex: male", "tumour: oesophagus and stomach", "metastasis coded: yes",
        "cause: haematopoietic growth factor",
    ]  # fmt: skip


def test_what_cannot_be_estimated_is_listed_by_reason() -> None:
    rows = dict(list_unestimated(fixtures.inputs()).rows)
    reason = "no patient without metastasis had an event (the likelihood has no maximum)"
    assert "cox adjusted: metastasis coded up to the index" in rows[reason]


def review_rows(in_use: int | None) -> list[dict[str, object]]:
    labels = {"answered": 60, "open": 4, "one reviewer": 0, "in use": in_use, "changed": in_use}
    pairs = {"agreement": 0.8, "kappa": 0.75, "ac1": 0.77}
    accuracy = {"group": "plr", "n": 12, "n_events": 8}
    return [
        *(fixtures.estimate("review_labels", term, 0.1, n=758, n_events=n)
          for term, n in labels.items()),
        *(fixtures.estimate("review_agreement", f"{measure}:anna+ben", value, n=60, n_events=48,
                            ci_low=value - 0.1, ci_high=value + 0.1, group=group)
          for measure, value in pairs.items() for group in ("all", "plr")),
        fixtures.estimate("review_accuracy", "sensitivity", 0.93, ci_low=0.6, ci_high=0.99,
                          **accuracy),
        fixtures.estimate("review_accuracy", "ppv",
                          note=CANNOT + "the sample was chosen actively", **accuracy),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("in_use", "said"),
    [
        (0, "All causes in this report are those of the rules."),
        (9, "adjudicated for 9 patients and those of the rules for all others"),
        (None, "adjudicated for a few (hidden) patients"),
    ],
)
def test_a_review_says_whose_labels_were_used(
    tmp_path: Path, in_use: int | None, said: str
) -> None:
    rows = [*fixtures.estimates(), *review_rows(in_use)]
    write_report(fixtures.inputs(estimates=rows), tmp_path / "report.html")
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert html.count(said) == 3  # beside the causes, in the methods, with the review
    assert html.count("Reviewers answered 60 of 758 charts; on 4 of them they still disagree") == 3
    assert "0.75 (0.65 to 0.85)" in html.replace("\u00a0", " ")
    assert "the sample was chosen actively" in html


def test_without_a_review_the_report_does_not_speak_of_one(release: Path) -> None:
    assert "Chart review" not in (release / "report.html").read_text(encoding="utf-8")


def test_the_share_of_few_with_a_gap_is_whole() -> None:
    from leukocytosis.report.estimators import describe_gaps

    rows = [fixtures.share("missing_covariates", "any", 6, 8)]
    told = describe_gaps(fixtures.inputs(estimates=rows)).replace("\u00a0", " ")
    assert told == "6 of 8 patients (75 %) lack a covariate of the adjusted model."


def test_what_cannot_be_estimated_is_named_in_readers_words() -> None:
    pair = fixtures.estimate("standardised_difference_by_cause", "age", note=CANNOT + "few",
                             group="plr against corticosteroid")  # fmt: skip
    cut = fixtures.estimate("cox_adjusted", "cause group: plr against infection",
                            note=CANNOT + "no")  # fmt: skip
    rows = dict(list_unestimated(fixtures.inputs(estimates=[pair, cut])).rows)
    assert rows["few"].endswith("age, PLR against high-dose corticosteroid")
    assert rows["no"] == "cox adjusted: PLR against infection"


def test_no_table_of_a_run_has_an_empty_cell_or_a_group_by_its_id(synthetic: ReportInputs) -> None:
    verse = describe_multiverse(synthetic)
    assert verse is not None
    cells = [cell for row in verse["alone"].rows for cell in row]
    assert cells and all(cell.strip() for cell in cells) and "none" not in cells
    left_out = " ".join(cell for row in list_unestimated(synthetic).rows for cell in row)
    assert "lost of PLR" in left_out and "plr" not in left_out.split()


def test_both_engines_are_printed_to_the_same_digits_as_their_intervals() -> None:
    row = fixtures.share("cause_shares", "plr", 67, 758)
    second = row | {"analysis_id": "second_engine_cause_shares"}
    (cells,) = list_engines(fixtures.inputs(estimates=[row, second])).rows
    ours = cells[1].replace("\u00a0", " ")
    assert ours == f"{67 / 758:.6g} ({row['ci_low']:.6g} to {row['ci_high']:.6g})"


def test_notes_are_numbered_in_the_order_in_which_they_are_read() -> None:
    pair = "plr against infection"
    rows = [
        fixtures.estimate("e_value", term, 2.0, group=pair, note="converted")
        for term in ("estimate", "interval")
    ]
    ratio = {"ci_low": 2.2, "ci_high": 4.4, "outcome_id": fixtures.PRIMARY, "note": "left out"}
    rows.append(fixtures.estimate("cox_adjusted", f"cause group: {pair}", 3.1, **ratio))
    (cells,) = list_e_values(fixtures.inputs(estimates=rows)).rows
    assert [cell.rsplit(" ", 1)[-1] for cell in cells[1:]] == ["[1]", "[2]", "[2]"]


def test_a_limit_that_the_data_cannot_tell_is_bounded_everywhere_but_in_the_tables_to_read_on(
    tmp_path: Path,
) -> None:
    huge = {"ci_low": 0.0002, "ci_high": 318918.39}
    rows = [
        row | huge if row["analysis_id"] == "cox_adjusted" and row["estimate"] else row
        for row in fixtures.estimates()
    ]
    inputs = fixtures.inputs(estimates=rows)
    write_report(inputs, tmp_path / "report.html")
    write_tables(inputs.frames, tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8").replace("\u00a0", " ")
    assert "318" not in re.sub(r"<svg.*?</svg>", "", page, flags=re.DOTALL)
    pair = "PLR against infection"
    (told,) = (words for words in describe_headlines(inputs) if f"hazard ratio, {pair}" in words)
    words = "3.10 (below 0.001 to above 1,000)"
    cells = [cell.replace("\u00a0", " ") for cell in list_cox(inputs, fixtures.PRIMARY).rows[1]]
    assert words in told and words in cells and page.count(words) > 2
    text = fill_text(inputs, (fixtures.ROOT / "config/texts/results.md").read_text("utf-8"))
    said = {bound.words for bound in text.bound if "ci_low" in bound.columns}
    assert "below 0.001 to above 1,000 (3.10)" in said
    assert "318918.39" in (tmp_path / "estimates.csv").read_text(encoding="utf-8")


def test_above_1_000_is_no_number_to_ask_for(tmp_path: Path) -> None:
    (tmp_path / "headlines.txt").write_text("2.00 (0.31 to above\u00a01,000) of 1,000\n", "utf-8")
    assert list(find_in_pages("1,000", tmp_path)) == ["headlines.txt (1)"]
    assert not list(find_in_pages("0.001", tmp_path))
