"""The kernels give what plain PyTorch gives, in a program that has neither Python nor OpenMP."""

import shutil
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests" / "native")]

import golden  # noqa: E402
import native  # noqa: E402


def test_the_golden_numbers_are_pytorchs():
    lines = golden.FILE.read_text(encoding="utf-8").splitlines()
    stored = {
        name: list(map(float, values.split())) for name, values in (x.split(":") for x in lines)
    }
    computed = golden.golden()
    assert stored.keys() == computed.keys()
    for name, values in computed.items():
        flat = values.detach().flatten().double()
        assert torch.tensor(stored[name], dtype=torch.float64).sub(flat).abs().max() < 1e-7 * (
            1 + flat.abs().max()
        )


@pytest.mark.parametrize("macro", native.KERNELS)
def test_the_compiler_here_builds_what_the_driver_expects(macro):
    # `make test-native` tries other compilers, widths and processors.
    if shutil.which("c++") is None:
        pytest.skip("no C++ compiler on this computer")
    build = native.Build("c++", ["c++", "-march=native", "-O1"])
    assert native.attempt(build, macro, native.KERNELS[macro]) == ""


def test_a_wrong_number_is_noticed(tmp_path, monkeypatch):
    if shutil.which("c++") is None:
        pytest.skip("no C++ compiler on this computer")
    wrong = tmp_path / "golden.txt"
    text = golden.FILE.read_text(encoding="utf-8")
    wrong.write_text(text.replace("\nadam: ", "\nadam: 1"), encoding="utf-8")
    monkeypatch.setattr(native, "GOLDEN", wrong)
    build = native.Build("c++", ["c++", "-march=native", "-O1"])
    assert "WRONG" in native.attempt(build, "PARALLEL", native.KERNELS["PARALLEL"])
