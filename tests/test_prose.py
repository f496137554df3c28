"""Numbers and protocols in words."""

from __future__ import annotations

import pytest
from conftest import protocol_of
from hypothesis import given
from hypothesis import strategies as st
from report_fixtures import protocol

from leukocytosis.config.evidence import Window
from leukocytosis.prose import (
    describe_cause,
    describe_narrowing,
    describe_protocol,
    describe_rule,
    describe_window,
    join,
    list_methods,
    name_cause,
)
from leukocytosis.rounding import NBSP, format_interval, format_number, format_p, format_percent


@pytest.mark.parametrize(
    ("value", "digits", "words"),
    [
        (3770, 0, "3,770"),
        (0.125, 2, "0.13"),
        (2.675, 2, "2.68"),  # stored a little below, but named 2.675
        (2.5, 0, "3"),
        (-0.125, 2, "−0.13"),
        (-0.001, 2, "0.00"),  # no minus before nothing
        (1e-7, 2, "0.00"),
        (None, 1, "not shown"),
        (float("nan"), 1, "not shown"),
    ],
)
def test_numbers_are_rounded_half_up(value: float | None, digits: int, words: str) -> None:
    assert format_number(value, digits) == words


@given(st.integers(-10_000_000, 10_000_000), st.integers(0, 3))
def test_rounding_is_never_further_than_half_a_step(thousandths: int, digits: int) -> None:
    value = thousandths / 1000
    printed = float(format_number(value, digits).replace(",", "").replace("−", "-"))
    assert abs(printed - value) <= 0.5 * 10**-digits + 1e-9


@pytest.mark.parametrize(
    ("fraction", "words"),
    [(0.6887, "68.9"), (0.2855, "28.6"), (0.0, "0.0"), (1.0, "100.0"), (0.00049, "0.0")],
)
def test_percentages(fraction: float, words: str) -> None:
    assert format_percent(fraction) == f"{words}{NBSP}%"


def test_intervals() -> None:
    assert format_interval(0.0819, 0.1245, percent=True) == "8.2 to 12.5"
    assert format_interval(30.0, None, 0) == "30 to not reached"
    assert format_interval(None, None) == "no interval"


@pytest.mark.parametrize(
    ("p_value", "words"),
    [
        (1e-9, "< 0.001"),
        (0.000999, "< 0.001"),
        (0.001, "0.001"),
        (0.0312, "0.031"),
        (0.1, "0.10"),
        (0.5, "0.50"),
        (0.999, "> 0.99"),
        (None, "not shown"),
    ],
)
def test_p_values(p_value: float | None, words: str) -> None:
    assert format_p(p_value) == words


@pytest.mark.parametrize(
    ("items", "words"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (list("abc"), "a, b and c")],
)
def test_lists(items: list[str], words: str) -> None:
    assert join(items) == words


@pytest.mark.parametrize(
    ("window", "words"),
    [
        (Window(), "at any time"),
        (Window(to_day=0), "at any time up to the index day"),
        (Window(to_day=-31), "at any time up to 31 days before the index"),
        (Window(from_day=0), "from the index day on"),
        (Window(from_day=-7, to_day=0), "from 7 days before the index to the index day"),
        (Window(from_day=-3, to_day=3), "from 3 days before to 3 days after the index"),
        (Window(from_day=-21, to_day=-10), "from 21 days to 10 days before the index"),
        (Window(from_day=1, to_day=30), "from 1 day to 30 days after the index"),
        (Window(from_day=-1, to_day=-1), "on 1 day before the index"),
        (
            Window(to_day=30, or_index_stay=True),
            "at any time up to 30 days after the index, or during the index stay",
        ),
    ],
)
def test_windows_name_both_ends(window: Window, words: str) -> None:
    assert describe_window(window) == words


