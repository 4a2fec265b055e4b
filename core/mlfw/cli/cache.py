"""`mlfw cache`: what is kept of prepared data."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--clear", action="store_true", help="remove everything in it")


def main(options: argparse.Namespace) -> int:
    """Run the command."""
    from mlfw.cache import LIMIT_VARIABLE, Cache
    from mlfw.quantities import memory_size

    cache = Cache.of_user()
    if options.clear:
        print(f"removed {memory_size(cache.clear())} from {cache.folder}")
        return 0
    entries = cache.entries()
    total = sum(size for _, size in entries)
    bound = memory_size(cache.limit)
    print(f"{cache.folder}: {memory_size(total)} of at most {bound} in {len(entries)} parts")
    print(f"set the bound: export {LIMIT_VARIABLE}=20    clear it: mlfw cache --clear")
    return 0
