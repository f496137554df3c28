"""The command line: what a run found, and failures a user can act on."""

from leukocytosis.cli.asking import explain_name
from leukocytosis.cli.commands import main
from leukocytosis.cli.reporting import reported

__all__ = ["explain_name", "main", "reported"]
