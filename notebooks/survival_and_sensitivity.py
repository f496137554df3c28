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
# # Survival and sensitivity
# The risks, curves and contrasts of a run, and what cannot be estimated.

# %%
import os

import matplotlib.pyplot as plt
import pandas as pd

from leukocytosis.dataset import open_study

names = os.environ.get("LEUKOCYTOSIS_STUDY", "granger2009/synthetic").split("/")
study = open_study(*names, root=os.environ.get("LEUKOCYTOSIS_ROOT", ".."))
study

# %% [markdown]
# ## What was estimated
# One row per number. `note` says why there is none, where there is none.

# %%
estimates = study["estimates"]
estimates.groupby("analysis_id").size().rename("rows").to_frame()

# %% [markdown]
# ## Risk of each outcome by group

# %%
place = ["outcome_id", "group", "time_days"]
risks = estimates.query("analysis_id == 'risk'").set_index(place)
risks[["estimate", "ci_low", "ci_high", "n", "n_events"]].round(3)

# %% [markdown]
# ## Contrasts
# The groups differ in more than their cause: these ratios describe, and attribute nothing.

# %%
ratios = estimates[estimates["analysis_id"].isin(["cox_unadjusted", "cox_adjusted"])]
ratios.set_index(["analysis_id", "outcome_id", "term"])[["estimate", "ci_low", "ci_high"]].round(2)

# %% [markdown]
# ## What cannot be estimated, and why

# %%
gaps = estimates[estimates["estimate"].isna() & estimates["p_value"].isna()]
gaps.groupby("note").size().rename("numbers").to_frame()

# %% [markdown]
# ## Curves

# %%
curves = study["curves"]
outcome = study.protocol.analyses.primary_outcome
figure, axis = plt.subplots(figsize=(6, 4))
# besides the cause groups the table holds arms of treatment
groups = estimates.query("analysis_id == 'risk'")["group"].unique()
shown = (curves["outcome_id"] == outcome) & curves["group"].isin(groups)
for group, curve in curves[shown].groupby("group"):
    steps = axis.step(curve["time_days"], curve["survival"], where="post", label=group)
    axis.fill_between(
        curve["time_days"], curve["ci_low"], curve["ci_high"],
        step="post", alpha=0.15, color=steps[0].get_color(),
    )  # fmt: skip
axis.set(xlabel="days from index", ylabel="free of the outcome", ylim=(0, 1))
axis.legend() if len(curves) else None
figure.tight_layout()
