"""Estimators of risk and survival: arrays in, numbers with intervals (or the reason why not) out.

Nothing is re-exported here, so that a job which needs one estimator imports only that one. The
estimators are numpy throughout: where lifelines agrees with R's survival package to the last
digits (Kaplan–Meier) it costs more to import than to write, and where it does not (the median on a
flat step, the proportional-hazards test) we follow R. `tests/oracle/survival/` holds R's numbers.
"""
