"""The way to a compiled kernel: what is in the cache is whole, and a failure costs one try."""

import ctypes
import multiprocessing
import os
import re
import shutil
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from lenet_research import parallel
from lenet_utils import evaluate, fit, lenet5_modern
from lenet_utils._native import loader
from lenet_utils._native.loader import KernelUnavailable, load, warn_once
from lenet_utils.system import cache_folder

CPP = next(filter(None, map(shutil.which, ("c++", "g++", "clang++"))), None)
needs_compiler = pytest.mark.skipif(CPP is None, reason="no C++ compiler on this computer")
SOURCE = '#include "lanes.h"\nextern "C" { int lanes() { return N; } }'
FAILS = "echo 'small.cpp:1: error: this is no program' >&2; exit 1"


def load_kernel() -> ctypes.CDLL:
    """Load the small kernel of a test."""
    return load("small")


def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Go on as a new process would."""
    monkeypatch.setattr(loader, "_process", loader._Process())


class Place:
    """A cache folder, a small source, and a compiler that writes down when it is run."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.log = folder / "lenet_utils" / "kernels", folder / "log"
        self.source, self.included = folder / "small.cpp", folder / "lanes.h"
        self.source.write_text(SOURCE, encoding="utf-8")
        self.included.write_text("#define N 3", encoding="utf-8")
        monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
        monkeypatch.setattr(loader, "FOLDER", folder)
        self.monkeypatch = monkeypatch
        self.path = folder / "a compiler"
        self.compiler(f'exec {CPP} "$@"')
        forget(monkeypatch)

    def compiler(self, script: str) -> None:
        """Have the variable CXX name a script; asked for its version, it answers $VERSION."""
        self.path.write_text(
            '#!/bin/sh\nfor out; do true; done\nif [ "$out" = --version ]; then echo "v $VERSION"; '
            f"exit; fi\necho built >> '{self.log}'\n{script}\n",
            encoding="utf-8",
        )
        self.path.chmod(0o755)
        self.monkeypatch.setenv("CXX", str(self.path))

    def builds(self) -> int:
        return self.log.read_text(encoding="utf-8").count("built") if self.log.exists() else 0

    def libraries(self) -> list[Path]:
        return sorted(self.folder.iterdir())


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return Place(tmp_path, monkeypatch)


@needs_compiler
def test_a_kernel_is_built_once_and_found_by_later_processes(place, monkeypatch):
    assert load_kernel().lanes() == 3
    assert load_kernel() is load_kernel()
    forget(monkeypatch)
    changed = place.folder.stat().st_mtime_ns
    assert load_kernel().lanes() == 3
    assert place.builds() == 1
    assert place.folder.stat().st_mtime_ns == changed  # a read-only folder will do


@needs_compiler
def test_a_kernel_serves_where_its_compiler_is_gone(place, monkeypatch):
    load_kernel()
    forget(monkeypatch)
    monkeypatch.delenv("CXX")
    monkeypatch.setenv("PATH", "")
    assert load_kernel().lanes() == 3


def _replace_by_link(library: Path) -> None:
    library.rename(library.with_name("elsewhere"))
    library.symlink_to("elsewhere")


