"""The statistical methods in sentences, as far as a protocol asks for them.

A sentence cites its papers as `[@name]` (`config/texts/references.yaml`) and says which keys of
the protocol and which settings of the code its numbers are from.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from leukocytosis.config import Protocol
from leukocytosis.prose.names import name_covariate, name_group
from leukocytosis.prose.settings import setting
from leukocytosis.prose.words import capital, join
from leukocytosis.rounding import ROUNDING

OPTIONS = "options"  # of a decision: a sentence each, too many for a summary


@dataclass(frozen=True)
class Method:
    """A sentence or two on a statistical method, and where its numbers are from.

    `keys` are keys of the protocol, `settings` names of `prose.settings`.
    """

    topic: str
    text: str
    keys: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()


def list_methods(protocol: Protocol) -> tuple[Method, ...]:
    """Return the statistical methods that a study of this protocol uses, in their order."""
    return (
        *_describe_risks(protocol),
        *_describe_contrasts(protocol),
        *_describe_models(protocol),
        *_describe_assumptions(protocol),
        _describe_standardised(),
        *_describe_competing(protocol),
        *_describe_treated(protocol),
        _describe_primary(protocol),
        *_describe_missing(),
        *_describe_bias(),
        *_describe_decisions(protocol),
        Method("rounding", ROUNDING),
    )


def _describe_risks(protocol: Protocol) -> Iterator[Method]:
    few = "survival.proportion.FEW"
    yield Method(
        "risks",
        "Shares have 95 % Wilson intervals [@wilson1927]; where fewer than "
        f"{setting(few)} patients are in the share or outside it, the exact interval "
        "[@clopper1934] is quoted.",
        settings=(few,),
    )
    yield Method(
        "risks",
        "Risks are one minus Kaplan–Meier [@kaplan1958] with 95 % log-log intervals, medians have "
        "Brookmeyer–Crowley intervals [@brookmeyer1982]; events on day 0 count at half a day, and "
        "nobody is censored at hospice.",
    )
    restricted = protocol.analyses.restricted_days
    days = f"day{'' if len(restricted) == 1 else 's'} {join([str(day) for day in restricted])}"
    yield Method(
        "risks",
        f"Restricted means to {days} are areas under Kaplan–Meier, as far as every group "
        "compared was followed to that day [@royston2013; @uno2014].",
        keys=("analyses.restricted_days",),
    )
    yield Method(
        "follow_up",
        "Follow-up is described by its median, by reverse Kaplan–Meier [@schemper1996], and by the "
        "days seen as a share of those possible, Clark's C [@clark2002]. A crude share is given "
        "only of groups of which nobody was lost before the horizon.",
    )


def _describe_contrasts(protocol: Protocol) -> Iterator[Method]:
    yield Method(
        "contrasts",
        "Risk differences have normal intervals (Greenwood), risk ratios on the log scale; where a "
        "risk is nil or complete, or few patients would make it pass the possible, the interval of "
        "the difference comes from those of the groups [@zou2008].",
    )
    small = ("survival.permutation.SMALL_GROUP", "survival.permutation.FEW_EVENTS")
    yield Method(
        "contrasts",
        "Curves are compared by log-rank tests [@mantel1966], pairs after Holm [@holm1979]; where "
        f"a group has fewer than {setting(small[0])} patients or {setting(small[1])} events, by "
        "permutation [@hothorn2006].",
        settings=small,
    )
    strata = [name_covariate(term) for term in protocol.analyses.logrank_strata]
    if strata:
        text = f"The log-rank test is repeated within strata of {join(strata)}."
        yield Method("contrasts", text)
    bands = [f"{band:g}" for band in protocol.analyses.count_bands_1e9_per_l]
    if bands:
        yield Method(
            "contrasts",
            f"A test for trend [@tarone1975] scores bands of the index count, cut at {join(bands)} "
            "×10⁹/L.",
            keys=("analyses.count_bands_1e9_per_l",),
        )


def _describe_models(protocol: Protocol) -> Iterator[Method]:
    reference, *others = [name_group(group) for group in protocol.analyses.groups]
    adjusted = join([name_covariate(term) for term in protocol.covariates.adjusted_for])
    yield Method(
        "models",
        f"Cox models [@cox1972] with Efron's ties [@efron1977], Wald intervals and Wald tests "
        f"compare groups with {reference} as the reference for {join(others)}; the adjusted model "
        f"holds {adjusted}.",
        keys=("covariates.adjusted_for",),
    )
    floor = (
        "survival.refusal.MIN_EVENTS_PER_PENALISED_PARAMETER",
        "survival.refusal.MIN_PATIENTS_PER_LEVEL",
    )
    yield Method(
        "models",
        "A crude or adjusted model with fewer than "
        f"{protocol.analyses.min_events_per_parameter:g} events per parameter "
        "[@vittinghoff2007], with a level without events, or whose likelihood has no "
        "maximum (separation) is fitted by Firth's penalised likelihood [@firth1993; @heinze2001; "
        "@lin2013], with profile intervals and penalised likelihood ratio tests; below "
        f"{setting(floor[0])} events per parameter, or with a level of fewer than "
        f"{setting(floor[1])} patients, none is fitted. Where maximum likelihood is refused, so "
        "are the models of splines, competing events and treatment, imputed ones and standardised "
        "risks.",
        keys=("analyses.min_events_per_parameter",),
        settings=floor,
    )


def _describe_assumptions(protocol: Protocol) -> Iterator[Method]:
    """Yield how what the models take for granted is tried: constant ratios, straight lines."""
    freedom = "survival.time_varying.DEGREES_OF_FREEDOM"
    yield Method(
        "models",
        "Proportional hazards are tested after Grambsch and Therneau [@grambsch1994], and the "
        f"hazard ratio is drawn over time by a natural spline of {setting(freedom)} degrees of "
        "freedom through the scaled Schoenfeld residuals.",
        settings=(freedom,),
    )
    if "log2_wbc" in protocol.covariates.adjusted_for:
        yield Method(
            "models",
            "Whether risk bends with the index count is asked of a restricted cubic spline with "
            "four knots [@harrell2001].",
        )


def _describe_standardised() -> Method:
    return Method(
        "models",
        "Standardised risks average what the adjusted model predicts for every patient in each "
        "group [@makuch1982], with errors by the infinitesimal jackknife.",
    )


def _describe_competing(protocol: Protocol) -> Iterator[Method]:
    if any(len(outcome.events) > 1 for outcome in protocol.outcomes):
        yield Method(
            "competing",
            "Where hospice and death compete, the risk of each is Aalen–Johansen's cumulative "
            "incidence [@aalen1978] (95 % log-log intervals from the infinitesimal jackknife); "
            "groups are compared by Gray's test [@gray1988], by cause-specific Cox models "
            "[@prentice1978] and by Fine–Gray models [@fine1999].",
        )


def _describe_treated(protocol: Protocol) -> Iterator[Method]:
    treatment = protocol.treatment
    if treatment is None:
        return
    if "time_dependent" in treatment.enters:
        yield Method(
            "treatment",
            "As time-dependent, those who have begun treatment are compared on each day with those "
            "who have not yet [@crowley1977], so that no day survived before treatment is credited "
            "to it [@suissa2008].",
        )
    if "landmark" in treatment.enters:
        yield Method(
            "treatment",
            "From each landmark, those still followed are compared by whether treatment had begun "
            "by then [@anderson1983].",
        )


def _describe_primary(protocol: Protocol) -> Method:
    contrast = protocol.analyses.primary_contrast
    group, reference = (name_group(name) for name in contrast.groups)
    title = next(o.title for o in protocol.outcomes if o.id == contrast.outcome)
    measure = {"log_rank": "log-rank test"}.get(
        contrast.measure, contrast.measure.replace("_", " ")
    )
    shown = "every p value is" if protocol.analyses.show_p == "all" else "only its p value is"
    return Method(
        "primary",
        f"The primary contrast is {group} against {reference}, {title}, by the {measure}; {shown} "
        "shown [@wasserstein2016]. The contrasts are descriptive: groups differ in more than their "
        "cause. p values are two-sided and not adjusted beyond the pairs.",
        keys=(f"outcomes.{contrast.outcome}.title",),
    )


def _describe_missing() -> Iterator[Method]:
    yield Method(
        "missing",
        "What nobody looked for is not taken as absent: a rule that could not be judged is not "
        "assessed, and a patient whose alternatives were not all looked for is undetermined.",
    )
    least = "survival.imputation.LEAST_IMPUTATIONS"
    yield Method(
        "missing",
        "Models use complete cases. Beside them, missing covariates are imputed by chained "
        "equations [@vanbuuren2018] with the event indicator and the Nelson–Aalen hazard in the "
        f"model [@white2009], {setting(least)} times or as often as the percentage of incomplete "
        "patients [@white2011], and pooled after Rubin [@rubin1987; @barnard1999]; causes never.",
        settings=(least,),
    )


def _describe_bias() -> Iterator[Method]:
    yield Method(
        "bias",
        "Misclassified causes: where the accuracy of the rules is known, each patient's true cause "
        "is redrawn many times and every number made again [@fox2005]; where it is not, nothing is "
        "corrected and the report says so.",
    )
    yield Method(
        "bias",
        "Patients who were lost: those lost are given the hazard of their group times a factor, "
        "from none to the event on the next day, and the conclusion is followed to where it "
        "changes [@jackson2014; @lipkovich2016].",
    )
    common = "bias.e_value.COMMON"
    yield Method(
        "bias",
        "Unmeasured confounding: the E-value [@vanderweele2017], after conversion of the hazard "
        f"ratio where the risk of a group is above {setting(common)}.",
        settings=(common,),
    )
    yield Method(
        "bias",
        "Changing practice: the calendar year of the index is added to the adjusted model, where "
        "dates are true.",
    )


def _describe_decisions(protocol: Protocol) -> Iterator[Method]:
    asked = protocol.sensitivity
    if asked is None:
        return
    yield Method(
        "decisions",
        f"The primary contrast, unadjusted, is estimated again under other decisions "
        f"[@steegen2016]: each option alone, and {asked.n_drawn} drawn combinations in which every "
        "option of a decision is as frequent as any other. How much each decision moves the log "
        "hazard ratio is its share of the variance, averaged over orders of entry "
        "[@lindeman1980].",
        keys=("sensitivity.n_drawn",),
    )
    for decision in asked.decisions:
        options = "; ".join(option.title for option in decision.options)
        yield Method(
            OPTIONS,
            f"{capital(decision.title)}; tried beside the protocol's own: {options}.",
            keys=(f"sensitivity.decisions.{decision.id}",),
        )
    if asked.threshold_curve:
        values = asked.threshold_curve
        yield Method(
            OPTIONS,
            f"With all else as it is, the threshold goes from {values.lowest:g} to "
            f"{values.highest:g} ×10⁹/L in steps of {values.step:g}.",
            keys=("sensitivity.threshold_curve",),
        )
