"""Make a folder of pictures of plate characters: `python -m lenet_utils.plates --out folder`."""

import argparse
import sys
from pathlib import Path

from lenet_utils.plates.folder import FULL, SMALL, make_folder, make_scripts
from lenet_utils.plates.sample import unpack_sample
from lenet_utils.plates.typefaces import CHINESE, FOLDERS, LATIN, find_faces


def main(arguments: list[str] | None = None) -> int:
    """Make the folder, or say what is missing; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m lenet_utils.plates", description=__doc__)
    parser.add_argument("--out", type=Path, help="a new folder for the pictures")
    parser.add_argument("--seed", type=int, default=0, help="the same seed, the same pictures")
    parser.add_argument("--fonts", type=Path, action="append", help="where the typefaces are")
    parser.add_argument("--small", action="store_true", help="as many as in the packed sample")
    parser.add_argument("--scripts", action="store_true", help="kana, Hangul, Greek and Cyrillic")
    parser.add_argument("--sample", action="store_true", help="unpack the sample; no typefaces")
    parser.add_argument("--typefaces", action="store_true", help="list typefaces and licences")
    given = parser.parse_args(arguments)
    if given.typefaces:
        for family in CHINESE + LATIN:
            print(f"{family.split:11}{family.name:15}{family.licence}: {family.packages}")
        return 0
    if given.out is None:
        parser.error("name the folder with --out.")
    try:
        if given.sample:
            unpack_sample(given.out)
        else:
            faces = find_faces(given.fonts or FOLDERS)
            if given.scripts:
                make_scripts(given.out, faces, seed=given.seed)
            else:
                sizes = SMALL if given.small else FULL
                make_folder(given.out, faces, sizes=sizes, seed=given.seed)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{sum(p.is_file() for p in given.out.rglob('*')):,} files are in {given.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
