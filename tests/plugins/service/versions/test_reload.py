"""New versions, taken over while requests are answered, or refused."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

import mlfw
from mlfw.files import new_folder, sha256, write_json

Eventually = Callable[[Callable[[], object]], None]
LOOK = 0.1  # seconds


@pytest.fixture(scope="module")
def trees(penguins: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The saved models of a shallow tree and of a deeper one."""
    folder = tmp_path_factory.mktemp("trees")
    found = []
    for depth in (1, 4):
        config = folder / f"{depth}.yaml"
        settings = {
            "dataset": {"use": "csv", "path": str(penguins), "target": "Species"},
            "model": {"use": "tree", "max_depth": depth},
        }
        config.write_text(json.dumps(settings))
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("MLFW_RUNS", str(folder / "runs"))
            found.append(mlfw.run(config).dir / "model")
    return found


@pytest.fixture
def place(tmp_path: Path, trees: list[Path]) -> Path:
    """A copy of the first tree, to be replaced."""
    return Path(shutil.copytree(trees[0], tmp_path / "served"))


@pytest.fixture
def service(place: Path, serve: Callable[..., httpx.Client]) -> httpx.Client:
    """The copy, served by a service that looks for new versions."""
    return serve({"tree": place}, reload=LOOK)


def replace_whole(place: Path, model: Path) -> None:
    """Put another model in a model's place, as mlfw writes them."""
    with new_folder(place) as folder:
        shutil.copytree(model, folder, dirs_exist_ok=True)


def version_of(model: Path) -> str:
    return sha256(model / "manifest.json")[:12]


def told(service: httpx.Client) -> tuple[str, str | None]:
    found = service.get("/model").json()
    return found["version"], found["problem"]


def sample_row(model: Path) -> dict[str, object]:
    return dict(json.loads((model / "sample.json").read_text())["rows"][0])


@contextmanager
def load_on(service: httpx.Client, row: dict[str, object]) -> Iterator[list[tuple[int, str]]]:
    """Send requests all the time, and collect how they were answered."""
    answers: list[tuple[int, str]] = []
    ended = threading.Event()

    def send() -> None:
        with httpx.Client(base_url=service.base_url, timeout=60) as client:
            while not ended.is_set():
                answer = client.post("/predict", json=[row])
                answers.append((answer.status_code, answer.headers["x-model-version"]))

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    yield answers
    ended.set()
    for thread in threads:
        thread.join()


def test_a_new_version_is_taken_over_without_a_failed_request(
    service: httpx.Client,
    place: Path,
    trees: list[Path],
    metric: Callable[..., float],
    eventually: Eventually,
) -> None:
    versions = [version_of(tree) for tree in trees]
    assert told(service) == (versions[0], None)
    with load_on(service, sample_row(place)) as answers:
        eventually(lambda: len(answers) > 5)
        replace_whole(place, trees[1])
        eventually(lambda: told(service)[0] == versions[1])
        so_far = len(answers)
        eventually(lambda: len(answers) > so_far + 5)
    assert {status for status, _ in answers} == {200}
    assert {version for _, version in answers} == set(versions)
    served = [metric(service, "mlfw_model_info", version=version) for version in versions]
    assert served == [0, 1]
    assert metric(service, "mlfw_model_reloads_total", model="tree", result="taken over") == 1
    predicted = mlfw.load(trees[1]).predict([sample_row(place)]).to_pylist()[0]
    answer = service.post("/predict", json=[sample_row(place)]).json()[0]
    assert {key: answer[key] for key in predicted} == pytest.approx(predicted)


def test_a_link_that_leads_elsewhere_is_a_new_version(
    tmp_path: Path,
    trees: list[Path],
    serve: Callable[..., httpx.Client],
    eventually: Eventually,
) -> None:
    link = tmp_path / "production"
    link.symlink_to(trees[0])
    service = serve({"tree": link}, reload=LOOK)
    (tmp_path / "next").symlink_to(trees[1])
    (tmp_path / "next").replace(link)
    eventually(lambda: told(service) == (version_of(trees[1]), None))


def renewed(model: Path) -> None:
    """Make the manifest fit the files, as somebody would who changes a model by hand."""
    manifest = json.loads((model / "manifest.json").read_text())
    manifest["files"] = {name: sha256(model / name) for name in manifest["files"]}
    write_json(model / "manifest.json", manifest)


def damage(model: Path, trees: list[Path]) -> None:
    content = bytearray((model / "model.onnx").read_bytes())
    content[len(content) // 2] ^= 255
    (model / "model.onnx").write_bytes(content)


def predict_differently(model: Path, trees: list[Path]) -> None:
    shutil.copy(trees[1] / "sample.json", model / "sample.json")
    renewed(model)


def remove(model: Path, trees: list[Path]) -> None:
    shutil.rmtree(model)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (damage, "model.onnx"),
        (predict_differently, "predicts differently from when it was saved"),
        (remove, "manifest.json"),
    ],
)
def test_a_version_that_fails_a_check_is_refused_and_the_old_one_goes_on(
    spoil: Callable[[Path, list[Path]], None],
    said: str,
    service: httpx.Client,
    place: Path,
    trees: list[Path],
    tmp_path: Path,
    metric: Callable[..., float],
    eventually: Eventually,
    caplog: pytest.LogCaptureFixture,
) -> None:
    row = sample_row(place)
    before = service.post("/predict", json=[row]).json()
    if spoil is remove:
        remove(place, trees)
    else:
        bad = Path(shutil.copytree(trees[0], tmp_path / "bad"))
        spoil(bad, trees)
        replace_whole(place, bad)
    eventually(lambda: told(service)[1])
    version, problem = told(service)
    assert version == version_of(trees[0])
    assert said in str(problem)
    assert metric(service, "mlfw_model_info", version=version) == 1
    assert metric(service, "mlfw_model_reloads_total", model="tree", result="refused") == 1
    assert "goes on answering" in caplog.text
    assert service.post("/predict", json=[row]).json() == before
    replace_whole(place, trees[1])
    eventually(lambda: told(service) == (version_of(trees[1]), None))


def test_a_version_of_another_schema_is_refused(
    tmp_path: Path,
    write_level: Callable[..., Path],
    serve: Callable[..., httpx.Client],
    eventually: Eventually,
) -> None:
    place = write_level(tmp_path / "served", 1)
    service = serve({"level": place}, reload=LOOK)
    replace_whole(place, write_level(tmp_path / "other", 2, columns="ab"))
    eventually(lambda: told(service)[1])
    assert "schemas differ: the second one has no column x" in str(told(service)[1])
    assert service.post("/predict", json=[{"x": 1}]).json() == [{"prediction": 1.0}]
    replace_whole(place, write_level(tmp_path / "later", 3))
    eventually(lambda: service.post("/predict", json=[{"x": 1}]).json() == [{"prediction": 3.0}])
    assert told(service)[1] is None
