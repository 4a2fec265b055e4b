"""Whatever the curve: each number in a diagnosis was logged, and no sentence contradicts it."""

from __future__ import annotations

import re

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
from mlfw_lightning.curves.plateau import Plateau
from mlfw_lightning.networks.mlp import MLP
from mlfw_lightning.trainer import OnPlateau

NUMBER = r"-?\d+(?:\.\d+)?(?:e[+-]\d+)?"
QUOTE = re.compile(rf"({NUMBER}) at epoch (\d+)")
Series = tuple[list[float], list[float]]


@st.composite
def series(draw: st.DrawFn) -> Series:
    """Training and validation losses: of a known shape in noise, at random, or walking about."""
    epochs = draw(st.integers(1, 70))
    kind = draw(st.sampled_from(["shape", "any", "walk", "levels"]))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    if kind == "shape":
        shape = draw(st.sampled_from(sorted(SHAPES)))
        noise = draw(st.sampled_from([0.0, 0.01, 0.05, 0.3]))
        curve = made_curve(shape, epochs, noise=noise, seed=int(random.integers(1000)))
        return list(curve.train), list(curve.validation)
    values = random.uniform(0.05, 3, size=(2, epochs))
    if kind == "walk":
        values = np.exp(np.cumsum(random.normal(scale=0.15, size=(2, epochs)), axis=1))
    if kind == "levels":  # many values that are the same
        values = np.round(values) + 1
    return values[0].tolist(), values[1].tolist()


@st.composite
def curves(draw: st.DrawFn) -> Curve:
    """Curves of losses or of scores, with all that may be known or not."""
    train, validation = draw(series())
    higher = draw(st.booleans())
    if higher:
        train, validation = ([1 - value for value in values] for values in (train, validation))
    return Curve(
        validation,
        draw(st.sampled_from([train, ()])),
        draw(st.sampled_from([BASELINE, None])),
        names=("train_acc", "val_acc") if higher else ("training loss", "validation loss"),
        higher_is_better=higher,
    )


def check_quotes(sentence: str, curve: Curve) -> None:
    """Check that each number is a logged value, or an epoch, or the baseline."""
    for text, epoch in QUOTE.findall(sentence):
        digits = max(len(re.sub(r"e.*|[-.]", "", text).lstrip("0")), 4)
        logged = [float(s[int(epoch) - 1]) for s in (curve.train, curve.validation) if len(s)]
        assert text in [f"{value:.{digits}g}" for value in logged], sentence
    rest = QUOTE.sub("", sentence)
    rest = re.sub(r"since epoch \d+", "", rest)
    rest = re.sub(rf"prediction has {curve.baseline or 0:.4g}", "", rest)
    rest = re.sub(rf"the {curve.baseline or 0:.4g} of a constant prediction", "", rest)
    assert not re.search(r"\d", rest), sentence


def check_claims(found: Diagnosis, curve: Curve) -> None:
    """Check what the words say against the values."""
    sign = -1 if curve.higher_is_better else 1
    values, train = (sign * np.asarray(each) for each in (curve.validation, curve.train))
    best, last = int(values.argmin()), len(values) - 1
    base = curve.baseline or 0.0
    text = found.sentence
    if "still improves" in text:
        assert best == last
        assert (values[:-1] > values[-1]).all()
    if "may improve further" in text:
        assert last - len(values) // 4 <= best < last
    if "has been worse since" in text:
        assert f"at epoch {best + 1})" in text
        assert best <= last - 3
        assert values[-1] > values[best]
    if "went on improving" in text or "training loss fell" in text:
        assert train[-1] < train[best]
    if since := re.search(r"has (.*) since epoch (\d+)", text):
        at = int(since[2]) - 1
        assert last - at >= 5
        if since[1] == "not improved":
            assert values[at] == values.min()
        else:
            assert since[1] == "hardly improved"
            assert 0 < values[at] - values.min() <= 0.05 * abs(values.min()) + 1e-12
    if pair := re.search(
        rf"(grown|risen|jumps, such as) from {QUOTE.pattern} to {QUOTE.pattern}", text
    ):
        assert int(pair[3]) < int(pair[5])
        assert float(pair[2]) < float(pair[4])
    if "the learning rate may be too high" in text and "worse than" in text:
        assert min(values[-1], train[-1]) > base
    if "no better than" in text:
        assert values[-1] >= base
    if "underfits" in text:
        assert values.min() >= 0.7 * base
    if found.kind is Kind.improving:
        before = int(QUOTE.findall(text)[0][1]) - 1
        assert values[best] <= values[-1] < values[before]


