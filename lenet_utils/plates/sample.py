"""The sample that ships: the folder that `--sample` makes, packed."""

import io
import os
import tarfile
from pathlib import Path

SAMPLE = Path(__file__).resolve().parent.parent / "data" / "plates_sample.tar.xz"


def unpack_sample(out: str | os.PathLike[str]) -> Path:
    """Write the packed sample into a folder, where it is not there yet.

    Returns:
        The folder: `train`, `validation`, `test`, `none`, `made.csv` and `planted.csv`.

    Raises:
        FileExistsError: the folder holds something else.
    """
    folder = Path(out)
    with tarfile.open(SAMPLE, "r:xz") as archive:
        names = archive.getnames()
        if folder.exists() and any(folder.iterdir()):
            if not (folder / "planted.csv").is_file():
                raise FileExistsError(
                    f"{folder} holds other files; name a new folder, or an empty one."
                )
            if all((folder / name).exists() for name in names):
                return folder
        archive.extractall(folder, filter="data")
    return folder


def pack(folder: str | os.PathLike[str], file: str | os.PathLike[str] = SAMPLE) -> None:
    """Pack a made folder: the same pictures give the same bytes."""
    root = Path(folder)
    with tarfile.open(file, "w:xz", preset=9, format=tarfile.USTAR_FORMAT) as archive:
        for path in sorted(p for p in root.rglob("*") if p.is_file()):
            content = path.read_bytes()
            member = tarfile.TarInfo(path.relative_to(root).as_posix())
            member.size, member.mode = len(content), 0o644
            archive.addfile(member, io.BytesIO(content))
