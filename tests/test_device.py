"""On a device that is not the CPU: what the package computes there, and that it gives it back.

`second_device` stands for a GPU. A device cannot be unregistered, so that all this runs in a
process of its own.
"""

import multiprocessing
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from unittest import mock

import nbformat
import pytest
import torch
from contents import lessons
from torch import nn
from torch.nn import functional as F
from torch.utils import backend_registration

from lenet_research import Job
from lenet_research.baselines import BOOSTED
from lenet_research.boosting import BoostingTrainer
from lenet_research.fast import RECIPE, FastTrainer
from lenet_research.networks import MODERN_NETWORKS, NetworkTrainer
from lenet_research.road import MODERN
from lenet_research.trainer_minibatches import MinibatchTrainer
from lenet_utils import (
    checks,
    evaluate,
    fit,
    layer_table,
    lenet5_1998,
    lenet5_modern,
    load_mnist,
    load_model,
    normalise_1998,
    normalise_modern,
    pad_to_32,
    save_model,
    seed_everything,
    training,
)
from lenet_utils._native import networks_1998
from lenet_utils.checks import verdict
from lenet_utils.criteria import MAP
from lenet_utils.distortions import PlanarRanges, distort
from lenet_utils.initialisation import initialise_1998
from lenet_utils.mnist import MNIST, Digits
from lenet_utils.online import outputs, train_epoch
from lenet_utils.sdlm import SDLM

CPU = torch.device("cpu")
SECOND = "second"
LESSONS = lessons()

as_either = pytest.mark.parametrize("float64", [True, False], ids=["as CUDA", "as MPS"])


@pytest.fixture(scope="module")
def there() -> Iterator[Callable[..., None]]:
    """Run a function in a process that has a second device."""
    if not hasattr(backend_registration, "_setup_privateuseone_for_python_backend"):
        pytest.skip("this PyTorch cannot define a device in Python")
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn, initializer=_switch_on) as pool:

        def there(function: Callable[..., None], *arguments: object, float64: bool = True) -> None:
            pool.submit(_run, float64, function, *arguments).result(120)

        yield there


def _switch_on() -> None:
    import second_device

    torch.set_num_threads(1)
    second_device.switch_on()
    training.get_device = lambda: second_device.DEVICE


def _run(float64: bool, function: Callable[..., None], *arguments: object) -> None:
    import second_device

    second_device.knows_float64 = float64
    function(*arguments)


def sample(count: int) -> MNIST:
    train, test = load_mnist(sample=True)
    return MNIST(*(Digits(d.images[:count].contiguous(), d.labels[:count]) for d in (train, test)))


def where(model: nn.Module) -> set[str]:
    return {tensor.device.type for tensor in model.state_dict().values()}


