"""The release of a study: one offline HTML report, its figures, and its tables as CSV."""

from leukocytosis.report.compare import write_comparison
from leukocytosis.report.headlines import describe_headlines
from leukocytosis.report.inputs import Background, ReportInputs
from leukocytosis.report.release import write_release, write_report, write_tables

__all__ = [
    "Background",
    "ReportInputs",
    "describe_headlines",
    "write_comparison",
    "write_release",
    "write_report",
    "write_tables",
]
