"""The cause of every patient of a variant, by the study's own rules of decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from leukocytosis.causes.classify import Decision, decide
from leukocytosis.config import Protocol
from leukocytosis.multiverse.materials import ByteMatrix, Sample
from leukocytosis.survival.times import IntArray, Labels
from leukocytosis.tables import STATUSES


@dataclass(frozen=True, eq=False)
class Labelled:
    """Primary cause and cause group of each patient of a sample: (n,) text each."""

    cause: Labels
    group: Labels


class Decider:
    """Decides a pattern of statuses once, however many patients and variants show it."""

    def __init__(self) -> None:
        self._known: dict[object, dict[bytes, Decision]] = {}

    def label(self, sample: Sample) -> Labelled:
        """Return the causes of a sample's patients."""
        protocol = sample.variant.protocol
        order = (protocol.causes, protocol.precedence, protocol.least_certainty,
                 protocol.undetermined_group)  # fmt: skip
        known = self._known.setdefault(order, {})
        patterns, back = _find_patterns(sample.statuses)
        made = [_decide(protocol, pattern, known) for pattern in patterns]
        causes = np.array([decision.primary_cause for decision in made], dtype=object)
        groups = np.array([decision.cause_group for decision in made], dtype=object)
        return Labelled(causes[back], groups[back])


def _decide(protocol: Protocol, pattern: Sequence[int], known: dict[bytes, Decision]) -> Decision:
    key = bytes(pattern)
    if key not in known:
        named = zip(protocol.evidence, pattern, strict=True)
        known[key] = decide(protocol, {rule.id: STATUSES[status] for rule, status in named})
    return known[key]


def _find_patterns(statuses: ByteMatrix) -> tuple[list[list[int]], IntArray]:
    """Return the distinct rows, and for each row which of them it is."""
    as_one = np.ascontiguousarray(statuses).view(np.dtype((np.void, statuses.shape[1])))
    _, first, back = np.unique(as_one.ravel(), return_index=True, return_inverse=True)
    return statuses[first].tolist(), back