OPTIONS = {"epochs": 2, "batch_size": 20, "validation": 40, "progress": False}


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_leaves_the_moving_to_fit_and_evaluate(path):
    # Then its own lines see one device only, and run unchanged where there is a GPU.
    if path.stem == "12_your_own_problem":
        return  # it writes out what fit does, and moving is a part of that
    cells = [cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
    assert not re.findall(r"\.cuda\(|\.to\((?!torch\.\w*int)|default_device", "\n".join(cells))


def _refused(message: str, call: Callable[[], object], kind: type[Exception] = RuntimeError):
    with pytest.raises(kind, match=message):
        call()


def _refusals() -> None:
    here, there = torch.ones(3), torch.ones(3, device=SECOND)
    target = torch.tensor([1])
    mixed = "on the same device"
    _refused(mixed, lambda: here + there)
    _refused(mixed, lambda: there.sum() == here)
    _refused(mixed, lambda: torch.tensor(0.0).add_(there.sum()))
    _refused(mixed, lambda: nn.Linear(3, 2)(there))
    _refused(mixed, lambda: F.cross_entropy(there[None], target))
    _refused(mixed, lambda: torch.stack([here, there]))
    _refused(mixed, lambda: here[target.to(SECOND)])
    _refused("generator", lambda: torch.rand(3, generator=torch.Generator(), device=SECOND))
    _refused("can't convert", there.numpy, TypeError)
    assert (there[target] + torch.tensor(1.0)).tolist() == [2.0]
    assert there.device.type == SECOND and there.cpu().device == CPU
    assert torch.tensor([1.0], device=SECOND).device.type == SECOND


def test_the_second_device_refuses_what_cuda_refuses(there):
    there(_refusals)


def _fit(folder: Path) -> None:
    images, labels = sample(240).train
    x = normalise_modern(images)
    models = []
    for device in ("cpu", None):  # None is what get_device gives: the second one
        seed_everything(1)
        models.append(lenet5_modern())
        options = OPTIONS | {"device": device, "checkpoint": folder / f"{device}.pt"}
        with mock.patch.object(training, "compiled", lambda model: None):
            history = fit(models[-1], x, labels, **options)
        assert where(models[-1]) == {"cpu"}
        again = lenet5_modern()
        assert fit(again, x, labels, **options).seconds == history.seconds
        assert all(map(torch.equal, again.parameters(), models[-1].parameters()))
    # It computes as PyTorch does on the CPU, so nothing but the device was another.
    for one, other in zip(models[0].parameters(), models[1].parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-6)
    net = models[1]
    assert net(x).shape == (240, 10)
    result = evaluate(net, x, labels, device=SECOND)
    assert where(net) == {"cpu"}
    assert torch.allclose(result.outputs, net(x), atol=1e-5)


def _interrupted() -> None:
    def pull_the_plug(outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        assert outputs.device == labels.device == training.get_device()
        raise KeyboardInterrupt

    images, labels = sample(100).train
    net = lenet5_modern()
    with pytest.raises(KeyboardInterrupt):
        fit(net, normalise_modern(images), labels, **OPTIONS, criterion=pull_the_plug)
    assert where(net) == {"cpu"}


def test_fit_gives_the_network_back_when_it_is_interrupted(there):
    there(_interrupted)


@as_either
def test_fit_and_evaluate_borrow_the_device(there, tmp_path, float64):
    there(_fit, tmp_path, float64=float64)


def _stay(folder: Path) -> None:
    images, labels = (part.to(SECOND) for part in sample(100).train)
    x = normalise_1998(pad_to_32(images))
    net = lenet5_1998().to(SECOND)
    history = fit(net, x, labels, **OPTIONS, criterion=MAP())
    assert where(net) == {SECOND} and len(history) == 2
    result = evaluate(net, x, labels)
    assert where(net) == {SECOND} and result.outputs.device == CPU
    again = load_model(lenet5_1998().to(SECOND), save_model(net, folder / "net.safetensors"))
    assert where(again) == {SECOND} and torch.allclose(again(x), net(x), atol=1e-4)
    assert layer_table(net, (1, 32, 32)).parameters == 60_000
    initialise_1998(net, 0)
    assert where(net) == {SECOND}
    moved = distort(images, PlanarRanges(shift=2), seed=0)
    assert moved.device.type == SECOND
    assert torch.equal(moved.cpu(), distort(images.cpu(), PlanarRanges(shift=2), seed=0))


def test_a_network_on_the_device_stays_there(there, tmp_path):
    there(_stay, tmp_path)


def _answer() -> None:
    import second_device

    verdict.Tensor = second_device.Remote  # as a tensor of CUDA, it is no forged one
    found = verdict.tensor(torch.ones(3, device=SECOND), (3,), "the result")
    assert found.device == CPU and found.dtype == torch.float64
    verdict.Tensor = torch.Tensor


def test_a_check_takes_an_answer_from_the_device(there):
    there(_answer, float64=False)


def test_a_check_refuses_an_answer_without_numbers():
    found = checks.map_loss(lambda *_: torch.zeros((), device="meta"))
    assert not found and "expected a tensor of numbers" in found.message


def _many() -> None:
    images, labels = sample(40).train
    pictures, orders = pad_to_32(images), torch.arange(40).expand(2, -1)
    x = normalise_1998(pictures)
    found = {}
    # The second device is made of a mode, which the kernel would give way to. CUDA has none.
    networks_1998.watched = lambda: False
    for device, backend in (("cpu", "pytorch"), (SECOND, "pytorch"), (SECOND, "auto")):
        nets, rates = [lenet5_1998().to(device) for _ in range(2)], []
        for seed, net in enumerate(nets):
            initialise_1998(net, seed, gain=1.0, power=0.5, coefficient=1.0, bias=0.0)
            sdlm = SDLM(net, MAP())
            sdlm.estimate_curvature(x.to(device), labels.to(device))
            rates.append(sdlm.effective_rates())
        result = train_epoch(nets, [MAP()] * 2, pictures, labels, orders, rates, backend=backend)
        assert where(nets[0]) == {device}
        assert ("native" in result.backend) == (backend == "auto")
        found[device, backend] = outputs(nets, pictures)
    for answers in found.values():
        assert torch.allclose(answers, found["cpu", "pytorch"], rtol=1e-3)


def test_many_networks_train_on_the_device(there):
    there(_many)


def _experiments() -> None:
    small = {"epochs": 1, "training": 60, "validation": 30}
    boosted = {"pool": 1, "epochs": 1, "patterns": 20, "later_epochs": 1, "copies": 2}
    jobs = [
        (MinibatchTrainer, MODERN | small | {"dropout": 0.5}),
        (NetworkTrainer, MODERN_NETWORKS | small | {"network": "LeNet-1", "side": 28, "shifts": 1}),
        (FastTrainer, RECIPE | {"epochs": 1, "batch_size": 50}),
        (BoostingTrainer, BOOSTED | boosted),
    ]
    digits = sample(100)
    for kind, settings in jobs:
        trainer = kind([Job("a", settings, 0)], digits, training.get_device())
        for _ in range(trainer.epochs):
            trainer.advance()
        assert 0 <= trainer.finish()[0]["test_error"] <= 1
        resumed = kind([Job("a", settings, 0)], digits, training.get_device())
        resumed.load_state_dict(trainer.state_dict())
        assert resumed.finish()[0]["test_error"] == trainer.finish()[0]["test_error"]


@as_either
def test_the_experiments_run_on_the_device(there, float64):
    there(_experiments, float64=float64)
