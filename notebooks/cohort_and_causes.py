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
# # The cohort and its causes
# Who is in, why they are, and what explains their counts. Tables of persons (`analysis_set`,
# `causes`, `evidence`, …) compute like any frame but do not print: count and group them.

# %%
import os

import matplotlib.pyplot as plt
import pandas as pd

from leukocytosis.dataset import open_study

names = os.environ.get("LEUKOCYTOSIS_STUDY", "granger2009/synthetic").split("/")
study = open_study(*names, root=os.environ.get("LEUKOCYTOSIS_ROOT", ".."))
study

# %% [markdown]
# ## Who is in

# %%
study["attrition"].set_index("reason")[["n_patients_before", "n_patients_left"]]

# %% [markdown]
# ## What a table says
# Each table brings its dictionary. This one has a row per person.

# %%
study.describe("causes")

# %%
causes = study["causes"]
causes

# %% [markdown]
# ## Causes, with 95 % intervals

# %%
estimates = study["estimates"]
shares = estimates.query("analysis_id == 'cause_shares'").set_index("term")
shares[["n_events", "n", "estimate", "ci_low", "ci_high"]].round(3)

# %% [markdown]
# ## How certain each cause is

# %%
pd.crosstab(causes["primary_cause"], causes["grade"].fillna("none"))

# %% [markdown]
# ## What the rules saw
# `not_assessed` is not `not_met`: nobody looked, or the extract cannot show it.

# %%
evidence = study["evidence"].reset_index()
states = evidence.groupby(["rule_id", "status"], observed=True).size().unstack(fill_value=0)
states

# %% [markdown]
# ## Index counts by group
# Quartiles, in 10⁹/L: the least and the highest count would each be one person's.

# %%
patients = study["analysis_set"]
patients.groupby("cause_group")["wbc_1e9_per_l"].quantile([0.25, 0.5, 0.75]).unstack().round(1)

# %%
figure, axis = plt.subplots(figsize=(6, 3))
for group, counts in patients.groupby("cause_group")["log2_wbc"]:
    axis.hist(counts, bins=20, histtype="step", density=True, label=group)
axis.set(xlabel="log₂ of the index count in 10⁹/L", ylabel="density")
axis.legend() if len(patients) else None
figure.tight_layout()
