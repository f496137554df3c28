"""How well reviewers agree with each other, and the rules with the reviewers."""

from leukocytosis.agreement.coefficients import Coefficient, fit_ac1, fit_kappa, tabulate
from leukocytosis.agreement.weighted import Chart, Share, Term, fit_counted, fit_weighted

__all__ = [
    "Chart",
    "Coefficient",
    "Share",
    "Term",
    "fit_ac1",
    "fit_counted",
    "fit_kappa",
    "fit_weighted",
    "tabulate",
]
