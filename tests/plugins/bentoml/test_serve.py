"""`mlfw serve`, and how servers of either kind end."""

from __future__ import annotations

import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import psutil
import pytest

from conftest import Mlfw, environment
from mlfw.errors import UserError
from mlfw.files import read_json
from mlfw_bentoml import BentoML
from model_server import ModelServer, start_server

pytestmark = pytest.mark.xdist_group("bentoml")

SERVE = (sys.executable, "-m", "mlfw", "serve")
BODY = b'[{"x": 7}]'
ANSWER = [{"prediction": 7.0}]


@pytest.fixture(scope="module")
def served(
    echo: Path, echo_site: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ModelServer]:
    """The saved model, served from where it lies, two calls at a time."""
    folder = tmp_path_factory.mktemp("serve")
    command = [*SERVE, echo, "deployer.max_concurrency=2", "deployer.access_log=false"]
    server = start_server(command, folder, environment(PYTHONPATH=echo_site))
    yield server
    server.end()


@pytest.fixture(scope="module")
def echo_bento(
    echo: Path,
    echo_site: str,
    bento_environment: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """The folder with the notes of a Bento of the model, served by two workers."""
    folder = tmp_path_factory.mktemp("deploy")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BENTOML_HOME", bento_environment["BENTOML_HOME"])
        patch.setenv("PYTHONPATH", environment(PYTHONPATH=echo_site)["PYTHONPATH"])
        patch.syspath_prepend(echo_site)
        BentoML(workers=2).deploy(echo, folder, "echo")
    return folder


@pytest.fixture
def calls_outside() -> Iterator[tuple[dict[str, str], socket.socket]]:
    """An environment that leads every call to the outside to a socket, and that socket."""
    with socket.create_server(("127.0.0.1", 0)) as outside:
        proxy = f"http://127.0.0.1:{outside.getsockname()[1]}"
        names = ("http_proxy", "https_proxy", "all_proxy")
        led = {name: proxy for lower in names for name in (lower, lower.upper())}
        yield {**led, "no_proxy": "127.0.0.1", "NO_PROXY": "127.0.0.1"}, outside


def test_it_says_where_it_is_once_it_is_ready(served: ModelServer) -> None:
    wanted = f"serving echo on http://127.0.0.1:{served.port} "
    end = time.monotonic() + 60
    while wanted not in served.log.read_text() and time.monotonic() < end:
        time.sleep(0.05)
    assert wanted in served.log.read_text()


def test_it_answers_with_predictions(served: ModelServer) -> None:
    answer = served.call("POST", "/predict", BODY)
    assert (answer.status, answer.json) == (200, ANSWER)
    assert served.call("GET", "/schema").json["name"] == "echo"


def test_bentomls_own_client_can_ask(served: ModelServer) -> None:
    import bentoml

    with bentoml.SyncHTTPClient(f"http://127.0.0.1:{served.port}") as client:
        assert client.predict([{"x": 7}]) == ANSWER


def test_what_only_bentomls_client_asks_for_is_not_imported_before(
    echo: Path, echo_site: str, tmp_path: Path
) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from mlfw_service import ServedModels, ServiceOptions\n"
        "models, options, model = map(Path, sys.argv[1:])\n"
        "ServedModels.single('echo', model).save(models)\n"
        "ServiceOptions(name='echo', workers=1, timeout=1, max_concurrency=1, max_body=9,"
        " max_rows=1).save(options)\n"
        "from mlfw_bentoml.asgi import app\n"
        "app()\n"
        "import mlfw; mlfw.load(model)\n"
        "print({'bentoml', 'starlette', 'pydantic', 'opentelemetry', 'torch', 'onnx'}"
        " & set(sys.modules))"
    )
    models, options = tmp_path / "models.json", tmp_path / "options.json"
    named = {"MLFW_SERVE_MODELS": str(models), "MLFW_SERVE_OPTIONS": str(options)}
    done = subprocess.run(
        [sys.executable, "-c", code, models, options, echo],
        capture_output=True,
        text=True,
        env=environment(PYTHONPATH=echo_site, MLFW_HOSTS="", **named),
        check=False,
    )
    assert done.stdout == "set()\n", done.stderr


def test_a_prediction_that_is_no_number_becomes_null(served: ModelServer) -> None:
    assert served.predict([{"x": None}, {"x": 7}]).json == [{"prediction": None}, *ANSWER]


def test_a_model_that_fails_fails_one_call_and_tells_nothing_of_itself(served: ModelServer) -> None:
    answer = served.predict([{"x": -1}])
    assert answer.status == 500
    assert b"secret" not in answer.body
    assert "a secret of the model" in served.log.read_text()
    assert served.call("POST", "/predict", BODY).json == ANSWER


def test_calls_that_are_not_complete_keep_nobody_from_being_answered(served: ModelServer) -> None:
    calls = [served.begin(BODY) for _ in range(4)]  # two are predicted at a time
    assert served.call("POST", "/predict", BODY).json == ANSWER
    assert served.call("GET", "/readyz").status == 200
    assert [served.finish(call, BODY).json for call in calls] == [ANSWER] * 4


