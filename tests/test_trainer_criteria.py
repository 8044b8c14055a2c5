"""The trainer that compares criteria: what each one is, where each begins, runs taken up again."""

import pytest
import torch
from torch.nn import functional as F

from lenet_research import Job, all_experiments
from lenet_research.reading_strings import COMPARED, COMPARED_MODERN
from lenet_research.trainer_criteria import (
    CRITERIA,
    CriteriaReader,
    CriteriaTrainer,
    MovingCodes,
    costs_of,
    digit_error,
)
from lenet_utils import graphs
from lenet_utils.layers import digit_codes
from lenet_utils.mnist import MNIST
from lenet_utils.strings import NONE

SMALL = {
    "validation": 200,
    "windows": 32,
    "window_batch": 16,
    "window_epochs": 1,
    "strings": 8,
    "string_batch": 4,
    "string_epochs": 1,
    "held_strings": 5,
    "test_strings": 5,
}
CPU = torch.device("cpu")
pytestmark = pytest.mark.usefixtures("one_thread")


def job(settings=COMPARED, **changes) -> Job:
    return Job("some", {**settings, **SMALL, **changes}, 3)


STRINGS = [[1, 1, 2], [0], [2, 1]]


def test_costs_are_those_of_the_graphs():
    columns = 4 * torch.rand(3, 6, 4, dtype=torch.float64)
    found = costs_of(columns, graphs.ctc_machine(STRINGS, 3))
    topology = graphs.ctc_topology([0, 1, 2], blank=3)
    for i, string in enumerate(STRINGS):
        reading = graphs.compose(graphs.from_columns(columns[i]), topology)
        right = graphs.select(reading, string)
        wanted = (
            graphs.viterbi(right).penalty,
            graphs.forward_penalty(right),
            graphs.viterbi(reading).penalty,
            graphs.forward_penalty(reading),
        )
        torch.testing.assert_close(torch.stack([part[i] for part in found]), torch.stack(wanted))


def test_the_discriminative_forward_criterion_is_the_loss_of_ctc():
    scores = torch.randn(3, 8, 4, dtype=torch.float64, requires_grad=True)
    costs = costs_of(-scores, graphs.ctc_machine(STRINGS, 3))
    ours = CRITERIA["discriminative_forward"](costs)
    theirs = F.ctc_loss(
        scores.log_softmax(2).transpose(0, 1),
        torch.tensor([label for string in STRINGS for label in string]),
        torch.full((3,), 8),
        torch.tensor([len(string) for string in STRINGS]),
        blank=3,
        reduction="none",
    )
    torch.testing.assert_close(ours, theirs)
    gradients = [torch.autograd.grad(loss.sum(), scores)[0] for loss in (ours, theirs)]
    torch.testing.assert_close(*gradients)


def test_discriminative_criteria_are_never_negative_and_the_others_may_fall_to_nothing():
    columns = 4 * torch.rand(3, 6, 4, dtype=torch.float64)
    machine = graphs.ctc_machine(STRINGS, 3)
    for name, criterion in CRITERIA.items():
        found = criterion(costs_of(columns, machine))
        collapsed = criterion(costs_of(columns / 1e6, machine))
        if name.startswith("discriminative"):
            assert (found >= 0).all()
        if name == "viterbi":
            assert (collapsed < 1e-4).all()
        if name == "discriminative_forward":
            # Penalties that say nothing leave many strings possible.
            assert (collapsed > 0.5).all()


@pytest.mark.parametrize("cut", [1, 6])
def test_a_run_that_is_taken_up_gives_what_an_uninterrupted_one_gives(few_digits, cut, tmp_path):
    whole = CriteriaTrainer([job()], few_digits, CPU)
    curve = [whole.advance() for _ in range(whole.epochs)]
    first = CriteriaTrainer([job()], few_digits, CPU)
    for _ in range(cut):
        first.advance()
    torch.save(first.state_dict(), tmp_path / "state.pt")
    second = CriteriaTrainer([job()], few_digits, CPU)
    second.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    assert [second.advance() for _ in range(cut, whole.epochs)] == curve[cut:]
    assert second.finish() == whole.finish()


def test_every_criterion_begins_with_the_same_network_and_moves_codes_only_where_it_may(few_digits):
    reader = CriteriaReader(job(), few_digits, CPU)
    for _ in range(reader.epochs):
        reader.advance()
    assert list(reader.kept) == reader.stages and len(reader.stages) == 7
    for stage in reader.stages:
        still = torch.equal(reader.kept[stage]["output.codes"][:10], digit_codes())
        assert still == (not stage.endswith("_moving"))
    for stage in reader.stages[1:]:
        reader.begin(stage)
        for name, tensor in reader.model.state_dict().items():
            assert torch.equal(tensor, reader.kept["isolated"][name])
    assert not torch.equal(
        reader.kept["viterbi"]["f6.weight"], reader.kept["discriminative_viterbi"]["f6.weight"]
    )


def test_the_network_without_none_never_says_none(few_digits):
    reader = CriteriaReader(job(COMPARED_MODERN), few_digits, CPU)
    reader.advance()
    assert reader.stage == "without_none"
    assert (reader.windows.labels != NONE).all()
    assert (reader._penalties(reader.chosen_on).argmin(2) != NONE).all()
    reader.advance()
    assert (reader.windows.labels == NONE).any()


class Forbidden:
    """Digits that nobody may look at."""

    def used(self, *_):
        raise AssertionError("the test digits were used")

    __getattr__ = __iter__ = __getitem__ = __len__ = used


def test_the_test_digits_are_read_at_the_end_only(few_digits):
    trainer = CriteriaTrainer([job(COMPARED_MODERN)], MNIST(few_digits.train, Forbidden()), CPU)
    with pytest.raises(RuntimeError, match="advance to the end first"):
        trainer.finish()
    for _ in range(trainer.epochs):
        trainer.advance()
    with pytest.raises(AssertionError, match="test digits"):
        trainer.finish()


def test_moving_codes_are_trained_and_measure_what_fixed_ones_do():
    layer = MovingCodes(digit_codes())
    assert [name for name, _ in layer.named_parameters()] == ["codes"]
    states = torch.randn(2, 84, 1, 3)
    layer(states).sum().backward()
    assert layer.codes.grad.any()


def test_digit_errors_count_what_is_wrong_lost_and_added():
    assert digit_error(["123", "", "77", "40"], ["123", "5", "7", "41"]) == 3 / 7
    assert digit_error(["", "21"], ["12", "12"]) == 4 / 4


def test_the_experiment_is_consistent():
    jobs = all_experiments()["string-criteria"].jobs()
    assert len({(each.variant, each.seed) for each in jobs}) == len(jobs) == 16
