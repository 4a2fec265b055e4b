"""`mlfw cache`: what is kept of prepared data."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--clear", action="store_true", help="remove everything in it")


def main(options: argparse.Namespace) -> int:
    """Run the command."""
    from mlfw.cache import LIMIT_VARIABLE, Cache

    cache = Cache.of_user()
    if options.clear:
        print(f"removed {_shown(cache.clear())} from {cache.folder}")
        return 0
    entries = cache.entries()
    total = sum(size for _, size in entries)
    bound = _shown(cache.limit)
    print(f"{cache.folder}: {_shown(total)} of at most {bound} in {len(entries)} parts")
    print(f"set the bound: export {LIMIT_VARIABLE}=20    clear it: mlfw cache --clear")
    return 0


def _shown(size: int) -> str:
    return f"{size / 1e9:.3g} GB" if size >= 1e9 else f"{size / 1e6:.3g} MB"