@settings(max_examples=150, deadline=None)
@given(curve=curves())
def test_every_number_was_logged_and_no_sentence_contradicts_the_curve(curve: Curve) -> None:
    found = diagnose(curve, settings_of(MLP(), LightningTrainer()))

    if found is not None:
        check_quotes(found.sentence, curve)
        check_claims(found, curve)


@settings(max_examples=60, deadline=None)
@given(both=series(), on_plateau=st.sampled_from(list(OnPlateau)), patience=st.integers(1, 12))
def test_what_a_training_says_holds_when_it_says_it(
    both: Series, on_plateau: OnPlateau, patience: int
) -> None:
    train, validation = both
    options = LightningTrainer(on_plateau=on_plateau, epochs=len(train), patience=patience)
    plateau = Plateau(on_plateau, settings=settings_of(MLP(), options), baseline=BASELINE)
    rate, waited = 0.01, 0
    for epoch in range(1, len(train) + 1):
        losses = train[epoch - 1], validation[epoch - 1]
        waited = 0 if losses[1] < min(validation[: epoch - 1], default=9e9) else waited + 1
        due = waited >= patience
        decision = plateau.epoch_ended(epoch, *losses, rate, out_of_patience=due)
        so_far = Curve(validation[:epoch], train[:epoch], BASELINE)
        check_note(decision.note, so_far, plateau)
        rate, waited = rate * decision.factor, 0 if decision.lowers else waited
        if decision.stop or (due and not decision.lowers):
            break
    else:
        so_far = Curve(validation, train, BASELINE)
    check_note(plateau.ended(), so_far, plateau)


def check_note(note: str, curve: Curve, plateau: Plateau) -> None:
    if note and not note.startswith("No epoch was better"):
        assert plateau.diagnosis is not None
        assert note.startswith(plateau.diagnosis.sentence)
        check_quotes(plateau.diagnosis.sentence, curve)
        check_claims(plateau.diagnosis, curve)


def test_what_improved_before_the_best_epoch_passed_does_not_still_improve() -> None:
    validation = [*np.linspace(1.0, 0.4, 12).tolist(), 0.401, 0.402, 0.403, 0.404]
    plateau = Plateau(OnPlateau.advise, settings={})
    for epoch, loss in enumerate(validation, start=1):
        plateau.epoch_ended(epoch, None, loss, None)

    note = plateau.ended()

    assert "improves" not in note
    assert "improve further" not in note


def test_a_steep_fall_and_a_rise_are_no_standstill_since_the_first_epoch() -> None:
    validation = [0.4878, 0.44, 0.37, 0.3, 0.25, 0.22, 0.2096, 0.25, 0.3, 0.3423]
    train = [0.6, 0.5, 0.4, 0.3, 0.25, 0.2, 0.16, 0.13, 0.11, 0.0944]

    for epochs in range(3, len(validation) + 1):
        found = diagnose(Curve(validation[:epochs], train[:epochs], BASELINE))
        assert found is None or "since epoch 1" not in found.sentence


def test_the_last_sentence_is_of_the_last_epoch() -> None:
    plateau = Plateau(OnPlateau.advise, settings={})
    for epoch, loss in enumerate(np.linspace(1.0, 0.4, 14), start=1):
        plateau.epoch_ended(epoch, None, float(loss), None)

    assert plateau.ended().startswith(
        "Validation loss still improves (0.7231 at epoch 7, 0.4 at epoch 14)."
    )


@pytest.mark.parametrize("rate", [0.004, None])
def test_the_learning_rate_that_is_lowered_is_the_logged_one(rate: float | None) -> None:
    plateau = Plateau(OnPlateau.lower_lr, settings={})

    note = plateau.epoch_ended(1, 0.5, 0.6, rate, out_of_patience=True).note

    shown = "The learning rate (0.004) is" if rate else "The learning rate is"
    assert f"{shown} multiplied by 0.2 (1 of at most 3 times)." in note
