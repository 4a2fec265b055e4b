"""A script that tracks a run, a server that answers it, and a reader of what it keeps."""

from __future__ import annotations

import http.server
import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

KEY = "0123456789" * 4
SECRET = "correct-horse-battery"
DRIVER = """
import json, logging, os, signal, sys, time
from pathlib import Path
import mlfw, wandb
from mlfw_wandb.tracker import Wandb

logging.basicConfig(filename="log.txt")
options = json.loads(sys.argv[1])
tracker = Wandb(**options)
config = {"seed": 1, "dataset": {"use": "csv", "password": "${oc.env:PASSWORD}"}}
started = time.monotonic()
tracker.start(mlfw.RunInfo("my-run", Path("run").absolute(), config))
tracker.log({"trial/value": 0.5, "trial/number": 7})
for epoch in (1, 2):
    tracker.log({"train/loss": 1 / epoch}, epoch)
tracker.log({"test/accuracy": 0.75})
if "waits" in os.environ:
    Path("waiting").touch()
    sys.stdin.readline()
    started = time.monotonic()
try:
    tracker.finish(failed=False)
except Exception as error:
    Path("error.txt").write_text(str(error))
Path("seconds.txt").write_text(str(time.monotonic() - started))
"""
VALUES = [
    {"trial/value": 0.5, "trial/number": 7},
    {"train/loss": 1.0, "epoch": 1},
    {"train/loss": 0.5, "epoch": 2},
    {"test/accuracy": 0.75},
]
Track = Callable[..., subprocess.Popen[str]]


def finish(process: subprocess.Popen[str]) -> None:
    """Let a tracking process end, which must go well and print nothing."""
    printed = process.communicate(timeout=200)
    assert (process.returncode, *printed) == (0, "", "")


def seconds_taken(folder: Path) -> float:
    """Return how long tracking and its end took, imports left aside."""
    return float((folder / "seconds.txt").read_text())


def wait_for(condition: Callable[[], object]) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


class Server:
    """What wandb's server must answer for a run to begin, and what it was sent."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.ids: list[str] = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                content = json.dumps({"data": outer.answer(self.path, body)}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def answer(self, path: str, body: bytes) -> dict[str, Any]:
        if path.endswith("/file_stream"):
            lines = json.loads(body).get("files", {}).get("wandb-history.jsonl", {})
            self.rows += [json.loads(line) for line in lines.get("content", [])]
            return {}
        if path != "/graphql":
            return {}
        query = json.loads(body)
        project = {"id": "p", "name": "p", "entity": {"id": "e", "name": "e"}}
        if query["operationName"] == "UpsertBucket":
            self.ids.append(query["variables"]["name"])
            name = query["variables"]["name"]
            bucket = {"id": "b", "name": name, "displayName": name, "project": project}
            return {"upsertBucket": {"bucket": bucket, "inserted": True}}
        if query["operationName"] == "CreateRunFiles":
            return {"createRunFiles": {"runID": "b", "uploadHeaders": [], "files": []}}
        return {"model": {**project, "bucket": None}}

    def stop(self) -> None:
        self.http.shutdown()
        self.http.server_close()


def numbers(row: dict[str, Any]) -> dict[str, Any]:
    """Return a logged row without what wandb adds."""
    return {name: value for name, value in row.items() if not name.startswith("_")}


def kept(run: Path) -> list[dict[str, Any]]:
    """Return the rows in a run directory, of all its parts in their order."""
    return [row for path in sorted(run.glob("wandb/*run-*/run-*.wandb")) for row in _rows(path)]


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    from wandb.proto.wandb_internal_pb2 import Record

    for content in _records(path.read_bytes()):
        record = Record.FromString(content)
        if record.HasField("history"):
            items = record.history.item
            yield numbers({item.nested_key[0]: json.loads(item.value_json) for item in items})


def _records(data: bytes) -> Iterator[bytes]:
    """Split a file into records: a LevelDB log, of which wandb's own header takes 7 bytes."""
    block, header = 32768, 7
    position, content = header, b""
    while position + header <= len(data):
        left = block - position % block
        length = int.from_bytes(data[position + 4 : position + 6], "little")
        part = data[position + 6]
        if left < header or part == 0:
            position += left
            continue
        content += data[position + header : position + header + length]
        position += header + length
        if part in (1, 4):  # a whole record, or its last part
            yield content
            content = b""
