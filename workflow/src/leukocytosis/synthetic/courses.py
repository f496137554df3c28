"""What each true cause leaves in the records, and what it does not."""

from __future__ import annotations

from collections.abc import Callable

from leukocytosis.synthetic.hospital import Chart

PATHOGENS = (
    "Escherichia coli",
    "Staphylococcus aureus",
    "Klebsiella pneumoniae",
    "Pseudomonas aeruginosa",
    "Enterococcus faecium",
    "Candida albicans",
)
INFECTIONS = (("486", "J18.9"), ("038.9", "A41.9"), ("599.0", "N39.0"), ("682.6", "L03.115"))


def write_growth_factor(chart: Chart, number: int) -> None:
    """Write growth factor given here; six patients had it elsewhere, of which nothing is known."""
    hospital = chart.hospital
    chart.culture(0)
    if number < 6:
        hospital.plant("growth_factor_given_elsewhere")
        return
    if number % 20 == 0:
        chart.drug(-1, "Plerixafor", "24", "mg", "SC")
    if number % 2:
        first = -hospital.day(2, 6)
        for day in range(first, hospital.day(-2, 0) + 1):
            chart.drug(
                day, hospital.pick("Filgrastim", "Neupogen", "tbo-filgrastim"), "480", "mcg", "SC"
            )
    else:
        product = hospital.pick("Pegfilgrastim", "Neulasta", "pegfilgrastim-jmdb")
        chart.drug(-hospital.day(1, 13), product, "6", "mg", "SUBCUT")
    if hospital.chance(0.12):
        write_pathogen(chart)
    if hospital.chance(0.10):
        write_high_dose(chart)


def write_infection(chart: Chart, number: int) -> None:
    """Write a pathogen in blood, C. difficile, or a code with a course; four leave no trace."""
    if number < 4:
        chart.hospital.plant("infection_without_culture_or_code")
    elif number < 14:
        chart.culture(1, "Clostridium difficile", "Stool")
        chart.diagnosis(2, "008.45", "A04.72")
        chart.culture(0)
    elif number < 60:
        write_course(chart)
        chart.culture(0)
    else:
        write_pathogen(chart)
        if chart.hospital.chance(0.15):
            write_high_dose(chart)


def write_corticosteroid(chart: Chart, number: int) -> None:
    """Write high doses; every eighth patient has an infection of moderate strength too."""
    write_high_dose(chart)
    chart.culture(0)
    if number % 8 == 0:
        write_course(chart)


def write_new_leukaemia(chart: Chart, number: int) -> None:
    """Write a first leukaemia code around the index; some got growth factor for it."""
    codes = (("205.00", "C92.00"), ("205.10", "C92.10"), ("204.00", "C91.00"))
    chart.diagnosis(chart.hospital.day(-10, 40), *codes[number % len(codes)])
    chart.culture(0)
    if number % 4 == 0:
        chart.drug(-1, "Filgrastim", "480", "mcg", "SC")


def write_plr(chart: Chart, number: int) -> None:
    """Write what was looked for in vain, amid all that misleads; five were not looked at."""
    hospital = chart.hospital
    if number < 5:
        hospital.plant("plr_without_any_culture")
    else:
        chart.culture(hospital.day(-2, 2))
    if number % 6 == 0:
        chart.drug(-1, "PrednisoLONE Acetate 1% Ophth. Susp.", "1", "DROP", "BOTH EYES")
        chart.drug(-1, "Dexamethasone Ophthalmic Susp 0.1%", "60", "mg", "RIGHT EYE")
        hospital.plant("eye_drops_with_steroid")
    elif number % 6 == 1:
        chart.drug(-2, "Hydrocortisone Cream 2.5%", "200", "mg", "TP")
        hospital.plant("steroid_cream")
    elif number % 6 == 2:
        chart.drug(-1, "Filgrastim", "480", "mcg", "SC", record="ordered")
        chart.drug(-1, "CefePIME", "2", "g", "IV")
        hospital.plant("growth_factor_ordered_not_given")
    elif number % 6 == 3 and number >= 5:
        chart.culture(
            0, hospital.pick("Staphylococcus epidermidis", "STAPHYLOCOCCUS, COAGULASE NEGATIVE")
        )
        hospital.plant("contaminated_culture")
    elif number % 6 == 4:
        chart.drug(-1, "Dexamethasone", "4", "mg", "PO")


def write_pathogen(chart: Chart) -> None:
    """Write a pathogen from a normally sterile site within three days of the index."""
    specimen = chart.hospital.pick("Blood culture", "BLOOD CULTURE", "Pleural fluid")
    chart.culture(chart.hospital.day(-3, 3), chart.hospital.pick(*PATHOGENS), specimen)


def write_course(chart: Chart) -> None:
    """Write an infection code and systemic antibacterials on four days."""
    infection = INFECTIONS[int(chart.hospital.rng.integers(len(INFECTIONS)))]
    chart.diagnosis(chart.hospital.day(-2, 4), *infection)
    name = chart.hospital.pick("Piperacillin-Tazobactam", "Vancomycin", "CefTRIAXone")
    for day in range(4):
        chart.drug(day, name, "1", "g", "IV")


def write_high_dose(chart: Chart) -> None:
    """Write more than 30 mg prednisone-equivalent on a day of the week before the index."""
    drugs = (
        ("Dexamethasone", "10", "IV"),
        ("PredniSONE", "60", "PO"),
        ("MethylPREDNISolone Sodium Succ", "125", "IV"),
    )
    name, dose, route = drugs[int(chart.hospital.rng.integers(len(drugs)))]
    chart.drug(-chart.hospital.day(0, 7), name, dose, "mg", route)


WRITERS: dict[str, Callable[[Chart, int], None]] = {
    "growth_factor": write_growth_factor,
    "infection": write_infection,
    "corticosteroid": write_corticosteroid,
    "new_leukaemia": write_new_leukaemia,
    "plr": write_plr,
}
