"""The trainer of string readers: cut off and taken up, what it may look at, its batches."""

import pytest
import torch

from lenet_research import Job, all_experiments
from lenet_research.reading_strings import BASE
from lenet_research.trainer_strings import Reader, StringTrainer, by_width, conditions
from lenet_utils.mnist import MNIST
from lenet_utils.strings import Layout, draw_strings

SMALL = {
    **BASE,
    "validation": 200,
    "windows": 64,
    "window_batch": 16,
    "window_epochs": 2,
    "strings": 16,
    "string_batch": 8,
    "string_epochs": 2,
    "held_strings": 10,
    "test_strings": 10,
    "test_strings_each": 2,
}
CPU = torch.device("cpu")
pytestmark = pytest.mark.usefixtures("one_thread")


def job(**changes) -> Job:
    return Job("modern", {**SMALL, **changes}, 3)


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_a_run_that_is_taken_up_gives_what_an_uninterrupted_one_gives(few_digits, cut, tmp_path):
    whole = StringTrainer([job()], few_digits, CPU)
    curve = [whole.advance() for _ in range(whole.epochs)]
    first = StringTrainer([job()], few_digits, CPU)
    for _ in range(cut):
        first.advance()
    torch.save(first.state_dict(), tmp_path / "state.pt")
    second = StringTrainer([job()], few_digits, CPU)
    second.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    assert [second.advance() for _ in range(cut, whole.epochs)] == curve[cut:]
    assert second.finish() == whole.finish()


class Forbidden:
    """Digits that nobody may look at."""

    def used(self, *_):
        raise AssertionError("the test digits were used")

    __getattr__ = __iter__ = __getitem__ = __len__ = used


def test_the_test_digits_are_read_at_the_end_only(few_digits):
    trainer = StringTrainer([job()], MNIST(few_digits.train, Forbidden()), CPU)
    for _ in range(trainer.epochs):
        trainer.advance()
    with pytest.raises(AssertionError, match="test digits"):
        trainer.finish()


def test_held_out_digits_are_not_trained_on(few_digits):
    reader = Reader(job(), few_digits, CPU)
    assert len(reader.pool.labels) == 300 and len(reader.held.labels) == 200
    pool = {image.numpy().tobytes() for image in reader.pool.images}
    assert not pool & {image.numpy().tobytes() for image in reader.held.images}


def test_both_networks_are_measured_and_differ(few_digits):
    trainer = StringTrainer([job()], few_digits, CPU)
    with pytest.raises(RuntimeError, match="advance to the end first"):
        trainer.finish()
    for _ in range(trainer.epochs):
        trainer.advance()
    final = trainer.finish()[0]
    sizes = {name: len(layouts) for name, layouts in conditions().items()}
    for network in ("isolated", "global"):
        for measure, size in sizes.items():
            for decoder in ("column", "path"):
                found = final[f"{network}_{measure}{decoder}_error"]
                assert isinstance(found, float) if size == 1 else len(found) == size
    assert trainer.finish()[0] == final  # the network is left as it was
    reader = trainer.readers[0]
    assert "isolated" in reader.kept
    assert any(
        not torch.equal(reader.kept["isolated"][name], tensor)
        for name, tensor in reader.model.state_dict().items()
    )


def test_rates_fall_to_nothing_from_the_chosen_one(few_digits):
    reader = Reader(job(), few_digits, CPU)
    rates = []
    for progress in (0.0, 0.025, 0.05, 0.5, 1.0):
        loss = sum(parameter.sum() for parameter in reader.model.parameters())
        reader._update(loss, 0.01, progress)
        rates.append(reader.optimizer.param_groups[0]["lr"])
    assert rates == pytest.approx([0, 0.005, 0.01, 0.005, 0], abs=1e-4)


def test_batches_hold_each_string_once_and_lose_no_ink(few_digits):
    strings = draw_strings(few_digits.train, 50, layout=Layout(length=(1, 9)), seed=0)
    batches = by_width(strings, 8)
    assert [len(batch.labels) for batch in batches] == [8] * 6 + [2]
    rows = [tuple(row) for batch in batches for row in batch.labels.tolist()]
    assert sorted(rows) == sorted(tuple(row) for row in strings.labels.tolist())
    for batch in batches:
        width = batch.images.shape[2]
        assert (width - 32) % 4 == 0
        assert int(batch.boxes.max()) + 14 <= max(width, 32) <= int(batch.boxes.max()) + 17
    ink = sum(int(batch.images.sum()) for batch in batches)
    assert ink == int(strings.images.sum())


def test_a_record_of_json_names_the_same_layouts(few_digits):
    listed = job(layouts=[{"size": [0.7, 1.4], "slope": 0.1}])
    assert Reader(listed, few_digits, CPU).layouts == [Layout(size=(0.7, 1.4), slope=0.1)]


def test_the_experiments_are_consistent():
    for name in ("strings", "strings-1998", "strings-noise"):
        jobs = all_experiments()[name].jobs()
        assert len({(each.variant, each.seed) for each in jobs}) == len(jobs) == 8
