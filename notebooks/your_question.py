# ---
# jupyter:
#   jupytext:
#     text_representation:
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Your own question
# A worked example to change: does the 12-week risk differ between tumours? Replace the column
# `tumour_group` by one of your own. Estimators are those of the report: each gives a number with
# its interval, or says why there is none.

# %%
import os

import matplotlib.pyplot as plt
import pandas as pd

from leukocytosis.dataset import open_study

names = os.environ.get("LEUKOCYTOSIS_STUDY", "granger2009/synthetic").split("/")
study = open_study(*names, root=os.environ.get("LEUKOCYTOSIS_ROOT", ".."))
study

# %% [markdown]
# ## The patients
# One row per person, so it is not printed. Its dictionary says what may be asked.

# %%
patients = study["analysis_set"]
patients

# %%
study.describe("analysis_set")[["says", "unit"]]

# %% [markdown]
# ## Risk by tumour
# Kaplan–Meier to the outcome's last day, with log-log intervals. Groups with fewer than 10 patients
# are described by their size only.

# %%
from leukocytosis.survival.curve import fit_curve, risk_rows
from leukocytosis.survival.times import at_half_a_day

outcome = study.protocol.analyses.primary_outcome
horizon = next(o.horizon_days for o in study.protocol.outcomes if o.id == outcome)


def fit_risk(rows):
    """Return the risk at the horizon with its interval, or why there is none."""
    status = rows[f"{outcome}_status"].to_numpy(dtype=int)
    days, _ = at_half_a_day(rows[f"{outcome}_days"].to_numpy(dtype=float), status)
    (row,) = risk_rows(fit_curve(days, status), [float(horizon)], "all",
                       analysis_id="own", outcome_id=outcome)  # fmt: skip
    return row


found = {tumour: rows for tumour, rows in patients.groupby("tumour_group") if len(rows) >= 10}
rows = [{"tumour": tumour, **vars(fit_risk(rows))} for tumour, rows in found.items()]
columns = ["tumour", "n", "n_events", "estimate", "ci_low", "ci_high", "note"]
risks = pd.DataFrame(rows, columns=columns).set_index("tumour")
risks.round(3)

# %%
figure, axis = plt.subplots(figsize=(6, 0.4 * len(risks) + 1))
known = risks.dropna(subset=["estimate", "ci_low", "ci_high"]).astype(
    {"estimate": float, "ci_low": float, "ci_high": float}
)
arms = known[["ci_low", "ci_high"]].sub(known["estimate"], axis=0).abs().to_numpy().T
axis.errorbar(known["estimate"].to_numpy(), range(len(known)), xerr=arms, fmt="o")
axis.set(yticks=range(len(known)), yticklabels=known.index, xlabel="risk", xlim=(0, 1))
figure.tight_layout()

# %% [markdown]
# Before you believe it: how many questions did you ask of these data? A contrast chosen after a
# look is a hypothesis for the next extract.
