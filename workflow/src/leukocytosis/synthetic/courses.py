"""What became of them: death, hospice, moving away, and the stays in which it shows.

Days count from the index. Patients with a paraneoplastic reaction are followed to the end: 60 of
77 die or go to hospice within days 0 to 84, 8 are alive beyond day 365.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.random import Generator

from leukocytosis.synthetic.patients import Frame

END_OF_OBSERVATION = pd.Timestamp("2010-06-30")
N_PLR, N_PLR_EARLY, N_PLR_LONG = 77, 60, 8
# share dead or in hospice by day 84 and mean further days of those who are not, at 62 years of age
# without metastases; both make it worse
OUTLOOK = {
    "infection": (0.45, 700), "growth_factor": (0.15, 1500), "corticosteroid": (0.40, 500),
    "new_leukaemia": (0.50, 600), "known_blood_cancer": (0.30, 900), "other_named": (0.30, 900),
    "": (0.01, 9000),
}  # fmt: skip
HOSPICE_SHARE, HOSPITAL_DEATH_SHARE, MOVED_SHARE = 0.3, 0.65, 0.08
HOME = ("Home", "HOME OR SELF CARE", "HOME HEALTH", "SNF", "Skilled nursing facility", "Rehab",
        "Transfer to other hospital", "AMA", "")  # fmt: skip
HOME_SHARES = (0.4, 0.2, 0.12, 0.08, 0.05, 0.05, 0.03, 0.02, 0.05)
HOSPICE = ("HOSPICE-HOME", "Hospice - medical facility")
LONGEST_INDEX_STAY = 25


def draw_courses(people: Frame, rng: Generator) -> None:
    """Add `death_day`, `hospice_day`, `moved_day` (missing: never seen) and the index stay."""
    _draw_ends(people, rng)
    _draw_plr_ends(people, rng)
    _draw_moves(people, rng)
    last_day = (END_OF_OBSERVATION - people["index_on"]).dt.days
    people.loc[people["death_day"] > last_day, "death_day"] = np.nan
    people.loc[people["dead_before"], "death_day"] = -10.0
    people.loc[people["dead_before"], ["hospice_day", "moved_day"]] = np.nan
    _draw_index_stays(people, rng)


def _draw_ends(people: Frame, rng: Generator) -> None:
    n = len(people)
    share = people["cause"].map({c: s for c, (s, _) in OUTLOOK.items()})
    mean = people["cause"].map({c: m for c, (_, m) in OUTLOOK.items()})
    age = people["index_on"].dt.year - people["birth_year"]
    worse = np.exp(0.35 * people["metastatic"] + 0.02 * (age - 62)).to_numpy(float)
    early = rng.random(n) < share.to_numpy(float) * worse
    first = 1 + np.floor(84 * rng.beta(1.0, 1.5, n))
    hospice = early & (rng.random(n) < HOSPICE_SHARE)
    later = 85 + np.floor(rng.exponential(mean.to_numpy(float) / worse))
    people["hospice_day"] = np.where(hospice, first, np.nan)
    people["death_day"] = np.where(early, first + hospice * rng.integers(2, 60, n), later)


def _draw_plr_ends(people: Frame, rng: Generator) -> None:
    n_late = N_PLR - N_PLR_EARLY - N_PLR_LONG
    early = np.append(rng.integers(2, 84, N_PLR_EARLY - 1), 84)
    late = np.append(rng.integers(86, 365, n_late - 2), [85, 365])
    first = np.concatenate([early, late, rng.integers(400, 530, N_PLR_LONG)]).astype(float)
    hospice = np.arange(N_PLR) % 3 == 1
    hospice[N_PLR_EARLY:] = False
    order = rng.permutation(N_PLR)
    death = first + hospice * rng.integers(2, 60, N_PLR)
    plr = people["cause"] == "plr"
    people.loc[plr, "hospice_day"] = np.where(hospice, first, np.nan)[order]
    people.loc[plr, "death_day"] = death[order]


def _draw_moves(people: Frame, rng: Generator) -> None:
    """Add when some move away; what happens to them afterwards nobody records."""
    n = len(people)
    moved = (rng.random(n) < MOVED_SHARE) & (people["cause"] != "plr").to_numpy()
    day = np.where(moved, rng.integers(LONGEST_INDEX_STAY + 1, 500, n), np.nan)
    people["moved_day"] = np.where(day >= people["death_day"], np.nan, day)
    people.loc[people["moved_day"].notna(), "death_day"] = np.nan
    people.loc[people["hospice_day"] >= people["moved_day"], "hospice_day"] = np.nan


def _draw_index_stays(people: Frame, rng: Generator) -> None:
    n = len(people)
    people["visit"] = [f"V{i:06d}" for i in rng.permutation(n) + 1]
    clinic = (people["cause"] == "growth_factor") & (rng.random(n) < 0.4)
    clinic |= (people["group"] == "background") & (rng.random(n) < 0.6)
    people["clinic"] = clinic
    people["stay_from"] = np.where(clinic, 0, -rng.integers(0, 5, n))
    end = pd.Series(rng.integers(1, 15, n).astype(float), index=people.index)
    death = people["death_day"].where(people["death_day"] >= 0).where(people["hospice_day"].isna())
    people["hospital_death_day"] = death.where(rng.random(n) < HOSPITAL_DEATH_SHARE)
    last = people["hospice_day"].fillna(people["hospital_death_day"])
    people["last_stay_day"] = last
    inside = (last <= LONGEST_INDEX_STAY) & ~clinic
    end = end.clip(upper=(people["death_day"].fillna(9999) - 1).clip(lower=0))
    end = end.clip(upper=(last.fillna(9999) - 6).clip(lower=0)).where(~inside, last)
    people["stay_until"] = end.where(~clinic, 0).astype(int)


def draw_encounters(people: Frame, rng: Generator) -> Frame:
    """Return the index stays and, where the end came later, the stay that ended in it."""
    ended = (people["last_stay_day"] == people["stay_until"]) & ~people["clinic"]
    first = _stays(people, people["stay_from"], people["stay_until"])
    clinic, ward = (
        rng.choice(["OUTPATIENT", "Clinic"], len(people)),
        rng.choice(["INPATIENT", "Inpt"], len(people)),
    )
    first["class"] = np.where(people["clinic"], clinic, ward)
    home = rng.choice(HOME, len(people), p=HOME_SHARES)
    first["disposition"] = np.where(ended, _last_words(people, rng), home)
    first.loc[people["clinic"], "disposition"] = ""
    later = people[people["last_stay_day"].notna() & ~ended]
    start = (later["last_stay_day"] - 5).clip(lower=1).clip(upper=later["last_stay_day"])
    last = _stays(later, start, later["last_stay_day"])
    last["visit"] += "-2"
    last["class"] = "INPATIENT"
    last["disposition"] = _last_words(later, rng)
    return pd.concat([first, last]).sort_values("visit", ignore_index=True)


def _last_words(people: Frame, rng: Generator) -> np.ndarray:
    n = len(people)
    died = rng.choice(["Expired", "EXPIRED"], n)
    return np.where(people["hospice_day"].notna(), rng.choice(HOSPICE, n), died)


def _stays(people: Frame, start: pd.Series, end: pd.Series) -> Frame:
    index_on = people["index_on"]
    return pd.DataFrame(
        {
            "visit": people["visit"],
            "mrn": people["mrn"],
            # early enough for anything of the first day
            "admitted": index_on + pd.to_timedelta(start, unit="D") + pd.Timedelta(hours=1),
            "discharged": index_on + pd.to_timedelta(end, unit="D") + pd.Timedelta(hours=23),
        }
    )
