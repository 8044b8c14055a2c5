"""The trainer of readers of amounts, and where mistakes are looked for."""

import math

import pytest
import torch

from lenet_research import Job, all_experiments
from lenet_research.amount_errors import LIMITS, Read, budget, rates, strictest
from lenet_research.amount_examples import single_characters
from lenet_research.amounts import BASE
from lenet_research.trainer_amounts import AmountTrainer
from lenet_utils import amounts
from lenet_utils.amounts import CHARACTERS, RUBBISH
from lenet_utils.mnist import MNIST

SMALL = {
    **BASE,
    "validation": 200,
    "characters": 60,
    "fields": 2,
    "batch": 32,
    "epochs": 2,
    "global_fields": 2,
    "global_batch": 3,
    "global_epochs": 2,
    "held_fields": 4,
    "test_fields": 4,
}
CPU = torch.device("cpu")
pytestmark = pytest.mark.usefixtures("one_thread")


def job(seed=3) -> Job:
    return Job("some", SMALL, seed)


@pytest.mark.parametrize("cut", [1, 3])
def test_a_run_that_is_taken_up_gives_what_an_uninterrupted_one_gives(few_digits, cut, tmp_path):
    whole = AmountTrainer([job()], few_digits, CPU)
    curve = [whole.advance() for _ in range(whole.epochs)]
    first = AmountTrainer([job()], few_digits, CPU)
    for _ in range(cut):
        first.advance()
    torch.save(first.state_dict(), tmp_path / "state.pt")
    second = AmountTrainer([job()], few_digits, CPU)
    second.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    assert [second.advance() for _ in range(cut, whole.epochs)] == curve[cut:]
    assert second.finish() == whole.finish()


def test_seeds_differ_in_weights_and_in_fields(few_digits):
    one, other = (AmountTrainer([job(seed)], few_digits, CPU).readers[0] for seed in (3, 4))
    assert not torch.equal(one.model.c1.weight, other.model.c1.weight)
    assert one._held("printed").fields.texts != other._held("printed").fields.texts
    assert one._cut("printed", 4, 1).fields.texts != one._cut("printed", 4, 2).fields.texts


class Forbidden:
    """Digits that nobody may look at."""

    def used(self, *_):
        raise AssertionError("the test digits were used")

    __getattr__ = __iter__ = __getitem__ = __len__ = used


def test_the_test_digits_are_read_at_the_end_only(few_digits):
    trainer = AmountTrainer([job()], MNIST(few_digits.train, Forbidden()), CPU)
    with pytest.raises(RuntimeError, match="advance to the end first"):
        trainer.finish()
    for _ in range(trainer.epochs):
        trainer.advance()
    with pytest.raises(AssertionError, match="test digits"):
        trainer.finish()


def test_test_typefaces_are_asked_for_at_the_end_only(few_digits, monkeypatch):
    asked = []

    def loaded(split):
        asked.append(split)
        return amounts.load_glyphs(split)

    monkeypatch.setattr("lenet_research.trainer_amounts.load_glyphs", loaded)
    trainer = AmountTrainer([job()], few_digits, CPU)
    for _ in range(trainer.epochs):
        trainer.advance()
    assert set(asked) == {"train", "validation"}
    trainer.finish()
    assert "test" in asked


def test_training_on_fields_raises_the_probability_of_what_stands_there(few_digits):
    reader = AmountTrainer([job()], few_digits, CPU).readers[0]
    fields, pieces = reader._cut("printed", 3, 1)
    wanted = [
        (piece, amounts.worth(cents))
        for piece, cents in zip(pieces, fields.cents, strict=True)
        if cents is not None
    ]
    reader.model.eval()
    before = reader._field_loss(wanted)
    optimizer = torch.optim.Adam(reader.model.parameters(), 1e-3)
    for _ in range(5):
        optimizer.zero_grad()
        reader._field_loss(wanted).backward()
        optimizer.step()
    after = reader._field_loss(wanted)
    assert 0 < after < before < 1_000


def test_single_characters_are_whole_and_of_their_class(few_digits):
    glyphs = amounts.load_glyphs("train")
    windows, labels = single_characters(glyphs, few_digits.train, 200, seed=1)
    assert windows.shape == (200, 32, 32)
    assert set(labels[:100].tolist()) > {10, 11, 12, 13, 14, 15}
    assert labels[100:].max() == 9
    inked = (windows > 0).any(1)
    middle = (inked.int().argmax(1) + 31 - inked.flip(1).int().argmax(1)) / 2
    assert ((middle - 15.5).abs() <= 1).all()
    again = single_characters(glyphs, few_digits.train, 200, seed=1)
    assert torch.equal(again.images, windows)


