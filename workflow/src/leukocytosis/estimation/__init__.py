"""Estimators: proportions, Kaplan–Meier, log-rank, Cox, and the analyses made of them."""
