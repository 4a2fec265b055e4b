"""Data sets may be URLs: the rows are those of the same files on a disk, errors say what to do."""

from __future__ import annotations

import gzip
import http.server
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from conftest import PENGUINS, Mlfw
from mlfw import LoadContext, StreamedSplits, UserError
from mlfw.components.splits import SPLIT_NAMES
from mlfw.remote import deadline, filesystems
from mlfw_tabular.csv import Csv
from mlfw_tabular.jsonl import JsonLines
from mlfw_tabular.parquet import Parquet
from mlfw_tabular.streamable import StreamableDataset

KEYS = {"AWS_ACCESS_KEY_ID": "user", "AWS_SECRET_ACCESS_KEY": "hidden-key"}


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """Yield the address of a server that speaks as Amazon S3 does, with a bucket of penguins."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**KEYS, "AWS_EC2_METADATA_DISABLED": "true"}.items():
            patch.setenv(name, value)
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        _fill(f"{host}:{port}")
        yield f"{host}:{port}"
    server.stop()


def _fill(address: str) -> None:
    from pyarrow.fs import S3FileSystem

    store = S3FileSystem(endpoint_override=address, scheme="http", allow_bucket_creation=True)
    store.create_dir("birds")
    table = pyarrow.csv.read_csv(PENGUINS)
    content: dict[str, bytes] = {
        "penguins.csv": PENGUINS.read_bytes(),
        "packed/penguins.csv.gz": gzip.compress(PENGUINS.read_bytes()),
        "lines/penguins.jsonl": b"".join(_json(row) for row in table.to_pylist()),
        "parts/a b.csv": b"n,y\n1,u\n2,v\n",
        "parts/c.csv": b"y,n\nu,3\n",
        "parts/.hidden.csv": b"z\n1\n",
        "bad.csv": b'n,y\n1,u\n2\n"3,v\n',
        "empty.csv": b"",
    }
    for number, year in enumerate(("2023", "2024")):
        sink = pa.BufferOutputStream()
        pq.write_table(table.slice(number * 170, 170), sink, row_group_size=60)
        content[f"by year/year={year}/part.parquet"] = sink.getvalue().to_pybytes()
    content["by year/_SUCCESS"] = b""
    for name, data in content.items():
        with store.open_output_stream(f"birds/{name}", compression=None) as file:
            file.write(data)


def _json(row: dict[str, Any]) -> bytes:
    import json

    return json.dumps(row, default=str).encode() + b"\n"


def test_rows_are_those_of_the_same_file_on_the_disk(s3: str) -> None:
    whole = Csv(path=[str(PENGUINS)]).table()

    assert Csv(path=["s3://birds/penguins.csv"]).table() == whole
    assert Csv(path=["s3://birds/packed/penguins.csv.gz"]).table() == whole
    assert JsonLines(path=["s3://birds/lines/*.jsonl"]).table().num_rows == whole.num_rows


def test_an_endpoint_may_stand_in_the_url(s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    url = f"s3://birds/parts/c.csv?endpoint_override={s3}&scheme=http"

    assert Csv(path=[url]).table().num_rows == 1


def test_a_pattern_stands_for_its_files_in_the_order_of_names(s3: str) -> None:
    for pattern in ("s3://birds/parts/*.csv", "s3://birds/**/[ac]*.csv"):
        assert Csv(path=[pattern]).table().to_pydict() == {
            "n": ["1", "2", "3"],
            "y": ["u", "v", "u"],
        }


@pytest.mark.parametrize("stream", [False, True])
def test_a_folder_of_parquet_is_read_whole_and_streamed(
    s3: str, stream: bool, tmp_path: Path
) -> None:
    dataset = Parquet(path=["s3://birds/by year"], target=["Sex"], stream=stream)
    data = dataset.load(LoadContext(folder=tmp_path))

    assert isinstance(data, StreamedSplits) is stream
    rows = pa.concat_tables(batch for name in SPLIT_NAMES for batch in data.batches(name))
    sexes = pyarrow.csv.read_csv(PENGUINS)["Sex"][:340].to_pylist()
    assert rows.num_rows == sum(sex in ("MALE", "FEMALE") for sex in sexes)
    assert set(rows["year"].to_pylist()) == {2023, 2024}


@pytest.mark.parametrize(
    ("kind", "url"), [(Csv, "packed/penguins.csv.gz"), (JsonLines, "lines/*.jsonl")]
)
def test_text_is_streamed_without_a_copy(
    s3: str,
    kind: type[StreamableDataset],
    url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mlfw.remote.files.RemoteFile.copy", None)
    data = kind(path=[f"s3://birds/{url}"], target=["Sex"], stream=True).load(
        LoadContext(folder=tmp_path)
    )

    assert isinstance(data, StreamedSplits)
    assert sum(map(data.count, SPLIT_NAMES)) == 333


def test_the_fingerprint_follows_the_content_and_reads_nothing(
    s3: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pyarrow.fs import S3FileSystem

    store = S3FileSystem(endpoint_override=s3, scheme="http")

    def fingerprint(content: bytes) -> str:
        with store.open_output_stream("birds/changing/x.csv") as file:
            file.write(content)
        return Csv(path=["s3://birds/changing/x.csv"]).fingerprint()

    monkeypatch.setattr("mlfw.remote.files.RemoteFile.copy", None)
    assert fingerprint(b"n,y\n1,u\n") == fingerprint(b"n,y\n1,u\n")
    assert fingerprint(b"n,y\n1,u\n") != fingerprint(b"n,y\n1,v\n")


def test_a_run_and_predictions_read_urls(s3: str, mlfw_here: Mlfw, tmp_path: Path) -> None:
    done = mlfw_here(
        "run", "dataset=csv", "dataset.path=s3://birds/penguins.csv", "dataset.target=Sex",
        "dataset.drop=[studyName,Sample Number,Individual ID]", "model=tree", "run.dir=run",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr

    config = (tmp_path / "run/config.yaml").read_text()
    assert "s3://birds/penguins.csv" in config
    for file in (tmp_path / "run").rglob("*"):
        assert not file.is_file() or b"hidden-key" not in file.read_bytes()

    local = mlfw_here("predict", "run", PENGUINS)
    remote = mlfw_here("predict", "run", "s3://birds/penguins.csv")
    assert remote.returncode == 0, remote.stderr
    assert remote.stdout == local.stdout
    measured = mlfw_here("evaluate", "run", "s3://birds/penguins.csv")
    assert measured.returncode == 0, measured.stderr
    assert "penguins.csv" in measured.stdout


MISTAKES: dict[str, tuple[str, tuple[str, ...]]] = {
    "no key": ("s3://birds/penguin.csv", ("no such file", "Did you mean 'penguins.csv'?")),
    "no bucket": ("s3://bird/penguins.csv", ("there is no bucket 'bird'",)),
    "no bucket for a pattern": ("s3://bird/*.csv", ("there is no bucket 'bird'",)),
    "no match": ("s3://birds/parts/x*.csv", ("no file matches", "a b.csv")),
    "a folder": ("s3://birds/parts", ("is a folder", "'s3://birds/parts/*.csv'")),
    "empty": ("s3://birds/empty.csv", ("empty.csv: the file is empty",)),
    "a bad line": ("s3://birds/bad.csv", ("s3://birds/bad.csv: line 3: expected 2 values",)),
    "an option": ("s3://birds/penguins.csv?regoin=x", ("'regoin'", "Did you mean 'region'?")),
    "no bucket's name": ("s3:///penguins.csv", ("names no bucket", "s3://BUCKET/FILE")),
    "a scheme": ("s4://birds/penguins.csv", ("the scheme 's4' is not known", "s3://")),
    "a package": ("lakefs://birds/penguins.csv", ('pip install "lakefs-spec"',)),
    "an account": ("abfs://birds/penguins.csv", ("names no account", ".dfs.core.windows.net")),
    "a secret": (
        "s3://user:hidden-key@birds/penguins.csv",
        ("dataset.path: s3://user:***@birds", "holds a secret", "${oc.env:DATA_URL}"),
    ),
    "a secret option": (
        "https://a.org/x.csv?sig=hidden-key",
        ("https://a.org/x.csv?sig=***", "holds a secret"),
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_with_the_remedy(s3: str, name: str, mlfw_here: Mlfw) -> None:
    url, words = MISTAKES[name]
    done = mlfw_here(
        "run", "dataset=csv", f'dataset.path="{url}"', "dataset.target=y", "model=tree"
    )

    assert done.returncode == 2, done.stderr
    for word in words:
        assert word in done.stderr
    assert "Traceback" not in done.stderr
    assert "hidden-key" not in done.stderr


def test_a_url_in_an_environment_variable_is_kept_as_the_variable(
    s3: str, mlfw_here: Mlfw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA_URL", "s3://user:hidden-key@birds/bad.csv")
    for path in ("${oc.env:DATA_URL}", "['${oc.env:DATA_URL}']"):
        done = mlfw_here(
            "run", "dataset=csv", f"dataset.path={path}", "dataset.target=y", "run.dir=run"
        )

        assert done.returncode == 2
        assert "s3://user:***@birds/bad.csv: line 3: expected 2 values" in done.stderr
        for file in (tmp_path / "run").rglob("*"):
            assert not file.is_file() or b"hidden-key" not in file.read_bytes()


@pytest.fixture
def strict(s3: str) -> Iterator[str]:
    """Let the server check the keys."""
    import urllib.request

    def tell(count: str) -> None:
        request = urllib.request.Request(
            f"http://{s3}/moto-api/reset-auth", count.encode(), {"Content-Type": "text/plain"}
        )
        urllib.request.urlopen(request).close()

    filesystems._opened.cache_clear()
    tell("0")
    yield s3
    tell("inf")


def test_without_permission_it_says_where_the_keys_come_from(strict: str) -> None:
    with pytest.raises(UserError, match="permission denied") as refused:
        Csv(path=["s3://birds/penguins.csv"]).table()

    assert "AWS_ACCESS_KEY_ID" in refused.value.remedy


def _refused() -> tuple[str, Callable[[], None]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}", lambda: None


def _silent() -> tuple[str, Callable[[], None]]:
    listening = socket.create_server(("127.0.0.1", 0))
    return f"127.0.0.1:{listening.getsockname()[1]}", listening.close


@pytest.mark.parametrize("server", [_refused, _silent])
@pytest.mark.parametrize(
    "form", ["s3://b/x.csv?endpoint_override={}&scheme=http", "http://{}/x.csv"]
)
def test_a_host_that_does_not_answer_is_given_up(
    server: Callable[[], tuple[str, Callable[[], None]]],
    form: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in {"SILENCE": 1.0, "ATTEMPTS": 1}.items():
        monkeypatch.setattr(filesystems, name, value)
    monkeypatch.setattr(deadline, "SECONDS", 1.0)
    for name, value in {**KEYS, "AWS_DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(name, value)
    address, close = server()
    with pytest.raises(UserError, match=r"cannot be reached"):
        Csv(path=[form.format(address)]).table()
    close()


@pytest.mark.parametrize(
    ("url", "hidden", "remedy"),
    [
        ("https://127.0.0.1:9/x.csv", "fsspec", 'pip install "mlfw[urls]"'),
        ("hdfs://127.0.0.1:9/x.csv", "", "JAVA_HOME"),
    ],
)
def test_what_is_not_installed_is_named(
    url: str, hidden: str, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, hidden, None)
    monkeypatch.setenv("JAVA_HOME", "/nowhere")
    with pytest.raises(UserError) as refused:
        Csv(path=[url]).table()

    assert remedy in refused.value.remedy


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def test_a_file_on_a_web_server_is_read(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("n,y\n1,u\n2,v\n")
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(_Quiet, directory=str(tmp_path))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        dataset = Csv(path=[f"http://127.0.0.1:{server.server_port}/rows.csv"])
        assert dataset.table().to_pydict() == {"n": ["1", "2"], "y": ["u", "v"]}
        with pytest.raises(UserError, match="no such file"):
            Csv(path=[f"http://127.0.0.1:{server.server_port}/row.csv"]).table()
    finally:
        server.shutdown()
        server.server_close()


def test_without_a_cache_copies_lie_in_a_temporary_folder(
    s3: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFW_CACHE_GB", "0")

    assert Csv(path=["s3://birds/parts/c.csv"]).table().num_rows == 1
