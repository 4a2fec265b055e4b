"""Caps that are looked at before a body is parsed: so much memory can no request take."""

from __future__ import annotations

import re

from mlfw_service.reading.refusal import Refusal

STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)


def check_caps(body: bytes, *, max_rows: int, max_keys: int, max_row: int) -> None:
    """Check how many rows a body in JSON can hold at most, how many keys, and how large they are.

    Bytes are counted as they stand there. Only if there are too many, those within texts are left
    out.

    Args:
        body: The body.
        max_rows: Most rows of a request.
        max_keys: Most keys of a row.
        max_row: Most bytes of a row.

    Raises:
        Refusal: A cap is exceeded.
    """
    if len(body) > max_row and max(map(len, body.split(b"}"))) > max_row:
        raise Refusal(413, f"expected rows of at most {max_row} bytes")
    around = body.lstrip()[:1] == b"{"  # a row by itself, or the object around `rows`
    if _fits(body, max_rows, max_keys, around):
        return
    bare = STRING.sub(b"", body)
    if not _fits(bare, max_rows, max_keys, around):
        if bare.count(b"{") > max_rows + around:
            raise Refusal(413, f"expected at most {max_rows} rows")
        raise Refusal(413, f"expected rows of at most {max_keys} keys")


def _fits(body: bytes, max_rows: int, max_keys: int, around: bool) -> bool:
    rows = body.count(b"{")
    if rows > max_rows + around:
        return False
    return max(body.count(b","), body.count(b"[")) <= max(rows, 1) * max_keys + max_rows
