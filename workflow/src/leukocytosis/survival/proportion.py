"""A proportion and its interval."""

from __future__ import annotations

from math import sqrt

from .row import Number, missing

Z_95 = 1.959963984540054  # 97.5th percentile of the standard normal distribution
FEW = 5  # patients with it, or without: below, quote the exact interval


def fit_proportion(n_events: int, n: int) -> Number:
    """Return n_events / n as a fraction with the 95 % interval of Wilson (1927).

    The score interval is in closed form, never leaves 0 to 1, and is not empty at 0 or n events.
    Without patients there is a reason in place of the number. ValueError when n_events is not
    between 0 and n.
    """
    if not 0 <= n_events <= n:
        raise ValueError(f"a proportion needs 0 ≤ events ≤ patients; got {n_events} and {n}")
    if n == 0:
        return missing("there are no patients")
    share = n_events / n
    centre = (share + Z_95**2 / (2 * n)) / (1 + Z_95**2 / n)
    half = Z_95 / (1 + Z_95**2 / n) * sqrt(share * (1 - share) / n + Z_95**2 / (4 * n**2))
    low = 0.0 if n_events == 0 else centre - half  # exact at the ends, where rounding would show
    high = 1.0 if n_events == n else centre + half
    return Number(share, low, high)


def fit_exact_proportion(n_events: int, n: int) -> Number:
    """Return n_events / n as a fraction with the 95 % interval of Clopper and Pearson (1934).

    From the binomial distribution itself, so its coverage is never below 95 %; mostly it is above,
    and the interval wider than Wilson's. Reasons and ValueError as `fit_proportion`.
    """
    from scipy.special import betaincinv

    share = fit_proportion(n_events, n)
    if share.estimate is None:
        return share
    low = 0.0 if n_events == 0 else float(betaincinv(n_events, n - n_events + 1, 0.025))
    high = 1.0 if n_events == n else float(betaincinv(n_events + 1, n - n_events, 0.975))
    return Number(share.estimate, low, high)


def should_quote_exact(n_events: int, n: int) -> bool:
    """Return whether the exact interval is the one to quote: fewer than 5 with it, or without.

    There Wilson's coverage can fall below 95 %; elsewhere it is nearer to 95 % than the exact one,
    which is needlessly wide (Brown, Cai and DasGupta 2001).
    """
    return min(n_events, n - n_events) < FEW


def exact_bound(n: int) -> float:
    """Return the upper end of the 95 % Clopper–Pearson (1934) interval of 0 events in n patients.

    Its mirror image, 1 minus it, is the lower end for n events in n patients.
    """
    return 1.0 - float(0.025 ** (1.0 / n))
