"""Extreme leukocytosis in patients with solid tumours: from a hospital extract to estimates."""

__version__ = "0.1.0"
