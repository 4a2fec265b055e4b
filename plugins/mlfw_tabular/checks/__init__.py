"""Checking data before it is learnt from: one check, or a small family of them, a file.

Every check is found by its name below `dataset.checks`, and does what its action says: nothing
(`off`), say what it found (`warn`), mend it (`fix`), or end the run (`fail`).
"""

from mlfw_tabular.checks.run import CHECKS, Checked, check_rows, check_splits, validate

__all__ = ["CHECKS", "Checked", "check_rows", "check_splits", "validate"]