def test_a_rule_says_everything_that_decides() -> None:
    assert describe_rule(protocol().rule("high_dose_corticosteroid")) == (
        "Systemic corticosteroid above 30 mg prednisone-equivalent on a day: a drug of the list "
        "corticosteroid, from 7 days before the index to the index day; above 30 mg "
        "prednisone-equivalent on a day; an order alone counts only in a stay of which no "
        "administration is on record; on the index day only what began before the count was "
        "taken; 26 local routes left out; names in the list local_form left "
        "out. Looked for wherever the extract has drugs."
    )


def test_a_culture_rule_says_where_it_was_looked_for() -> None:
    words = describe_rule(protocol().rule("sterile_site_pathogen"))
    assert "organisms of the lists skin_contaminant and not_an_organism do not count" in words
    assert words.endswith(
        "Looked for only where there is a record in microbiology of the list sterile_site from 3 "
        "days before to 3 days after the index; tests of the list not_a_culture show no look "
        "unless also of the list culture_by_name."
    )


def test_a_rule_without_a_window_of_looking_was_looked_for_in_its_own() -> None:
    """A count of blasts a year earlier shows nothing of the index."""
    assert describe_rule(protocol().rule("blasts_20_percent")).endswith(
        "Looked for only where there is a record in labs of the list blasts_percent from 1 day "
        "before to 7 days after the index."
    )


def test_a_test_before_the_count_is_named_for_readers() -> None:
    index = protocol_of("marinella2004").index
    assert " on the day of a positive test for Clostridioides difficile or" in (
        describe_narrowing(index)
    )


def test_a_residual_cause_says_what_must_be_absent() -> None:
    (plr,) = [cause for cause in protocol().causes if cause.residual]
    words = describe_cause(protocol(), plr)
    assert "only where no other cause stands, each of these looked for and absent: (" in words
    assert "and never with any of (marrow metastasis or replacement coded" in words
    assert words.endswith("; possible otherwise.")


def test_an_infection_says_when_it_no_longer_explains() -> None:
    study = protocol()
    infection = next(cause for cause in study.causes if cause.id == "infection")
    assert "When probable or possible, it is refractory where the count stays up through" in (
        describe_cause(study, infection)
    )


def test_a_count_through_a_course_says_when_it_counts() -> None:
    words = describe_rule(protocol().rule("count_up_through_antibacterials"))
    assert "as high as when the antibacterial course began, on its day 7 or later" in words


def test_undetermined_is_the_other_side_of_plr() -> None:
    (plr,) = [cause for cause in protocol().causes if cause.residual]
    words = describe_cause(protocol(), plr)
    assert "Where they were not looked for, the patient is undetermined" in words


def test_every_decision_of_the_protocol_has_a_sentence_and_a_basis() -> None:
    study = protocol()
    statements = describe_protocol(study)
    decided = (
        study.evidence, study.causes, study.outcomes, study.population.exclude,
        study.population.include,
    )  # fmt: skip
    others = 5  # index, precedence, metastatic disease, neutrophils, treatment
    assert len(statements) == sum(map(len, decided)) + others
    assert {statement.basis for statement in statements} == {"stated", "operationalised"}
    assert all(s.text.endswith(".") and s.source for s in statements)


def test_the_threshold_keeps_its_operator() -> None:
    assert "blood white count > 40 ×10⁹/L" in describe_protocol(protocol())[0].text


def test_descriptive_contrasts_get_no_causal_verbs() -> None:
    words = " ".join(method.text for method in list_methods(protocol())).lower()
    for verb in ("caused by", "effect of", "leads to", "reduces", "increases", "due to"):
        assert verb not in words


def test_a_combination_of_causes_is_named_in_full() -> None:
    assert (
        name_cause(protocol(), "infection+plr") == "infection + paraneoplastic leukemoid reaction"
    )
    assert name_cause(protocol(), "undetermined") == "undetermined"


def test_the_penalty_is_promised_only_to_the_models_that_have_it() -> None:
    texts = [method.text for method in list_methods(protocol())]
    (words,) = [text for text in texts if "Firth" in text]
    assert words.startswith("A crude or adjusted model with fewer than")
    assert "so are the models of splines, competing events and treatment" in words
