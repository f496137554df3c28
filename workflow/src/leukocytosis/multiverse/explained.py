"""How much of the spread between variants each decision accounts for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import factorial

import numpy as np
import numpy.typing as npt

from leukocytosis.survival.times import FloatArray


def share_out(values: npt.ArrayLike, choices: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """Return decision → share of the variance of `values` (n,) that it accounts for.

    Lindeman, Merenda and Gold (1980), the Shapley value of R²: a decision's share is what its
    options add to R² of a linear model of the options, averaged over every order in which
    decisions can enter it. `choices` are decision → the option of each value, (n,). The shares
    add up to R² of all decisions; the rest is how decisions act together. ValueError when the
    values do not vary.
    """
    outcome = np.asarray(values, dtype=np.float64)
    total = float(((outcome - outcome.mean()) ** 2).sum())
    if total == 0:
        raise ValueError("the values do not vary")
    blocks = {name: _dummies(options) for name, options in choices.items()}
    fitted = _fit_all(outcome - outcome.mean(), [*blocks.values()]) / total
    n = len(blocks)
    shares = dict.fromkeys(blocks, 0.0)
    for chosen in range(2**n):
        size = chosen.bit_count()
        for i, name in enumerate(blocks):
            if not chosen >> i & 1:
                orders = factorial(size) * factorial(n - size - 1) / factorial(n)
                shares[name] += orders * float(fitted[chosen | 1 << i] - fitted[chosen])
    return shares


def _dummies(options: Sequence[str]) -> FloatArray:
    """Return a column per option but the first, centred, so that no constant is needed."""
    named = np.array(options)
    levels = sorted({*options})[1:]
    columns = np.array([named == level for level in levels], dtype=np.float64).T
    columns = columns.reshape(len(options), len(levels))
    return columns - columns.mean(axis=0) if levels else columns


def _fit_all(outcome: FloatArray, blocks: Sequence[FloatArray]) -> FloatArray:
    """Return the explained sum of squares of every subset of blocks, numbered by its bits."""
    design = np.hstack(blocks)
    products, moments = design.T @ design, design.T @ outcome
    ends = np.cumsum([block.shape[1] for block in blocks])
    of_block = [np.arange(end - b.shape[1], end) for end, b in zip(ends, blocks, strict=True)]
    explained = np.zeros(2 ** len(blocks))
    for chosen in range(1, explained.size):
        here = np.concatenate([c for i, c in enumerate(of_block) if chosen >> i & 1])
        # the least-squares solution of smallest norm: options that go together share a column
        found = np.linalg.lstsq(products[np.ix_(here, here)], moments[here], rcond=None)[0]
        explained[chosen] = moments[here] @ found
    return explained
