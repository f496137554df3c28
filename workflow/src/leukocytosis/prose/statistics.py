"""The statistical methods in sentences, as far as a protocol sets them."""

from __future__ import annotations

from collections.abc import Iterator

from leukocytosis.config import Protocol
from leukocytosis.prose.names import name_covariate, name_group
from leukocytosis.prose.numbers import join
from leukocytosis.rounding import ROUNDING


def describe_statistics(protocol: Protocol) -> tuple[str, ...]:
    """Return the statistical methods, as far as the protocol sets them."""
    analyses = protocol.analyses
    reference, *others = [name_group(group) for group in analyses.groups]
    adjusted = join([name_covariate(term) for term in protocol.covariates.adjusted_for])
    return (
        "Shares have 95 % Wilson intervals. Risks are 1 − Kaplan–Meier with 95 % log-log "
        "intervals; events on day 0 count at half a day, and nobody is censored at hospice.",
        f"Restricted means to day {join([str(day) for day in analyses.restricted_days])} are areas "
        "under Kaplan–Meier, as far as every group compared was followed to that day.",
        "Groups are compared by log-rank tests (pairs after Holm; by permutation where a group has "
        "fewer than 20 patients or 5 events) and by Cox models (Efron "
        f"ties), with {reference} as the reference for {join(others)}; the adjusted model "
        f"holds {adjusted}.",
        "Where hospice and death compete, the risk of each is Aalen–Johansen's cumulative "
        "incidence (95 % log-log intervals from the infinitesimal jackknife); groups are compared "
        "by Gray's test, by cause-specific Cox models and by Fine–Gray models.",
        f"A model with fewer than {analyses.min_events_per_parameter:g} events per parameter, with "
        "a level without events, or whose likelihood has no maximum (separation) is fitted by "
        "Firth's penalised likelihood (Heinze and Schemper 2001; Lin, Chang and Liao 2013), with "
        "profile intervals and penalised likelihood ratio tests; below 2 events per parameter, or "
        "with a level of fewer than 5 patients, none is fitted.",
        "Proportional hazards are tested after Grambsch and Therneau.",
        f"{_describe_primary(protocol)} The contrasts are descriptive: groups differ in more than "
        "their cause. p values are two-sided and not adjusted beyond the pairs.",
        *_describe_beside(protocol),
        ROUNDING,
    )


def _describe_primary(protocol: Protocol) -> str:
    contrast = protocol.analyses.primary_contrast
    group, reference = (name_group(name) for name in contrast.groups)
    title = next(o.title for o in protocol.outcomes if o.id == contrast.outcome)
    measure = {"log_rank": "log-rank test"}.get(
        contrast.measure, contrast.measure.replace("_", " ")
    )
    shown = "every p value is" if protocol.analyses.show_p == "all" else "only its p value is"
    return (
        f"The primary contrast is {group} against {reference}, {title}, by the {measure}; "
        f"{shown} shown."
    )


def _describe_beside(protocol: Protocol) -> Iterator[str]:
    """Yield what stands beside the main estimates: contrasts, adjustment, imputation."""
    yield (
        "Risk differences have normal intervals (Greenwood), risk ratios on the log scale. "
        "Standardised risks average what the adjusted model predicts for every patient in each "
        "group, with errors by the infinitesimal jackknife."
    )
    yield (
        "Beside complete cases, missing covariates are imputed by chained equations with the event "
        "indicator and the Nelson–Aalen hazard in the model, and pooled after Rubin; causes never."
    )
    strata = [name_covariate(term) for term in protocol.analyses.logrank_strata]
    if strata:
        yield f"The log-rank test is repeated within strata of {join(strata)}."
    bands = [f"{band:g}" for band in protocol.analyses.count_bands_1e9_per_l]
    if bands:
        yield f"A test for trend scores bands of the index count, cut at {join(bands)} ×10⁹/L."
