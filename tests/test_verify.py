"""A run by Snakemake, asked: what is this number, is it right, what was it made from."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from browser import CHROMIUM, Browser
from test_workflow import copy, edit, run, study  # noqa: F401

from leukocytosis.config import load_policy
from leukocytosis.disclosure import disclose
from leukocytosis.errors import ConfigError, DifferenceError, LeukocytosisError, OutputError
from leukocytosis.explain import explain_number
from leukocytosis.explain.places import find_cells, name_row
from leukocytosis.explain.register import find_entry, load_register
from leukocytosis.provenance import recorded
from leukocytosis.release import load_inputs
from leukocytosis.report import ReportInputs
from leukocytosis.store import connect, write_frame
from leukocytosis.tables import BY_NAME, analysis_set_table
from leukocytosis.verify import Verdict, verify
from leukocytosis.verify.compare import is_equal
from leukocytosis.verify.hashes import check_raw_files, check_records, check_release
from leukocytosis.verify.recompute import ESTIMATED, load_project

pytestmark = pytest.mark.workflow
STUDY, EXTRACT = "results/studies/granger2009/tiny", "results/extracts/tiny"
RELEASE = f"{STUDY}/release"


@pytest.fixture(scope="module")
def project(copy: Path) -> Path:  # noqa: F811
    """The folder of a project in which the study was run on the tiny extract."""
    made = study(copy)
    assert made.returncode == 0, made.stderr
    return copy


@pytest.fixture(scope="module")
def inputs(project: Path) -> ReportInputs:
    return load_inputs("granger2009", "tiny", project)


@pytest.fixture(scope="module")
def ask(project: Path, inputs: ReportInputs) -> Callable[[str], str]:
    return lambda name: explain_number(name, inputs, project / STUDY, project / EXTRACT)


@pytest.fixture
def spoil(project: Path) -> Iterator[Callable[[str], Path]]:
    """Return a file of the project to be spoilt; it is as it was afterwards."""
    kept: dict[Path, bytes] = {}

    def take(name: str) -> Path:
        path = project / name
        kept[path] = path.read_bytes()
        return path

    yield take
    for path, content in kept.items():
        path.write_bytes(content)


def check(project: Path) -> Verdict:
    return verify("granger2009", "tiny", project)


def test_what_a_run_released_is_what_is_made_again(project: Path) -> None:
    found = check(project)
    assert found.differences == []
    counts = {tally.what: tally.equal for tally in found.tallies}
    rows = len(pd.read_csv(project / STUDY / "release/tables/estimates.csv"))
    assert counts["table estimates"] == rows
    for text in ("methods", "results"):
        numbers = pd.read_csv(project / RELEASE / f"manuscript/{text}_numbers.csv")
        assert counts[f"numbers of the {text}"] == len(numbers) > 20
    assert counts["raw files"] == 7 and counts["records of tables"] > 100
    assert "ledger: read where it stands" in str(found)  # and so not counted as equal
    assert counts["table ledger"] == 0


def test_from_the_raw_files_nothing_is_only_read(project: Path) -> None:
    found = verify("granger2009", "tiny", project, "raw")
    assert found.differences == []
    assert not [line for tally in found.tallies for line in tally.cannot]
    assert {t.what: t.equal for t in found.tallies}["table ledger"] > 0


def test_what_a_run_was_set_to_is_made_again_whatever_config_yaml_says_now(
    project: Path, spoil: Callable[[str], Path]
) -> None:
    config = spoil("config/config.yaml")
    edit(config, "seed: 2009", "seed: 7")
    edit(config, "draws: 1000", "draws: 50")
    assert check(project).differences == []


def test_a_table_that_does_not_say_what_its_step_was_set_to_is_not_made_again(
    project: Path, spoil: Callable[[str], Path], tmp_path: Path
) -> None:
    path = spoil(f"{STUDY}/multiverse.parquet")
    with connect(tmp_path / "spill") as con:
        write_frame(con, pd.read_parquet(path), BY_NAME["multiverse"], path)
    with pytest.raises(OutputError, match="multiverse: carries no record of its settings"):
        check(project)


def test_numbers_changed_in_table_text_report_and_figure_are_caught_and_named(
    project: Path, spoil: Callable[[str], Path]
) -> None:
    path = spoil(f"{RELEASE}/tables/estimates.csv")
    rows = pd.read_csv(path)
    at = rows.index[rows["estimate"].between(0.2, 0.8)][0]
    rows.loc[at, "estimate"] += 0.01
    rows.to_csv(path, index=False)
    for name, old, new in (
        ("manuscript/results_numbers.csv", "28", "29"),
        ("report.html", "28 patients", "29 patients"),
        ("figures/flow.csv", "30", "31"),
    ):
        page = spoil(f"{RELEASE}/{name}")
        page.write_text(page.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    told = run(project, "leukocytosis", "verify", "granger2009", "tiny")
    assert told.returncode == DifferenceError.exit_code == 19
    place = rows.loc[at, ["analysis_id", "outcome_id", "group", "term"]]
    assert f"table estimates {'/'.join(place)}" in told.stderr
    for line in ("numbers of the results 1: words released 29, made again 28", "report.html, line",
                 "figure flow row (", "figures/flow.csv: released"):  # fmt: skip
        assert line in told.stderr


def test_a_raw_file_that_changed_and_one_that_is_gone_are_told_apart(
    project: Path, spoil: Callable[[str], Path]
) -> None:
    asked = load_project("granger2009", "tiny", project)
    raw = spoil("tests/data/tiny/drugs.csv")
    raw.write_bytes(raw.read_bytes() + b"\n")
    tally = check_raw_files(asked)
    assert len(tally.differs) == 1 and tally.differs[0].startswith("raw drugs 1: ")
    raw.unlink()
    tally = check_raw_files(asked)
    assert (tally.differs, tally.cannot) == ([], ["raw drugs 1: is not here any more"])


def test_a_table_made_by_something_else_breaks_the_chain(
    project: Path, spoil: Callable[[str], Path], tmp_path: Path
) -> None:
    asked = load_project("granger2009", "tiny", project)
    path = spoil(f"{STUDY}/analysis_set.parquet")
    with recorded("by hand", [("code", "cohort 0")], []), connect(tmp_path / "spill") as con:
        table = analysis_set_table(outcome.id for outcome in asked.protocol.outcomes)
        write_frame(con, pd.read_parquet(path), table, path)
    told = check_records(asked).differs
    assert {line.partition(": released")[0] for line in told} == {
        "analysis_set: code", *(f"{name}: input analysis_set" for name in ESTIMATED)
    }  # fmt: skip


def test_a_file_nobody_recorded_and_a_table_that_is_gone_differ(
    project: Path, spoil: Callable[[str], Path]
) -> None:
    spoil(f"{RELEASE}/tables/estimates.csv").unlink()
    strange = project / RELEASE / "tables/more.csv"
    strange.write_text("a\n")
    told = check_release(load_project("granger2009", "tiny", project)).differs
    strange.unlink()
    assert told[0].startswith("tables/estimates.csv: released") and "not there" in told[0]
    assert told[1:] == ["tables/more.csv: released, and the record does not name it"]


def test_numbers_are_compared_as_numbers_and_words_as_words() -> None:
    assert is_equal("0.30000000000000004", "0.3") and not is_equal("0.3000001", "0.3")
    assert is_equal("", "") and not is_equal("", "0")
    assert not is_equal("hidden", "0.3")


def test_without_a_run_nothing_can_be_verified(project: Path, tmp_path: Path) -> None:
    (tmp_path / "config").symlink_to(project / "config")
    with pytest.raises(OutputError, match="leukocytosis run granger2009 tiny"):
        check(tmp_path)


def test_every_row_of_a_run_has_a_formula(inputs: ReportInputs) -> None:
    for table in inputs.frames:
        for row in inputs.rows(table):
            assert find_entry(table, row).formula
    with pytest.raises(ConfigError, match="nothing of estimates: new"):
        find_entry("estimates", {"analysis_id": "new"})


def test_the_register_names_code_that_exists_and_analyses_once() -> None:
    named = []
    for entry in load_register().numbers:
        for code in entry.code:
            module, _, function = code.partition(":")
            assert callable(getattr(importlib.import_module(f"leukocytosis.{module}"), function))
        named += [
            (t, one) for t, some in entry.of.items() for one in ([some] * (some == "all") or some)
        ]
    assert len(named) == len(set(named))


def test_a_number_is_explained_from_the_text_to_the_raw_rows(
    ask: Callable[[str], str], project: Path
) -> None:
    reference = "estimates/group_shares/-/all/other"
    told = ask(reference)
    assert "prop.test" in told and "Wilson 1927" in told
    assert "survival/proportion.py:fit_proportion" in told
    assert "population.include.solid_tumour" in told and "[operationalised; the paper" in told
    for step in ("estimate: record", "classify_causes: record", "standardise: record"):
        assert step in told
    raw = pd.read_parquet(project / EXTRACT / "raw_files.parquet")
    assert all(digest in told for digest in raw["sha256"])
    lines = (project / "tests/data/tiny/drugs.csv").read_text().splitlines()
    assert f"drugs: {len(lines) - 1} raw rows" in told
    assert "analysis set: 28 patients" in told


def test_a_number_of_the_text_is_found_where_it_stands(ask: Callable[[str], str]) -> None:
    told = ask("28")
    assert "results, number 1 (28): attrition/" in told
    assert "report.html (" in told and "manuscript/results.md (" in told


def test_several_rows_that_print_alike_are_listed_and_none_is_chosen(
    ask: Callable[[str], str],
) -> None:
    told = ask("1")
    assert "ask for a row" in told and "## Formula" not in told


def test_what_no_row_prints_and_what_no_row_is_are_refused(ask: Callable[[str], str]) -> None:
    with pytest.raises(LeukocytosisError, match="no released row prints so"):
        ask("123456.789")
    with pytest.raises(LeukocytosisError, match="did you mean 'estimates/group_shares/-/all/plr'"):
        ask("estimates/group_shares/-/all/plrr")


def test_a_hidden_number_is_not_explained_open(inputs: ReportInputs, project: Path) -> None:
    policy = load_policy(project / "config/policies/default.yaml")
    closed = replace(inputs, frames=disclose(dict(inputs.frames), policy))
    shown = {name_row("estimates", row): row for row in closed.rows("estimates")}
    hidden = [
        row for row in inputs.rows("estimates")
        if row["estimate"] is not None and shown[name_row("estimates", row)]["estimate"] is None
    ]  # fmt: skip
    assert len(hidden) > 50
    for row in hidden[::150]:
        reference = name_row("estimates", row)
        told = explain_number(reference, closed, project / STUDY, project / EXTRACT)
        assert "estimate: none, or not shown" in told and f"estimate: {row['estimate']}" not in told
        found = find_cells(f"{row['estimate']:.6f}", closed)
        assert reference not in {cell.reference for cell in found if cell.column == "estimate"}


def test_no_answer_names_a_patient(ask: Callable[[str], str], project: Path) -> None:
    told = ask("28") + ask("estimates/group_shares/-/all/other")
    patients = pd.read_csv(project / "tests/data/tiny/patients.csv")["patient"]
    assert not [patient for patient in patients if f"{patient}" in told.split()]
    assert str(project) not in told


def test_a_number_a_rule_and_a_row_are_told_apart(project: Path) -> None:
    rule = run(project, "leukocytosis", "explain", "infection_code", "granger2009", "tiny")
    assert rule.returncode == 0 and "## Query" in rule.stdout
    number = run(project, "leukocytosis", "explain", "28", "granger2009", "tiny")
    assert number.returncode == 0 and number.stdout.startswith("# 28\n")


@pytest.fixture(scope="module")
def page(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Snakemake's own report of the run."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    config = ("--config", "study=granger2009", "extract=tiny")
    made = run(project, "snakemake", "--report", str(path), *config)
    assert made.returncode == 0, made.stderr
    return path


def test_snakemakes_own_report_holds_captions_and_categories(project: Path, page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for name, category in {
        "figures/flow.svg": "Figures",
        "tables/estimates.csv": "Tables",
        "manuscript/results.docx": "Manuscript",
        "report.html": "Report",
    }.items():
        assert f'"{RELEASE}/{name}": {{' in text and f'"{category}": {{' in text
    caption = (project / RELEASE / "figures/flow.txt").read_text(encoding="utf-8").splitlines()[0]
    assert caption.partition(": ")[2] in text  # the figure's own, beside it
    assert "Table <em>estimates</em> of study granger2009 on\\ntiny, unrounded" in text


@pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed")
def test_snakemakes_own_report_opens_without_a_network(page: Path, tmp_path: Path) -> None:
    with Browser(tmp_path / "browser") as browser:
        browser.open(page)
        browser.wait("document.body.innerText.includes('Figures')")
        shown = str(browser.ask("document.body.innerText"))
        assert all(name in shown for name in ("Figures", "Manuscript", "Report", "Tables"))
        assert not [url for url in browser.requests if url.startswith("http")]
