"""Dividing rows: the same seed gives the same split on every machine and for every model.

Randomness comes from NumPy's PCG64 through `random` and `permutation` alone, and every sort is
stable.
"""

from mlfw_tabular.splitting.divide import divide
from mlfw_tabular.splitting.finish import finished
from mlfw_tabular.splitting.folds import fold_rows
from mlfw_tabular.splitting.keys import check_assigned, check_keys, given_parts, request_of
from mlfw_tabular.splitting.request import Division, Request
from mlfw_tabular.splitting.take import take_apart
from mlfw_tabular.splitting.words import WORDS

__all__ = [
    "WORDS",
    "Division",
    "Request",
    "check_assigned",
    "check_keys",
    "divide",
    "finished",
    "fold_rows",
    "given_parts",
    "request_of",
    "take_apart",
]
