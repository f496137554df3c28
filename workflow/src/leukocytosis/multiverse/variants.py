"""Which variants of a study there are: its own, options alone, drawn combinations, thresholds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from leukocytosis.config import Protocol
from leukocytosis.config.sensitivity import OWN, Change, Option, Sensitivity
from leukocytosis.config.variation import Variations

Family = Literal["own", "alone", "drawn", "threshold"]
Choices = Mapping[str, str]  # decision → option; a decision left out is the study's own
NOT_HERE = "cannot be varied here, because "
THRESHOLD_CURVE = "threshold_curve"


@dataclass(frozen=True)
class Variant:
    """A study as it could have been: the options chosen, and the protocol they make."""

    number: int
    family: Family
    choices: Choices
    protocol: Protocol


def find_options(protocol: Protocol, absent: frozenset[str]) -> dict[str, dict[str, Option]]:
    """Return decision → option → option of those that can be tried on an extract.

    Left out are options that are what the study does anyway, and those that change only rules
    whose table the extract lacks.
    """
    variations = Variations(protocol)
    return {
        decision.id: {
            option.id: option
            for option in decision.options
            if why_not(protocol, option, absent) is None
            and variations.vary([option.change]) != protocol
        }
        for decision in _sensitivity(protocol).decisions
    }


def why_not(protocol: Protocol, option: Option, absent: frozenset[str]) -> str | None:
    """Return why an option cannot be tried on an extract; None when it can."""
    if {*option.change.sections} != {"evidence"}:
        return None
    tables = {protocol.rule(str(item["id"])).from_ for item in option.change.evidence or ()}
    if tables <= absent:
        return NOT_HERE + f"the extract has no {' and no '.join(sorted(tables))}"
    return None


def list_variants(
    protocol: Protocol, options: Mapping[str, Mapping[str, Option]], seed: int
) -> list[Variant]:
    """Return the variants, numbered from 0: the study's own, then by family.

    Drawn combinations are made from a decision's options and the study's own choice, each as
    often as any other (but for a rest) and in an order of its own, from `seed`.
    """
    variations = Variations(protocol)
    variants: list[Variant] = []
    for family, choices, changes in _list_choices(protocol, options, seed):
        varied = variations.vary(changes) if changes else protocol
        variants.append(Variant(len(variants), family, choices, varied))
    return variants


def _list_choices(
    protocol: Protocol, options: Mapping[str, Mapping[str, Option]], seed: int
) -> Iterator[tuple[Family, Choices, list[Change]]]:
    asked = _sensitivity(protocol)
    yield "own", {}, []
    for decision, found in options.items():
        for option in found.values():
            yield "alone", {decision: option.id}, [option.change]
    for choices in _draw(options, asked.n_drawn, seed):
        yield "drawn", choices, [options[d][o].change for d, o in choices.items() if o != OWN]
    for value in asked.threshold_curve.values if asked.threshold_curve else ():
        change = Change(index={"above": {"value": value}})
        yield "threshold", {THRESHOLD_CURVE: f"{value:g}"}, [change]


def _draw(
    options: Mapping[str, Mapping[str, Option]], n_drawn: int, seed: int
) -> Iterator[dict[str, str]]:
    import numpy as np

    draws = np.random.default_rng(seed)
    columns = {
        decision: draws.permutation(np.resize([OWN, *found], n_drawn)).tolist()
        for decision, found in options.items()
    }
    yield from (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))


def _sensitivity(protocol: Protocol) -> Sensitivity:
    assert protocol.sensitivity is not None
    return protocol.sensitivity


def tabulate(variants: Sequence[Variant], decisions: Sequence[str]) -> list[dict[str, object]]:
    """Return the rows of `variants`: what each variant chose in each decision."""
    return [
        {
            "variant": variant.number,
            "family": variant.family,
            "decision": decision,
            "option": variant.choices.get(decision, OWN),
        }
        for variant in variants
        for decision in dict.fromkeys((*decisions, *variant.choices))
    ]
