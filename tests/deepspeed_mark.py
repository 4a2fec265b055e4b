"""A mark for tests of DeepSpeed, which `make test-slow` installs and `make test` does not."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

needs_deepspeed = pytest.mark.skipif(
    find_spec("deepspeed") is None, reason="needs pip install 'mlfw[deepspeed]'"
)
