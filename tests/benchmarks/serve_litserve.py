"""`python -m tests.benchmarks.serve_litserve litserve CSV --port PORT`: the same with LitServe.

The model stands in a process of its own, which imports this module: so it is one.
"""

import os
import sys
from typing import Any

import litserve
from tests.benchmarks.serve_by_hand import Model


class Boosting(litserve.LitAPI):  # type: ignore[misc]
    """Boosting behind LitServe."""

    def setup(self, device: Any) -> None:
        """Load the model."""
        self.model = Model(os.environ["TABLE"])

    def decode_request(self, request):  # type: ignore[no-untyped-def] # LitServe reads the types
        """Check a row's types."""
        return self.model.row.model_validate(request)

    def predict(self, x: Any) -> dict[str, Any]:
        """Predict a row."""
        return self.model.predict(x)

    def encode_response(self, output: dict[str, Any]) -> dict[str, Any]:
        """Return the answer."""
        return output


if __name__ == "__main__":
    os.environ["TABLE"] = sys.argv[2]
    server = litserve.LitServer(Boosting(), accelerator="cpu", timeout=60)
    server.run(
        port=int(sys.argv[4]),
        host="127.0.0.1",
        num_api_servers=1,
        log_level="warning",
        generate_client_file=False,
    )
