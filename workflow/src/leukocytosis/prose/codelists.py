"""What a protocol looks each codelist up for."""

from __future__ import annotations

from collections.abc import Iterator

from leukocytosis.config import Protocol
from leukocytosis.prose.names import name_covariate


def list_uses(protocol: Protocol) -> dict[str, tuple[str, ...]]:
    """Return, by codelist, what the protocol uses it for, in the order of the protocol."""
    uses: dict[str, list[str]] = {}
    for codelist, use in _find_uses(protocol):
        found = uses.setdefault(codelist, [])
        if use not in found:
            found.append(use)
    return {codelist: tuple(found) for codelist, found in uses.items()}


def _find_uses(protocol: Protocol) -> Iterator[tuple[str, str]]:
    index = protocol.index
    yield index.concept, "the index count"
    if index.differential:
        yield from ((concept, "the index differential") for concept in index.differential.concepts)
    if index.after_test:
        yield index.after_test.codelist, "the test before the index"
    for criterion in (*protocol.population.exclude, *protocol.population.include):
        yield criterion.codelist, criterion.title
    for rule in protocol.evidence:
        yield from ((codelist, rule.title) for codelist, _ in rule.codelists())
    yield protocol.covariates.metastatic.codelist, name_covariate("metastatic")
    # no key of the protocol names these two: the share is read, or worked out from the count
    share = name_covariate("neutrophil_percent")
    yield from (("neutrophils_percent", share), ("neutrophils_abs", share))
    if protocol.treatment:
        yield protocol.treatment.codelist, protocol.treatment.title
        if protocol.treatment.excluded_forms:
            yield protocol.treatment.excluded_forms, protocol.treatment.title
