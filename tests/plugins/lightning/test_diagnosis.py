"""What made curves tell, in words, with numbers and advice."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made_curves import BASELINE, SHAPES, made_curve
from mlfw_lightning import LightningTrainer
from mlfw_lightning.curves.advice import settings_of
from mlfw_lightning.curves.curve import Curve
from mlfw_lightning.curves.diagnose import diagnose
from mlfw_lightning.curves.diagnosis import Diagnosis, Kind
from mlfw_lightning.existing.module import ExistingModule
from mlfw_lightning.networks.mlp import MLP


def told(curve: Curve) -> Diagnosis:
    """Return the diagnosis of a curve that is long enough for one."""
    found = diagnose(curve, settings_of(MLP(), LightningTrainer()))
    assert found is not None
    return found


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("shape", "noise"),
    [
        (shape, noise)
        for shape in SHAPES
        for noise in (0.0, 0.005, 0.02)
        # Steps that are too short make no jumps of 2 %.
        if (shape, noise) != ("rate too low", 0.02)
    ],
)
def test_each_case_is_told_through_noise(shape: str, noise: float, seed: int) -> None:
    assert told(made_curve(shape, noise=noise, seed=seed)).kind.value == SHAPES[shape][0]


@settings(max_examples=60, deadline=None)
@given(
    shape=st.sampled_from(sorted(SHAPES)),
    scale=st.floats(1e-3, 1e3),
    seed=st.integers(0, 1000),
)
def test_neither_scale_nor_tiny_noise_changes_what_is_told(
    shape: str, scale: float, seed: int
) -> None:
    changed = made_curve(shape, scale=scale, noise=1e-5, seed=seed)

    assert told(changed).kind is told(made_curve(shape)).kind


@settings(max_examples=100, deadline=None)
@given(
    steps=st.lists(st.floats(1e-3, 0.05), min_size=8, max_size=80),
    gap=st.floats(0.0, 0.3),
    known=st.booleans(),
)
def test_what_always_improves_is_never_a_plateau(
    steps: list[float], gap: float, known: bool
) -> None:
    validation = np.cumprod(1 - np.array(steps))
    least = 1e-3 * validation.max()
    validation = validation + least * np.arange(len(steps), 0, -1)
    train = tuple((validation * (1 - gap)).tolist())

    found = told(Curve(tuple(validation.tolist()), train, BASELINE if known else None))

    assert found.kind is not Kind.plateau


def test_a_slow_improvement_in_noise_is_still_one() -> None:
    time = np.arange(60)
    draw = np.random.default_rng(4)
    validation = 0.6 - 0.002 * time + 0.01 * draw.normal(size=60)
    train = validation - 0.02

    assert told(Curve(validation.tolist(), train.tolist(), BASELINE)).kind is Kind.improving


def test_one_spike_is_neither_divergence_nor_over_fitting() -> None:
    curve = made_curve("plateau", 40)
    spiked = [*curve.validation[:-3], 9.0, *curve.validation[-2:]]
    train = [*curve.train[:-3], 9.0, *curve.train[-2:]]

    assert told(Curve(spiked, train, BASELINE)).kind is Kind.plateau


def test_it_says_so_in_one_sentence_with_the_numbers_behind_it() -> None:
    falling = np.linspace(1.0, 0.412, 31).tolist()
    validation = [*falling, *np.linspace(0.413, 0.46, 12).tolist()]
    train = np.linspace(0.8, 0.12, 43).tolist()

    found = told(Curve(validation, train, BASELINE))

    assert found.sentence == (
        "Validation loss was best (0.412 at epoch 31) and has been worse since (0.46 at epoch 43), "
        "while training loss went on improving (0.3143 at epoch 31, 0.12 at epoch 43): the network "
        "overfits."
    )
    assert found.told().endswith(
        "Try model.dropout=0.3, model.weight_decay=0.05, model.width=64 or more rows."
    )
    assert found.numbers["best"] == pytest.approx(0.412)
    assert found.numbers["best_epoch"] == 31


def test_a_plateau_says_since_when_and_how_flat() -> None:
    found = told(made_curve("plateau", 60))

    assert found.sentence == (
        "Validation loss has hardly improved since epoch 17 (0.3113 at epoch 17, 0.31 at epoch "
        "60): training has reached a plateau."
    )
    assert found.advice[0] == "trainer.on_plateau=lower_lr"


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_not_finite_diverges_at_once(value: float) -> None:
    found = told(Curve((0.5, value), (0.4, value)))

    assert found.kind is Kind.diverging
    assert found.sentence == f"Training loss is {value} at epoch 2: it diverges."
    assert found.advice[0] == "model.learning_rate=0.0003"


def test_few_epochs_tell_nothing_but_an_improvement() -> None:
    improving, flat = made_curve("falling", 5), made_curve("plateau", 7)

    assert diagnose(made_curve("falling", 4)) is None
    assert told(improving).kind is Kind.improving
    assert told(improving).advice == ("trainer.patience=20",)
    assert diagnose(Curve((0.5,) * flat.epochs, (0.5,) * flat.epochs)) is None


def test_noisy_labels_are_a_guess_and_rows_known_to_be_right_speak_against_it() -> None:
    curve = made_curve("noisy labels")
    shares = [0.99] * curve.epochs

    assert "Labels may be noisy, or the inputs may say too little" in told(curve).sentence
    right = Curve(curve.validation, curve.train, BASELINE, shares)
    assert told(right).kind is Kind.overfitting


def test_while_the_learning_rate_rises_it_is_not_called_too_low() -> None:
    curve = made_curve("rate too low", 10)
    rates = np.linspace(1e-5, 1e-3, 10).tolist()

    warming = Curve(curve.validation, curve.train, BASELINE, learning_rates=rates)

    assert told(warming).kind is Kind.improving


def test_values_that_should_rise_are_understood() -> None:
    time = np.arange(30)
    accuracy = (0.9 - 0.4 * np.exp(-time / 3)).tolist()
    train = (1 - 0.5 * np.exp(-time / 3)).tolist()
    names = ("train_acc", "val_acc")

    still = told(Curve(accuracy[:8], train[:8], names=names, higher_is_better=True))
    stuck = told(Curve(accuracy, accuracy, names=names, higher_is_better=True))

    assert still.kind is Kind.improving
    assert stuck.kind is Kind.plateau
    assert stuck.sentence.startswith("val_acc has hardly improved since epoch 15 (0.8962 at ")


def test_without_training_values_a_rise_may_be_over_fitting() -> None:
    validation = made_curve("over-fitting").validation

    found = told(Curve(validation, names=("train_loss", "val_loss")))

    assert found.kind is Kind.overfitting
    assert found.sentence.endswith("the network may overfit; log train_loss to find out.")


def test_more_epochs_are_proposed_only_where_those_set_have_been_trained() -> None:
    curve = made_curve("falling", 12)

    ended = diagnose(curve, settings_of(LightningTrainer(epochs=12)))
    stopped = diagnose(curve, settings_of(LightningTrainer(epochs=50, patience=4, max_time="9m")))

    assert ended is not None
    assert stopped is not None
    assert ended.advice == ("trainer.epochs=24",)
    assert stopped.advice == ("trainer.patience=8", "a longer trainer.max_time")


def test_a_large_width_is_proposed_as_an_integer() -> None:
    found = diagnose(made_curve("too small"), settings_of(MLP(width=1536)))

    assert found is not None
    assert found.advice[0] == "model.width=3072"


def test_advice_is_plain_text_so_that_a_checkpoint_can_keep_it() -> None:
    assert all(type(text) is str for text in told(made_curve("too small")).advice)


def test_advice_names_the_options_of_code_that_was_there_before() -> None:
    module = ExistingModule(module="shop.nets:Ranker", options={"lr": 0.05, "width": 8})

    found = diagnose(made_curve("plateau"), settings_of(module))

    assert found is not None
    assert found.advice == ("model.options.lr=0.01", "model.options.width=16")


def test_it_goes_through_json() -> None:
    found = told(made_curve("over-fitting"))

    assert Diagnosis.from_json(json.loads(json.dumps(found.to_json()))) == found
