"""Proportions with Wilson's interval (Wilson 1927, J Am Stat Assoc 22:209)."""

from __future__ import annotations


def fit_proportion(n_events: int, n: int) -> tuple[float, float, float]:
    """Return the proportion and both ends of its 95 % Wilson interval.

    Raises ValueError when `n` is 0 or `n_events` lies outside 0 to `n`.
    """
    from statsmodels.stats.proportion import proportion_confint

    if n <= 0 or not 0 <= n_events <= n:
        raise ValueError(f"no proportion of {n_events} in {n}")
    low, high = proportion_confint(n_events, n, alpha=0.05, method="wilson")
    return n_events / n, max(0.0, float(low)), min(1.0, float(high))
