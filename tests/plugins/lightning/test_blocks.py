"""Which parameters learn in which epoch, and how fast."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mlfw import UserError
from mlfw_lightning.fine_tuning.blocks import parameter_groups, set_trainable
from mlfw_lightning.fine_tuning.lora import add_adapters
from mlfw_lightning.loop.batch import Inputs
from mlfw_lightning.network import InputShape
from mlfw_lightning.networks.fusion import Fusion
from mlfw_lightning.networks.mlp import MLP

SHAPE = InputShape(numbers=5, cardinalities=(4, 3), outputs=3)


def network(**options: object) -> nn.Module:
    torch.manual_seed(0)
    return MLP(width=8, depth=3, dropout=0.0, **options).build(SHAPE)  # type: ignore[arg-type]


def learning(net: nn.Module) -> set[str]:
    return {name.rsplit(".", 1)[0] for name, p in net.named_parameters() if p.requires_grad}


def test_everything_learns_unless_something_is_said() -> None:
    net = network()

    set_trainable(net, MLP(), 0)
    (group,) = parameter_groups(net, MLP())

    assert all(parameter.requires_grad for parameter in net.parameters())
    assert group["scale"] == 1
    assert list(map(id, group["params"])) == list(map(id, net.parameters()))


def test_only_the_head_learns_when_the_rest_is_frozen() -> None:
    net, model = network(), MLP(freeze=True)

    for epoch in (0, 50):
        set_trainable(net, model, epoch)
        assert learning(net) == {"head"}
    (group,) = parameter_groups(net, model)
    assert list(map(id, group["params"])) == list(map(id, net.head.parameters()))  # type: ignore[union-attr]


def test_blocks_begin_to_learn_one_by_one_from_the_head_down() -> None:
    net, model = network(), MLP(unfreeze_every=2)
    assert isinstance(net, Fusion)
    blocks = [{id(p) for p in block.parameters()} for block in net.blocks()]

    for epoch in range(12):
        set_trainable(net, model, epoch)
        open_blocks = [all(p.requires_grad for p in net.parameters() if id(p) in b) for b in blocks]
        closed = max(len(blocks) - epoch // 2, 0)
        assert open_blocks == [False] * closed + [True] * (len(blocks) - closed)
        assert net.head.weight.requires_grad


def test_what_learns_follows_from_the_epoch_alone() -> None:
    net, model = network(), MLP(unfreeze_every=1)

    set_trainable(net, model, 9)
    set_trainable(net, model, 1)
    later = learning(net)
    fresh = network()
    set_trainable(fresh, model, 1)

    assert later == learning(fresh)


def test_each_block_learns_slower_than_the_one_above_it() -> None:
    net = network()
    assert isinstance(net, Fusion)

    groups = parameter_groups(net, MLP(layer_decay=0.5))

    count = len(net.blocks())
    expected = [*(0.5 ** (count - i) for i in range(count)), 1.0]
    assert [group["scale"] for group in groups] == expected
    assert [group["name"] for group in groups][-1] == "head"
    grouped = [id(p) for group in groups for p in group["params"]]
    assert sorted(grouped) == sorted(map(id, net.parameters()))


class Normed(Fusion):
    """A body with running statistics."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        plain = network()
        assert isinstance(plain, Fusion)
        body = nn.Sequential(nn.Linear(plain.columns.width, 8), nn.BatchNorm1d(8), nn.Linear(8, 8))
        super().__init__(plain.columns, body, width=8, outputs=3)


@pytest.mark.parametrize(("epoch", "moves"), [(0, False), (1, False), (2, True)])
def test_running_statistics_of_what_is_frozen_stay(epoch: int, moves: bool) -> None:
    net = Normed().train()
    before = net.body[1].running_mean.clone()

    set_trainable(net, MLP(unfreeze_every=1), epoch)
    codes = torch.zeros(6, 2, dtype=torch.int32)
    net(Inputs(torch.randn(6, 5), codes))

    assert (not torch.equal(net.body[1].running_mean, before)) is moves


class Stray(Fusion):
    """A parameter that stands in no block."""

    def __init__(self) -> None:
        plain = network()
        assert isinstance(plain, Fusion)
        super().__init__(plain.columns, plain.body, width=8, outputs=3)
        self.shift = nn.Parameter(torch.zeros(1))


def test_a_parameter_of_no_block_learns_with_the_lowest() -> None:
    net = Stray()

    lowest = parameter_groups(net, MLP(layer_decay=0.5))[0]
    assert id(net.shift) in map(id, lowest["params"])
    set_trainable(net, MLP(unfreeze_every=1), len(net.blocks()) - 1)
    assert not net.shift.requires_grad
    set_trainable(net, MLP(unfreeze_every=1), len(net.blocks()))
    assert net.shift.requires_grad


@pytest.mark.parametrize(
    "options", [{"freeze": True}, {"unfreeze_every": 1}, {"layer_decay": 0.5}, {"lora_rank": 2}]
)
def test_a_network_that_hides_its_parts_is_named_with_a_remedy(options: dict[str, object]) -> None:
    net, model = nn.Sequential(nn.Linear(2, 2)), MLP(**options)  # type: ignore[arg-type]

    def begin() -> None:
        add_adapters(net, model)
        set_trainable(net, model, 1)
        parameter_groups(net, model)

    with pytest.raises(UserError, match=r"Sequential\) does not say.*\n.*`blocks\(\)`"):
        begin()


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"freeze": True, "unfreeze_every": 2}, "model.freeze=true, model.unfreeze_every=2"),
        ({"freeze": True, "lora_rank": 2}, "model.freeze=true, model.lora_rank=2"),
    ],
)
def test_what_learns_may_be_said_in_one_way_only(options: dict[str, object], named: str) -> None:
    with pytest.raises(UserError, match=named):
        MLP(**options).check()  # type: ignore[arg-type]
