#!/usr/bin/env python3
"""Writes invented feeds: the nights of fixtures/, the broken files beside them, and the bench feed.

  make_fixtures.py --out fixtures [--people 300] [--nights 2008-11-17,2008-11-18,2008-11-19] [--seed 2008]
  make_fixtures.py --bench ROWS --out DIR [--second-night] [--seed 2008]

The same arguments give the same bytes. Nobody in these files exists; streets are invented, districts are real.
"""
import argparse
from datetime import date
from pathlib import Path

from invented import (
    asb, bench, broken, canaries, delius, drugs, housing, police, police_protection, police_records, prison, prison_records, probation,
    tag_intelligence, tagging, youth,
)
from invented.world import World


def night_files(world, night) -> list:
    first = [prison.write(world, night), *tagging.write(world, night), probation.write(world, night), housing.write(world, night), police.write(world, night)]
    later = [file for part in (police_records, police_protection, asb, youth) for file in part.write(world, night)]
    news = [file for part in (delius, prison_records, tag_intelligence, drugs) for file in part.write(world, night) if file.outcomes]   # no news, no file
    return [*first, *later, *news]


def fixtures(out: Path, people: int, nights: list, seed: int):
    """All feeds for all nights, what must become of their rows, the words to look for in leaks, and the broken files."""
    world = World(seed, people, nights)
    expected = ["night,feed,file,rows,mapped,refused,skipped,duplicate"]
    for night in nights:
        for file in night_files(world, night):
            folder = out / file.place
            folder.mkdir(parents=True, exist_ok=True)
            (folder / file.name).write_bytes(file.data)
            expected.append(file.line(night))
    (out / "expected.csv").write_text("\n".join(expected) + "\n", encoding="utf-8", newline="\n")
    (out / "canaries.csv").write_text(canaries.text(world), encoding="utf-8", newline="\n")
    (out / "truth.csv").write_text(canaries.truth(world), encoding="utf-8", newline="\n")
    broken.write(out / "broken", world, nights[0])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--people", type=int, default=300)
    parser.add_argument("--nights", default="2008-11-17,2008-11-18,2008-11-19")
    parser.add_argument("--seed", type=int, default=2008)
    parser.add_argument("--bench", type=int, metavar="ROWS")
    parser.add_argument("--second-night", action="store_true", help="with --bench: also the next night, one row in a hundred changed")
    args = parser.parse_args()
    if args.bench:
        bench.write(args.out, args.bench, args.seed, args.second_night)
    else:
        fixtures(args.out, args.people, [date.fromisoformat(n) for n in args.nights.split(",")], args.seed)


if __name__ == "__main__":
    main()
