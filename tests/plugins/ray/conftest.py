"""Settings of Ray in this process, which it reads when it is imported."""

from __future__ import annotations

import os
import secrets

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ["RAY_AUTH_MODE"] = "token"
os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # listen on the loopback interface
os.environ["RAY_DEDUP_LOGS_SKIP_REGEX"] = "."