def test_a_public_address_is_served_to_whoever_sends_the_token(
    echo: Path, echo_site: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    token, file = "a-token-that-nobody-guesses", tmp_path / "token"
    file.touch(mode=0o600)
    file.write_text(f"{token}\n")
    folder = tmp_path / "current"
    folder.mkdir()
    command = [*SERVE, echo, "--host", "0.0.0.0", "--token-file", file, "serve.access_log=true"]
    server = start_server(command, folder, environment(PYTHONPATH=echo_site))
    request.addfinalizer(server.end)
    assert server.call("POST", "/predict", BODY).status == 401
    sent = {"Authorization": f"Bearer {token}", "Host": f"{socket.gethostname()}:{server.port}"}
    assert server.call("POST", "/predict", BODY, headers=sent).json == ANSWER
    sent["Host"] = "evil.example"
    assert server.call("POST", "/predict", BODY, headers=sent).status == 421
    for path in ("/", "/schema", "/docs", "/docs.json", "/metrics", "/nowhere"):
        assert server.call("GET", path).status == 401
    assert server.call("GET", "/healthz").status == 200
    assert token not in server.log.read_text() + " ".join(
        psutil.Process(server.process.pid).cmdline()
    )


@pytest.mark.parametrize("host", ["http://a.example", "a.example:3000", "a.*.example", ""])
def test_a_name_that_callers_cannot_know_it_by_is_a_mistake(host: str) -> None:
    with pytest.raises(UserError, match=r"deployer.hosts: expected names such as"):
        BentoML(hosts=["*", "*.a.example", "b", host]).check()


def test_a_taken_port_is_a_mistake_that_can_be_mended(
    served: ModelServer, echo: Path, echo_site: str, mlfw: Mlfw
) -> None:
    done = mlfw("serve", echo, "--port", served.port, PYTHONPATH=echo_site)
    assert done.returncode == 2
    assert f"--port {served.port}: cannot listen" in done.stderr
    assert "choose another port: --port " in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("host", ["no.such.host.invalid", "192.0.2.1"])
def test_an_address_that_is_not_here_is_a_mistake_that_can_be_mended(
    host: str, echo: Path, echo_site: str, mlfw: Mlfw
) -> None:
    done = mlfw("serve", echo, "--host", host, PYTHONPATH=echo_site)
    assert done.returncode == 2
    assert f"--host {host}: expected an address of this machine" in done.stderr


def test_a_model_whose_plugin_is_missing_is_a_mistake_that_can_be_mended(
    echo: Path, mlfw: Mlfw
) -> None:
    done = mlfw("serve", echo)
    assert done.returncode == 2
    assert 'pip install "mlfw-echo"' in done.stderr


def test_a_third_partys_distribution_lies_in_the_bento_too(echo_bento: Path) -> None:
    note = read_json(echo_bento / "bento.json")
    wheel = "wheels/mlfw_echo-1.0-py3-none-any.whl"
    assert f"./{wheel}" in note["requirements"]
    assert "echo_plugin.py" in ZipFile(Path(note["path"]) / "src" / wheel).namelist()


@pytest.mark.parametrize(
    ("command", "number"),
    [
        (
            (Path(sys.executable).parent / "bentoml", "serve", "{tag}", "--do-not-track"),
            signal.SIGTERM,
        ),
        ((*SERVE, "{model}"), signal.SIGTERM),
        pytest.param(
            (*SERVE, "{model}", "deployer.workers=2"), signal.SIGINT, marks=pytest.mark.slow
        ),
    ],
    ids=["a Bento with two workers", "mlfw serve", "mlfw serve with two workers"],
)
def test_a_stopped_server_answers_what_it_has_begun_and_leaves_nothing(
    command: tuple[object, ...],
    number: signal.Signals,
    echo: Path,
    echo_bento: Path,
    echo_site: str,
    bento_environment: dict[str, str],
    calls_outside: tuple[dict[str, str], socket.socket],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    folders = {name: tmp_path / name for name in ("current", "temporary", "home")}
    for folder in folders.values():
        folder.mkdir()
    places = {"TMPDIR": str(folders["temporary"]), "HOME": str(folders["home"])}
    tag = read_json(echo_bento / "bento.json")["tag"]
    led, outside = calls_outside
    path = environment(PYTHONPATH=echo_site)["PYTHONPATH"]
    surroundings = {**bento_environment, **places, **led, "PYTHONPATH": path}
    del surroundings["BENTOML_DO_NOT_TRACK"]
    server = start_server(
        [str(part).format(tag=tag, model=echo) for part in command],
        folders["current"],
        surroundings,
    )
    request.addfinalizer(server.end)
    workers = psutil.Process(server.process.pid).children(recursive=True)
    begun = server.begin(BODY)

    server.process.send_signal(number)
    late = server.wait_until(503, "POST", "/predict", BODY)
    assert late.json["error"] == "the service is being stopped"
    server.wait_until(503, "GET", "/readyz")
    answer = server.finish(begun, BODY)
    assert (answer.status, answer.json) == (200, ANSWER)

    assert server.process.wait(60) == 0
    _, left = psutil.wait_procs(workers, timeout=10)
    # Where nothing reaps orphans, what has ended stays on the list of processes.
    assert [one for one in left if one.status() != psutil.STATUS_ZOMBIE] == []
    assert [list(folder.iterdir()) for folder in folders.values()] == [[], [], []]
    assert sorted(path.name for path in echo.iterdir()) == ["manifest.json", "schema.json"]
    assert select.select([outside], [], [], 0)[0] == []