DAMAGES: dict[str, Callable[[Path], object]] = {
    "truncated": lambda library: os.truncate(library, library.stat().st_size // 2),
    "empty": lambda library: os.truncate(library, 0),
    "enlarged": lambda library: os.truncate(library, 2**33),
    "one bit": lambda library: library.write_bytes(
        (data := bytearray(library.read_bytes()))[:-1] + bytes([data[-1] ^ 1])
    ),
    "another program": lambda library: shutil.copy(sys.executable, library),
    "a link": _replace_by_link,
    "a text": lambda library: library.write_text("not a library", encoding="utf-8"),
}


@needs_compiler
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_library_is_built_anew_and_not_loaded(place, monkeypatch, damage):
    load_kernel()
    (library,) = place.libraries()
    library.rename(aside := library.with_name("aside"))  # what is loaded stays as it is
    shutil.copy(aside, library)
    DAMAGES[damage](library)
    forget(monkeypatch)
    assert load_kernel().lanes() == 3
    assert place.builds() == 2
    forget(monkeypatch)
    assert load_kernel().lanes() == 3
    assert place.builds() == 2


@needs_compiler
def test_what_is_whole_and_does_not_load_is_built_anew(place, monkeypatch):
    load_kernel()
    (library,) = place.libraries()
    library.unlink()
    text = b"not a library, yet what its name says"
    named = library.stem.rsplit("-", 1)[0] + f"-{loader._digest(text)}.so"
    library.with_name(named).write_bytes(text)
    forget(monkeypatch)
    assert load_kernel().lanes() == 3
    assert len(place.libraries()) == 1


@needs_compiler
def test_a_library_is_for_its_sources_flags_processor_and_compiler(place, monkeypatch):
    load_kernel()
    changes = [
        lambda: place.source.write_text(SOURCE + "\n", encoding="utf-8"),
        lambda: place.included.write_text("#define N 4", encoding="utf-8"),
        lambda: monkeypatch.setattr(loader, "FLAGS", (*loader.FLAGS, "-g")),
        lambda: monkeypatch.setattr(loader, "_processor", lambda: "another"),
        lambda: monkeypatch.setattr(loader.platform, "machine", lambda: "another"),
        lambda: monkeypatch.setenv("VERSION", "2"),
        lambda: monkeypatch.setenv("CXX", f"'{place.path}' -DMORE"),
    ]
    for number, change in enumerate(changes, start=2):
        change()
        for _ in range(2):
            forget(monkeypatch)
            load_kernel()
        assert place.builds() == number
    assert load_kernel().lanes() == 4


@needs_compiler
def test_the_processor_is_named_by_what_it_can_do():
    if not Path("/proc/cpuinfo").exists():
        pytest.skip("no /proc/cpuinfo on this computer")
    assert len(loader._processor().split()) > 10


@needs_compiler
def test_a_build_is_set_in_place_whole(place):
    # Halfway it lists the folder: another process would load what it finds there.
    place.compiler(
        'while [ $# -gt 0 ]; do [ "$1" = -o ] && out="$2"; shift; done\n'
        f"echo half > \"$out\"; ls '{place.folder}' >> '{place.log}'; kill -9 $$"
    )
    with pytest.raises(KernelUnavailable, match="signal 9"):
        load_kernel()
    assert place.builds() == 1
    assert ".so" not in place.log.read_text(encoding="utf-8")
    assert place.libraries() == []


FAILURES = {
    "an error": (FAILS, "exit status 1: small.cpp:1: error: this is no program"),
    "an error without a word": ("exit 3", "exit status 3: it said nothing"),
    "hanging": ("sleep 60 & wait", "did not finish within"),
    "printing without end": ("yes", "printed more than"),
    "killed": ("kill -9 $$", "ended by signal 9"),
    "nothing written": ("exit 0", "exit status 0"),
    "garbage": ('for out; do true; done; echo "\\377" > "$out"', "does not load"),
    "another library": (
        f'for out; do true; done; echo "int no;" | {CPP} -shared -xc++ - -o "$out"',
        "does not load",
    ),
    "bytes that are no text": ("printf '\\377\\376 error' >&2; exit 1", "exit status 1"),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_compiler_that_fails_is_tried_once(place, monkeypatch, failure):
    script, message = FAILURES[failure]
    place.compiler(script)
    monkeypatch.setattr(loader, "TIME_LIMIT", 1.0)
    start = time.perf_counter()
    for _ in range(3):
        with pytest.raises(KernelUnavailable, match=message) as caught:
            load_kernel()
        assert "CXX" in str(caught.value)
    with pytest.raises(KernelUnavailable, match=message):
        load(Path(parallel.__file__).with_suffix(".cpp"))  # by the same compiler
    assert place.builds() == 1
    assert time.perf_counter() - start < 30  # nothing waits for the sleeper's end
    assert place.libraries() == []


@pytest.mark.parametrize(
    ("variable", "message"),
    [
        ("no-such-compiler", r"no C\+\+ compiler was found \(no-such-compiler\)"),
        ("'unbalanced", "no C.. compiler was found"),
        ("/dev/null", "no C.. compiler was found"),
        ("\udcff", "no C.. compiler was found"),
    ],
)
def test_without_a_compiler_it_says_what_to_do(place, monkeypatch, variable, message):
    monkeypatch.setenv("CXX", variable)
    with pytest.raises(KernelUnavailable, match=f"{message}.* install one .*start Python anew"):
        load_kernel()


def test_a_program_that_is_none_is_no_compiler(place, monkeypatch):
    place.path.write_text("no program", encoding="utf-8")
    with pytest.raises(KernelUnavailable, match="a compiler' failed"):
        load_kernel()


def test_an_empty_path_holds_no_compiler(place, monkeypatch):
    monkeypatch.setenv("CXX", "")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(KernelUnavailable, match=r"\(c\+\+, g\+\+, clang\+\+\)"):
        load_kernel()


@needs_compiler
def test_a_compiler_may_have_arguments(place, monkeypatch):
    monkeypatch.setenv("CXX", f"env {CPP} -DMORE")
    assert load_kernel().lanes() == 3
    assert place.builds() == 0


def no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process run for a user of whom the system knows nothing."""
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.delenv("HOME")

    def unknown(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.setattr("pwd.getpwuid", unknown)


def _another_users(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.folder.mkdir(parents=True)
    if os.geteuid() == 0:
        os.chown(place.folder, 54321, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 54321)


def _open_to_all(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.folder.mkdir(parents=True)
    place.folder.chmod(0o777)


def _full(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)


FOLDERS: dict[str, tuple[Callable[[Place, pytest.MonkeyPatch], object], str]] = {
    "a file": (lambda p, m: m.setenv("XDG_CACHE_HOME", str(p.source)), "Not a directory"),
    "not to be written": (lambda p, m: m.setenv("XDG_CACHE_HOME", "/proc/self"), "/proc/self"),
    "no home": (lambda p, m: no_home(m), "no home folder"),
    "a home that is none": (
        lambda p, m: (m.delenv("XDG_CACHE_HOME"), m.setenv("HOME", "here")),
        "no home folder",
    ),
    "of another user": (_another_users, "belongs to another user"),
    "open to all": (_open_to_all, "others can write to it"),
    "full": (_full, "No space left"),
}


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_cache_that_cannot_be_used_is_said_with_a_remedy(place, monkeypatch, folder):
    change, message = FOLDERS[folder]
    change(place, monkeypatch)
    if message == "No space left" and CPP is None:
        pytest.skip("no C++ compiler on this computer")
    with pytest.raises(KernelUnavailable, match=f"{message}.*XDG_CACHE_HOME"):
        load_kernel()


def test_a_cache_that_cannot_be_used_is_tried_once(place, monkeypatch):
    asked = []

    def nowhere() -> Path:
        asked.append(1)
        raise FileNotFoundError("nowhere")

    monkeypatch.setattr(loader, "cache_folder", nowhere)
    forget(monkeypatch)
    for _ in range(3):
        with pytest.raises(KernelUnavailable, match="nowhere"):
            load_kernel()
    assert len(asked) == 1


def test_a_relative_cache_folder_is_ignored_as_its_specification_says(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    for named in ("relative", "", "~/folder"):
        monkeypatch.setenv("XDG_CACHE_HOME", named)
        assert cache_folder() == tmp_path / ".cache" / "lenet_utils"


@needs_compiler
def test_two_processes_at_once_both_have_a_kernel(place):
    # Each waits until the other one builds, too.
    place.compiler(
        f'until [ "$(grep -c built "{place.log}")" = 2 ]; do sleep 0.01; done; exec {CPP} "$@"'
    )
    context = multiprocessing.get_context("fork")
    both = [context.Process(target=load_kernel) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(120)
    assert [process.exitcode for process in both] == [0, 0]
    assert place.builds() == 2
    assert load_kernel().lanes() == 3
    assert place.builds() == 2
    assert len(place.libraries()) == 1


IMAGES, LABELS = torch.linspace(-1, 1, 40 * 784).view(40, 1, 28, 28), torch.arange(40) % 10


def test_nothing_stops_for_want_of_a_kernel_and_one_warning_says_so(place, monkeypatch):
    place.compiler(FAILS)
    monkeypatch.setattr(loader, "FOLDER", Path(loader.__file__).parent)  # the package's sources
    model = lenet5_modern()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        for _ in range(2):
            fit(model, IMAGES, LABELS, epochs=1, validation=0, progress=False, device="cpu")
            evaluate(model, IMAGES, LABELS, device="cpu")
    (warning,) = (w for w in said if "plain PyTorch" in str(w.message))
    assert re.search(r"takes longer.*error: this is no program.*CXX", str(warning.message))
    assert place.builds() == 1


def test_a_warning_made_an_error_comes_once_too(place, monkeypatch):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning):
            warn_once(KernelUnavailable("nothing"))
        warn_once(KernelUnavailable("nothing"))
