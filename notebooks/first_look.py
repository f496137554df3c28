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
# # A first look at a study
# Opens the outputs of a run: the attrition, the causes, the 12-week risks and the curves.
# Only aggregate tables are read here. Set `LEUKOCYTOSIS_RESULTS` to another
# `results/studies/{study}/{extract}` to look at another run.

# %%
import os
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

folder = Path(os.environ.get("LEUKOCYTOSIS_RESULTS", "results/studies/granger2009/synthetic"))
estimates = pd.read_parquet(folder / "estimates.parquet")
attrition = pd.read_parquet(folder / "attrition.parquet")
curves = pd.read_parquet(folder / "curves.parquet")

# %% [markdown]
# ## Who is in

# %%
attrition[["reason", "n_patients_left"]]

# %% [markdown]
# ## Causes, with 95 % intervals

# %%
shares = estimates.query("analysis_id == 'cause_shares'")
shares[["term", "n_events", "n", "estimate", "ci_low", "ci_high"]].round(3)

# %% [markdown]
# ## Risk of the primary outcome by group

# %%
risks = estimates.query("analysis_id == 'risk'")
risks[["outcome_id", "group", "time_days", "estimate", "ci_low", "ci_high", "note"]].round(3)

# %% [markdown]
# ## What cannot be estimated, and why

# %%
estimates[estimates["estimate"].isna()][["analysis_id", "outcome_id", "group", "term", "note"]]

# %% [markdown]
# ## Curves

# %%
figure, axis = plt.subplots(figsize=(6, 4))
first_outcome = curves["outcome_id"].min() if len(curves) else None
of_groups = curves[(curves["outcome_id"] == first_outcome) & curves["group"].isin(risks["group"])]
for group, curve in of_groups.groupby("group"):
    axis.step(curve["time_days"], curve["survival"], where="post", label=group)
axis.set(xlabel="days from index", ylabel="free of the outcome", ylim=(0, 1))
axis.legend() if len(curves) else None
figure.tight_layout()
