"""Competing risks: which of several events comes first, and what follows it.

`paths` says who was in which state from when until when, `occupation` how likely each state is
(Aalen–Johansen), `gray` compares groups, `fine_gray` regresses; `analyses` makes the rows.
"""
