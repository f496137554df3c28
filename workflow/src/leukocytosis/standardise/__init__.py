"""Raw files to canonical tables: every raw row kept, changed, rejected or counted as outside."""

from leukocytosis.standardise.extract import standardise
from leukocytosis.standardise.files import find_all_paths
from leukocytosis.standardise.occurrence import count_codes
from leukocytosis.standardise.raw_files import hash_raw_files, name_raw_files, write_raw_files

__all__ = [
    "count_codes",
    "find_all_paths",
    "hash_raw_files",
    "name_raw_files",
    "standardise",
    "write_raw_files",
]
