"""Several models behind one service: which of them answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlfw_service import ServedModels
from mlfw_service.versions.choice import Choice

ROWS: list[dict[str, Any]] = [{"x": 1}]
FEW = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
FOLDERS = {name: Path(name) for name in ("champion", "challenger", "third")}


@pytest.fixture(scope="module")
def levels(tmp_path_factory: pytest.TempPathFactory, write_level: Callable[..., Path]) -> Path:
    """A folder with models that predict 1, 2 and, of other columns, 3."""
    folder = tmp_path_factory.mktemp("levels")
    write_level(folder / "champion", 1)
    write_level(folder / "challenger", 2)
    write_level(folder / "other", 3, columns="ab")
    return folder


@pytest.fixture(scope="module")
def service(levels: Path, serve: Callable[..., httpx.Client]) -> httpx.Client:
    """Two models that share the requests, and one of other columns beside them."""
    folders = {name: levels / name for name in ("champion", "challenger", "other")}
    return serve(folders, {"challenger": 0.3}, share_seed=7)


def answers(service: httpx.Client, count: int, **headers: str) -> Counter[tuple[float, str]]:
    found: Counter[tuple[float, str]] = Counter()
    for _ in range(count):
        answer = service.post("/predict", json=ROWS, headers=headers).raise_for_status()
        found[answer.json()[0]["prediction"], answer.headers["x-model"]] += 1
    return found


def test_models_answer_by_their_shares_and_the_answer_names_the_model(
    service: httpx.Client,
) -> None:
    found = answers(service, 100)
    assert set(found) == {(1.0, "champion"), (2.0, "challenger")}
    assert 15 <= found[2.0, "challenger"] <= 45


def test_requests_with_the_same_id_are_answered_by_the_same_model(service: httpx.Client) -> None:
    each = [answers(service, 3, **{"X-Request-Id": f"caller {i}"}) for i in range(20)]
    assert all(len(found) == 1 for found in each)
    assert len({name for found in each for _, name in found}) == 2


def test_a_request_may_name_the_model(service: httpx.Client) -> None:
    assert answers(service, 5, **{"X-Model": "challenger"}) == {(2.0, "challenger"): 5}
    answer = service.post("/predict", json=[{"a": 1, "b": 2}], headers={"X-Model": "other"})
    assert answer.json() == [{"prediction": 3.0}]


def test_a_model_that_there_is_not_is_told_with_those_that_there_are(
    service: httpx.Client,
) -> None:
    for path, headers in (("/predict", {"X-Model": "nobody"}), ("/models/nobody/predict", {})):
        answer = service.post(path, json=ROWS, headers=headers)
        assert answer.status_code == 404
        assert "champion, challenger, other" in answer.json()["error"]


def test_each_model_is_reached_by_its_path(service: httpx.Client) -> None:
    answer = service.post("/models/other/predict", json=[{"a": 1, "b": 2}])
    assert (answer.json(), answer.headers["x-model"]) == ([{"prediction": 3.0}], "other")
    assert service.post("/models/challenger/predict", json=ROWS).json() == [{"prediction": 2.0}]
    assert service.post("/models/other/predict", json=ROWS).status_code == 422
    assert service.get("/models/other/nothing").status_code == 404


def test_the_schema_and_the_model_tell_of_all_models(service: httpx.Client) -> None:
    schema = service.get("/schema").json()
    assert [each["name"] for each in schema["columns"]] == ["x"]
    assert [each["name"] for each in schema["models"]["other"]["columns"]] == ["a", "b"]
    told = service.get("/model").json()
    assert told["served_as"] == "champion"
    parts = {name: (each["share"], each["shadow"]) for name, each in told["models"].items()}
    assert parts == {"champion": (0.7, False), "challenger": (0.3, False), "other": (0.0, False)}
    version = service.post("/models/other/predict", json=ROWS).headers["x-model-version"]
    assert told["models"]["other"]["version"] == version
    assert service.get("/models/other/model").json() == told["models"]["other"]


def test_the_openapi_document_says_how_to_ask_for_a_model(service: httpx.Client) -> None:
    document = service.get("/docs.json").json()
    asked = document["paths"]["/predict"]["post"]["parameters"]
    assert [each["name"] for each in asked] == ["X-Model", "X-Request-Id"]
    assert asked[0]["schema"]["enum"] == ["champion", "challenger", "other"]
    assert "/models/other/predict" in document["paths"]
    own = service.get("/models/other/docs.json").json()
    assert set(own["components"]["schemas"]["Row"]["properties"]) == {"a", "b"}
    assert "/models/other/predict" not in own["paths"]


@FEW
@given(st.integers(), st.lists(st.floats(0, 0.5), min_size=2, max_size=2))
def test_the_choice_is_repeatable_with_a_seed(seed: int, shares: list[float]) -> None:
    served = ServedModels(
        folders=FOLDERS, shares=dict(zip(("challenger", "third"), shares, strict=True))
    )
    runs = [
        [choice.of({"headers": []}) for _ in range(20)]
        for choice in (Choice(served, "X-Request-Id", seed), Choice(served, "X-Request-Id", seed))
    ]
    assert runs[0] == runs[1]


@FEW
@given(st.binary(), st.floats(0, 1), st.floats(0, 1))
def test_who_has_the_challenger_keeps_it_where_its_share_grows(
    key: bytes, one: float, other: float
) -> None:
    chosen = [
        Choice(ServedModels(folders=FOLDERS, shares={"challenger": share}), "X-User").of(
            {"headers": [(b"x-user", key)]}
        )
        for share in sorted((one, other))
    ]
    assert chosen != ["challenger", "champion"]


def test_what_is_handed_to_another_process_is_the_same(tmp_path: Path) -> None:
    served = ServedModels(folders=FOLDERS, shares={"challenger": 0.25}, shadows=("third",))
    served.save(tmp_path / "models.json")
    assert ServedModels.load(tmp_path / "models.json") == served
    assert served.all_shares == {"champion": 0.75, "challenger": 0.25}