def some_read() -> Read:
    """Six fields, of which five are amounts."""
    fields = amounts.Fields(torch.zeros(0), [""] * 6, [1, 2, 3, 4, 5, None], torch.zeros(0))
    doubt = [0.1, 0.2, 0.3, 0.4, math.inf, 0.25]
    return Read(fields, [], [], [1, 2, 9, 4, None, 7], doubt, [value / 2 for value in doubt])


def test_what_is_right_wrong_and_rejected():
    found = rates(some_read(), 0.3)
    assert found == {
        "right": 2 / 5,
        "wrong": 1 / 5,
        "rejected": pytest.approx(2 / 5),
        "others_answered": 1.0,
        "amounts": 5,
        "others": 1,
    }
    assert rates(some_read(), 0.1, among=True)["right"] == 2 / 5
    assert rates(some_read(), 0.0)["rejected"] == 1.0


@pytest.mark.parametrize(
    ("most", "among", "limit"),
    [
        (0.0, False, 0.2),
        (1 / 6, False, 0.25),
        (2 / 6, False, 0.4),
        (0.0, True, 0.1),
        (1, True, 0.2),
    ],
)
def test_the_limit_lets_no_more_mistakes_through_than_allowed(most, among, limit):
    assert strictest(some_read(), most, among=among) == limit


def right_pieces(text):
    """A field whose characters are the pieces, and penalties that say so."""
    cuts = [(i, j) for i in range(len(text)) for j in range(i + 1, min(i + 2, len(text)) + 1)]
    columns = torch.tensor([[10 * i, 10 * j - 2] for i, j in cuts])
    penalties = torch.full((len(cuts), 16), 6.0)
    for k, character in enumerate(text):
        penalties[cuts.index((k, k + 1)), CHARACTERS.index(character)] = 0.1
    boxes = torch.tensor([[10 * k, 10 * k + 8] for k in range(len(text))])
    return amounts.Pieces(cuts, columns, torch.zeros(0)), penalties, boxes


def mistaken(stage, text="$12.50"):
    """A field of which one stage makes a mistake."""
    pieces, penalties, boxes = right_pieces(text)
    if stage == "segmentation":
        boxes[2] += 4
    if stage in ("segmentation", "characters"):
        place = pieces.cuts.index((2, 3))
        penalties[place, 7] = 0.01
        penalties[place, RUBBISH - 1] = 0.0
    if stage == "pieces":
        penalties[pieces.cuts.index((1, 3)), 8] = 0.0
    fields = amounts.Fields(torch.zeros(0), [text], [amounts.cents_of(text)], boxes[None])
    answer = amounts.read_amounts([pieces], [penalties])
    return Read(fields, [pieces], [penalties], answer.cents, answer.doubt.tolist(), [0.0])


@pytest.mark.parametrize("stage", ["segmentation", "characters", "pieces"])
def test_a_mistake_is_put_down_to_its_stage(stage):
    found = budget(mistaken(stage))
    names = {name for name in found if name.startswith("budget_")}
    assert {name for name in names if found[name]} == {f"budget_{stage}"}


def test_a_field_that_is_read_right_is_no_mistake():
    found = budget(mistaken("none"))
    assert not any(found[f"budget_{s}"] for s in ("segmentation", "characters", "pieces", "search"))
    assert found["free_right"] == 1.0
    assert len(found["curve_right"]) == len(LIMITS) and found["curve_right"][-1] == 1.0


def test_what_the_grammar_is_worth_is_counted():
    read = mistaken("none")
    read.penalties[0][read.pieces[0].cuts.index((3, 4)), CHARACTERS.index(",")] = 0.0
    found = budget(read)
    assert found["free_right"] == 0.0 and found["curve_right"][-1] == 1.0


def test_the_experiment_is_consistent():
    jobs = all_experiments()["amounts"].jobs()
    assert [each.seed for each in jobs] == list(range(8))
    assert math.floor(BASE["most_wrong"] * BASE["held_fields"]) == 1  # as the lesson says
