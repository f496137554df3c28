"""The states alive → hospice → dead: who was in which of them, from when until when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..times import BoolArray, FloatArray, IntArray, at_half_a_day, check_times

ALIVE, IN_HOSPICE, DEAD_AFTER, DEAD_WITHOUT = range(4)
STATES = ("alive without hospice", "in hospice", "dead after hospice", "dead without hospice")
MOVES = ((ALIVE, IN_HOSPICE), (ALIVE, DEAD_WITHOUT), (IN_HOSPICE, DEAD_AFTER))
NOWHERE = -1  # observation ended in the state


@dataclass(frozen=True, eq=False)
class Paths:
    """One row per patient and state that a patient can leave, from `entered` to `left` (days).

    A patient is at risk on (`entered`, `left`]. `target` is the state entered on day `left`, or -1
    where observation ended. `n` patients, numbered from 0 in `patient`; all start alive on day 0.
    """

    n: int
    patient: IntArray
    origin: IntArray
    entered: FloatArray
    left: FloatArray
    target: IntArray

    @property
    def moved(self) -> BoolArray:
        """Return which rows end with a move to another state, (rows,)."""
        return np.asarray(self.target != NOWHERE)

    def at_risk(self, day: float) -> BoolArray:
        """Return which rows are at risk on a day, (rows,)."""
        return np.asarray((self.entered < day) & (day <= self.left))

    def n_moved_into(self, states: tuple[int, ...], day: float) -> int:
        """Return how many patients were seen to enter any of `states` from another by a day."""
        enters = np.isin(self.target, states) & ~np.isin(self.origin, states)
        return int((enters & (self.left <= day)).sum())

    def n_seen_in(self, state: int, day: float) -> int:
        """Return how many patients were seen to be in a state on a day."""
        if state in (DEAD_AFTER, DEAD_WITHOUT):
            return self.n_moved_into((state,), day)
        stays = (day < self.left) | ((day == self.left) & ~self.moved)
        return int(((self.origin == state) & (self.entered <= day) & stays).sum())

    def n_lost_before(self, day: float) -> int:
        """Return how many patients' observation ended before a day."""
        return int((~self.moved & (self.left < day)).sum())


def find_paths(
    days: npt.ArrayLike,
    to_hospice: npt.ArrayLike,
    died: npt.ArrayLike,
    last_days: npt.ArrayLike | None = None,
    died_later: npt.ArrayLike | None = None,
) -> Paths:
    """Return the paths of patients to hospice or death, and of those in hospice to death.

    `days` to the first of hospice discharge and death, or to the end of observation; `to_hospice`
    and `died` say which it was (n,). `last_days` and `died_later` say until when each patient was
    observed for death, and whether it came; without them what follows hospice is not known and
    nobody leaves hospice. Events on day 0 count at half a day. ValueError as `check_times`, for a
    patient with both first events, and when death is observed for less long than hospice.
    """
    hospice, dead = np.asarray(to_hospice, bool), np.asarray(died, bool)
    both = int((hospice & dead).sum())
    if both:
        raise ValueError(f"{both} of {hospice.size} patients have two first events")
    first, _ = at_half_a_day(days, hospice + 2 * dead)
    everybody = np.arange(first.size)
    target = np.select([hospice, dead], [IN_HOSPICE, DEAD_WITHOUT], NOWHERE)
    alive = Paths(
        first.size, everybody, np.full(first.size, ALIVE), np.zeros(first.size), first, target
    )
    if last_days is None or died_later is None:
        return alive
    return _add_hospice(alive, hospice, *check_times(last_days, died_later))


def _add_hospice(alive: Paths, hospice: BoolArray, last_days: FloatArray, died: IntArray) -> Paths:
    entered, left = alive.left[hospice], last_days[hospice]
    left = np.where((left == 0) & (entered == 0.5), entered, left)  # day 0 counts at half a day
    backwards = int((left < entered).sum())
    if backwards:
        raise ValueError(f"{backwards} of {entered.size} patients left hospice before entering it")
    target = np.where(died[hospice] == 1, DEAD_AFTER, NOWHERE)
    parts = {
        "patient": (alive.patient, alive.patient[hospice]),
        "origin": (alive.origin, np.full(entered.size, IN_HOSPICE)),
        "entered": (alive.entered, entered),
        "left": (alive.left, left),
        "target": (alive.target, target),
    }
    return Paths(alive.n, **{name: np.concatenate(part) for name, part in parts.items()})
