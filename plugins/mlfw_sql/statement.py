"""Telling a statement that only reads from one that does anything else.

This is the first of two locks; the second is that the database is asked for a read-only
transaction, which is never committed.
"""

from __future__ import annotations

import re

from mlfw import UserError

READS = ("SELECT", "WITH")
INTO = re.compile(r"(?i)(?<![\w.])into(?!\w)")
COMMENT_OR_QUOTED = re.compile(
    r"""--[^\n]* | /\*.*?\*/ | '[^']*' | "[^"]*" | `[^`]*` """, re.VERBOSE | re.DOTALL
)
# Where databases differ in what ends a literal or a comment, no semicolon can be told apart.
AMBIGUOUS = ("\\", "$", "#", "/*")


def check_reads(query: str) -> None:
    """Check that a query is one statement that reads.

    Raises:
        UserError: It is something else, or more than one.
    """
    plain = COMMENT_OR_QUOTED.sub(" ", query).strip(" \t\r\n();")
    word = re.match(r"\w*", plain)
    first = word[0].upper() if word else ""
    if first not in READS:
        raise UserError(
            f"dataset.query: expected a SELECT, found {first or 'no statement'}: a data set is "
            "only read, never changed.",
            "Write dataset.query='SELECT ... FROM ...', or change the data with another tool.",
        )
    if INTO.search(plain):
        raise UserError(
            "dataset.query: holds INTO, which writes what it selects to a table or a file.",
            "Take it out: a data set is only read, never changed.",
        )
    ambiguous = any(sign in query for sign in AMBIGUOUS)
    if ";" in (query.strip().rstrip(";") if ambiguous else plain):
        raise UserError(
            "dataset.query: expected one statement, found a ';' within it.",
            "Give one SELECT; make a view of it where it needs more.",
        )
