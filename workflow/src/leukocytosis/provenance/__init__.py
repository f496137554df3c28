"""What a file was made from: digests of code, configuration and inputs, and the record of them."""

from leukocytosis.provenance.digests import (
    digest_code,
    digest_file,
    digest_files,
    digest_package,
    digest_value,
)
from leukocytosis.provenance.record import (
    KEY,
    Record,
    current_record,
    name_input,
    read_record,
    recorded,
)

__all__ = [
    "KEY",
    "Record",
    "current_record",
    "digest_code",
    "digest_file",
    "digest_files",
    "digest_package",
    "digest_value",
    "name_input",
    "read_record",
    "recorded",
]
