"""What is decided at an epoch's end: advice, a lower learning rate, a stop."""

from __future__ import annotations

import json
import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made_curves import BASELINE, SHAPES, made_curve
from mlfw_lightning import LightningTrainer
from mlfw_lightning.curves.advice import settings_of
from mlfw_lightning.curves.diagnosis import Kind
from mlfw_lightning.curves.plateau import Decision, Plateau
from mlfw_lightning.networks.mlp import MLP
from mlfw_lightning.trainer import OnPlateau


def policy(on_plateau: str, **options: int) -> Plateau:
    trainer = LightningTrainer(on_plateau=OnPlateau(on_plateau), **options)
    known = settings_of(MLP(), trainer)
    return Plateau(trainer.on_plateau, settings=known, baseline=BASELINE)


def run(plateau: Plateau, shape: str, last: int = 60, *, first: int = 1) -> list[Decision]:
    """Tell of some epochs of a curve, with a learning rate that is lowered as decided."""
    curve = made_curve(shape, 90, noise=0.003)
    decisions = []
    for epoch in range(first, last + 1):
        losses = curve.train[epoch - 1], curve.validation[epoch - 1]
        decisions.append(plateau.epoch_ended(epoch, *losses, 0.01 * 0.2**plateau.lowered))
    return decisions


def test_advice_is_given_once_and_changes_nothing() -> None:
    decisions = run(policy("advise"), "over-fitting")

    notes = [decision.note for decision in decisions if decision.note]
    assert len(notes) == 1
    assert "the network overfits. Try model.dropout=0.3" in notes[0]
    assert not any(decision.lowers or decision.stop for decision in decisions)


def test_an_improvement_is_told_only_at_the_end() -> None:
    plateau = policy("advise", epochs=12)

    decisions = run(plateau, "falling", 12)

    assert not any(decision.note for decision in decisions)
    assert "Try trainer.epochs=24" in plateau.ended()
    assert plateau.ended() == ""
    assert plateau.diagnosis is not None
    assert plateau.diagnosis.kind is Kind.improving


def test_at_a_plateau_the_rate_is_lowered_three_times_at_most() -> None:
    decisions = run(policy("lower_lr"), "plateau", 90)

    lowered = [epoch for epoch, one in enumerate(decisions, start=1) if one.lowers]
    assert len(lowered) == 3
    assert all(after - before >= 8 for before, after in pairwise(lowered))
    note = decisions[lowered[0] - 1].note
    assert note.endswith("The learning rate (0.01) is multiplied by 0.2 (1 of at most 3 times).")
    assert not any(decision.stop for decision in decisions)


def test_steps_that_are_too_long_are_shortened() -> None:
    assert any(decision.lowers for decision in run(policy("lower_lr"), "rate too high"))


@pytest.mark.parametrize("shape", ["over-fitting", "noisy labels"])
def test_learning_by_heart_is_left_to_patience(shape: str) -> None:
    plateau = policy("lower_lr")
    run(plateau, shape, 40)
    curve = made_curve(shape, 41)

    decision = plateau.epoch_ended(
        41, curve.train[-1], curve.validation[-1], 0.01, out_of_patience=True
    )

    assert not decision.lowers
    assert plateau.lowered == 0


def test_a_stop_by_patience_becomes_a_lower_rate_until_there_were_three() -> None:
    plateau = policy("lower_lr")

    decisions = [
        plateau.epoch_ended(epoch, 0.5, 0.6, None, out_of_patience=True) for epoch in range(1, 6)
    ]

    assert [decision.lowers for decision in decisions] == [True, True, True, False, False]
    assert decisions[0].note == (
        "No epoch was better within trainer.patience. The learning rate is multiplied by 0.2 (1 of "
        "at most 3 times)."
    )


@pytest.mark.parametrize("shape", sorted(set(SHAPES) - {"falling", "rate too low"}))
def test_stop_ends_what_is_stuck(shape: str) -> None:
    decisions = run(policy("stop"), shape)

    first = next(epoch for epoch, one in enumerate(decisions, start=1) if one.stop)
    assert first < 45
    assert decisions[first - 1].note.endswith("Training stops (trainer.on_plateau=stop).")


def test_stop_lets_go_on_what_improves() -> None:
    for shape in ("falling", "rate too low"):
        assert not any(decision.stop for decision in run(policy("stop"), shape))


def test_a_loss_that_is_no_number_stops_at_once_and_is_never_met_by_a_lower_rate() -> None:
    assert policy("stop").epoch_ended(1, math.nan, math.nan, 0.1).stop
    lower = policy("lower_lr").epoch_ended(1, math.nan, math.nan, 0.1, out_of_patience=True)
    assert not lower.lowers


def test_after_an_epoch_without_a_training_loss_the_rest_is_still_judged() -> None:
    plateau = policy("advise")
    curve = made_curve("plateau", 30)
    for epoch, loss in enumerate(curve.validation, start=1):
        plateau.epoch_ended(epoch, None if epoch == 1 else 0.3, loss, None)

    assert plateau.diagnosis is not None
    assert plateau.diagnosis.kind is Kind.plateau


@settings(max_examples=20, deadline=None)
@given(
    on_plateau=st.sampled_from(list(OnPlateau)),
    shape=st.sampled_from(sorted(SHAPES)),
    cut=st.integers(1, 39),
)
def test_continued_from_its_state_it_decides_the_same(
    on_plateau: OnPlateau, shape: str, cut: int
) -> None:
    whole, first, second = (policy(on_plateau.value) for _ in range(3))
    expected = run(whole, shape, 40)

    run(first, shape, cut)
    second.load_state_dict(json.loads(json.dumps(first.state_dict())))

    assert run(second, shape, 40, first=cut + 1) == expected[cut:]
    assert second.state_dict() == whole.state_dict()


def test_epochs_that_are_trained_again_replace_their_values() -> None:
    once, twice = policy("advise"), policy("advise")
    run(once, "over-fitting", 20)
    run(twice, "over-fitting", 12)

    run(twice, "over-fitting", 20, first=6)

    assert twice.values["validation"] == once.values["validation"]
