"""The methods section: made from the protocol, each number held against the key it stands under."""

from __future__ import annotations

import csv
import hashlib
import importlib
import re
from collections import Counter
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import docx
import pytest
from conftest import protocol_of
from report_fixtures import BACKGROUND, ROOT, inputs

from leukocytosis.config import Protocol, load_references
from leukocytosis.documents import write_manuscript
from leukocytosis.documents.filling import Text
from leukocytosis.documents.methods import fill_methods, list_choices, list_codelists
from leukocytosis.documents.sections import check_sentence, find_numbers, find_section
from leukocytosis.errors import ConfigError, TextError
from leukocytosis.prose import describe_protocol, list_methods, list_uses
from leukocytosis.prose.citations import Citations, find_cited
from leukocytosis.prose.settings import SETTINGS
from leukocytosis.report.release import write_report

TEXTS = ROOT / "config/texts"
TEMPLATE = (TEXTS / "methods.md").read_text(encoding="utf-8")
STUDIES = sorted(path.stem for path in (ROOT / "config/studies").glob("*.yaml"))
WORKS = BACKGROUND.references


def filled(study: Protocol | None = None) -> Text:
    given = inputs()
    return fill_methods(replace(given, protocol=study) if study else given, TEMPLATE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("manuscript")
    write_manuscript(inputs(), TEXTS, place)
    return place


@pytest.mark.parametrize("study", STUDIES)
def test_each_study_has_methods_whose_numbers_are_its_own(study: str) -> None:
    text = filled(protocol_of(study))
    assert text.bound and text.references
    threshold = f"{protocol_of(study).index.above.value:g} ×10⁹/L"
    assert threshold in next(b.words for b in text.bound if b.key == "index")


def test_the_methods_follow_the_protocol() -> None:
    study = protocol_of("granger2009")
    rule = study.rule("infection_code")
    changed = rule.model_copy(update={"window": rule.window.model_copy(update={"from_day": -11})})
    evidence = tuple(changed if r.id == rule.id else r for r in study.evidence)
    text = filled(study.model_copy(update={"evidence": evidence})).markdown
    assert "the list infection, from 11 days before to 7 days after the index" in text


def test_a_number_typed_into_the_methods_fails() -> None:
    with pytest.raises(TextError, match="'Followed for 84 days from' is bound to no row"):
        fill_methods(inputs(), "Followed for 84 days from day 0.\n")


@pytest.mark.parametrize(
    ("text", "strange"),
    [("From 8 days before.", "8"), ("Fewer than 21 patients, 95 % intervals.", "21")],
)
def test_a_sentence_may_hold_no_number_that_its_keys_do_not(text: str, strange: str) -> None:
    keys, settings = ("evidence.infection_code",), ("survival.permutation.SMALL_GROUP",)
    study = protocol_of("granger2009")
    check_sentence(study, "Within 7 days, of 20 patients.", keys, settings, "here")
    with pytest.raises(TextError, match=f"the number {strange} is not in evidence.infection_code"):
        check_sentence(study, text, keys, settings, "here")


def test_a_section_is_named_by_its_ids() -> None:
    study = protocol_of("granger2009")
    window = find_section(study, "evidence.infection_code.window")
    assert (window["from_day"], window["to_day"]) == (-7, 7)
    assert set(find_numbers(window)) == {7.0}
    with pytest.raises(KeyError):
        find_section(study, "evidence.infection_cod")


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_in_the_methods_is_that_of_the_code(name: str) -> None:
    module, _, constant = name.rpartition(".")
    assert getattr(importlib.import_module(f"leukocytosis.{module}"), constant) == SETTINGS[name]


def test_every_work_cited_is_listed_and_every_work_listed_is_cited() -> None:
    study = protocol_of("granger2009")
    cited = set(find_cited(TEMPLATE))
    cited |= {name for method in list_methods(study) for name in find_cited(method.text)}
    text = filled()
    assert cited <= set(WORKS)
    assert set(text.references) == {str(work) for work in WORKS.values()}
    assert len(text.references) == len(set(text.references))
    numbers = [int(n) for group in re.findall(r"\[([\d, ]+)\]", text.markdown)
               for n in group.split(", ")]  # fmt: skip
    assert list(dict.fromkeys(numbers)) == list(range(1, len(text.references) + 1))


def test_only_what_the_protocol_runs_is_cited() -> None:
    study = protocol_of("granger2009")
    fewer = study.model_copy(update={
        "treatment": None, "sensitivity": None, "outcomes": study.outcomes[1:],
        "analyses": study.analyses.model_copy(update={
            "count_bands_1e9_per_l": (),
            "primary_contrast": study.analyses.primary_contrast.model_copy(
                update={"outcome": "death_1y"}),
        }),
    })  # fmt: skip
    left_out = {str(w) for w in WORKS.values()} - set(filled(fewer).references)
    names = ("anderson1983", "crowley1977", "suissa2008", "lindeman1980", "steegen2016",
             "aalen1978", "gray1988", "prentice1978", "fine1999", "tarone1975")  # fmt: skip
    assert left_out == {str(WORKS[name]) for name in names}


def test_an_unknown_work_is_refused_with_the_nearest_known() -> None:
    with pytest.raises(TextError, match=r"'@cox1973' is cited and not listed.*cox1972"):
        Citations(WORKS).number("Cox models [@cox1973].")


def test_a_reference_without_a_proper_doi_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "references.yaml"
    path.write_text("references:\n  x: {authors: A, title: B, published: C, doi: doi.org/1}\n")
    with pytest.raises(ConfigError, match="doi"):
        load_references(path)
    dois = [work.doi for work in WORKS.values() if work.doi]
    assert len(dois) == len(set(dois))


def test_each_choice_says_whether_the_paper_states_it() -> None:
    study = protocol_of("granger2009")
    text = filled().markdown
    for statement in describe_protocol(study):
        assert f"{statement.text.removesuffix('.')} ({statement.basis})." in text
    assert len(list_choices(inputs()).rows) == len(describe_protocol(study))


def test_codelists_are_counted_as_their_files_are() -> None:
    grid = list_codelists(inputs())
    assert {row[0] for row in grid.rows} >= {name for name, _ in protocol_of(
        "granger2009").codelists()}  # fmt: skip
    for name, _, codes, letters, source in grid.rows:
        path = ROOT / f"config/codelists/{name}.csv"
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        counts = Counter(row["code_system"] for row in rows)
        assert codes == ", ".join(f"{system} {n}" for system, n in sorted(counts.items()))
        assert hashlib.sha256(path.read_bytes()).hexdigest().startswith(letters)
        assert letters and source.startswith(rows[0]["source"])


def test_every_codelist_says_what_it_is_for() -> None:
    for study in STUDIES:
        protocol = protocol_of(study)
        uses = list_uses(protocol)
        assert {name for name, _ in protocol.codelists()} <= set(uses)
    assert list_uses(protocol_of("granger2009"))["wbc_blood"][0] == "the index count"


def test_software_is_named_in_its_exact_version() -> None:
    text = filled().markdown
    for name, package in (("DuckDB", "duckdb"), ("Snakemake", "snakemake"), ("SciPy", "scipy")):
        assert f"- {name} {version(package)}: " in text


def test_word_page_and_markdown_hold_the_same_methods(folder: Path) -> None:
    document = docx.Document(str(folder / "methods.docx"))
    markdown = (folder / "methods.md").read_text(encoding="utf-8")
    page = (folder / "methods.html").read_text(encoding="utf-8")
    body = [line for line in markdown.splitlines() if line and not line.startswith(("|", "*"))]
    shown = " ".join(p.text for p in document.paragraphs if p.style and p.style.name != "Caption")
    assert shown.split() == re.sub(r"(?m)^(#+|-) ", "", "\n".join(body)).split()
    rows = [len(table.rows) for table in document.tables]
    assert rows == [len(g(inputs()).rows) + 1 for g in (list_codelists, list_choices)]
    assert markdown.count("\n| ") == sum(rows) == len(re.findall(r"<tr\b", page))
    notes = len(list_codelists(inputs()).notes)
    assert page.count("<li>") - notes == sum(line.startswith("- ") for line in body)
    assert '<h2 id="outcomes-and-follow-up">Outcomes and follow-up</h2>' in page


def test_where_each_number_of_the_methods_stands_is_listed(folder: Path) -> None:
    with (folder / "methods_numbers.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["words"] for row in rows] == [bound.words for bound in filled().bound]
    assert {row["source"] for row in rows} == {"protocol", "manifest", "policy", "software"}
    assert not any("[@" in row["words"] for row in rows)


def test_the_report_has_the_same_sentences_and_a_list_of_the_works_they_cite(
    tmp_path: Path,
) -> None:
    write_report(inputs(), tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    items = re.search(r'<ol class="references">(.*?)</ol>', page, re.DOTALL)
    assert items and items[1].count("<li>") == max(
        int(n) for group in re.findall(r"\[([\d, ]+)\]", page) for n in group.split(", ")
    )
    assert "Wilson intervals [1]" in page and "[@" not in page
