"""The manual of tables, printed from the contracts."""

from __future__ import annotations

from leukocytosis.tables.catalogue import ALL
from leukocytosis.tables.contract import Column, Table


def describe_table(table: Table) -> str:
    """Return a table's contract as Markdown: what one row is, its key, and every column."""
    lines = [
        f"## {table.name}",
        "",
        f"One row per {table.row}. Key: {', '.join(f'`{key}`' for key in table.key)}. "
        f"{'Person-level: never leaves.' if table.tier == 'person' else 'Aggregate.'}",
        "",
        "| column | type | unit | may be missing | says |",
        "|---|---|---|---|---|",
    ]
    return "\n".join(lines + [_describe_column(column) for column in table.columns]) + "\n"


def _describe_column(column: Column) -> str:
    says = column.says + (f" One of: {', '.join(column.allowed)}." if column.allowed else "")
    missing = "yes" if column.nullable else "no"
    return f"| `{column.name}` | {column.kind} | {column.unit or ''} | {missing} | {says} |"


def describe_tables() -> str:
    """Return the manual of tables, printed from the contracts."""
    head = "# Tables\n\nPrinted from the contracts: `leukocytosis tables > docs/tables.md`.\n"
    return "\n".join([head, *(describe_table(table) for table in ALL)])
