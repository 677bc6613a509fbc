#!/usr/bin/env python3
"""What a person at the desk waits for: `check` of the whole deployment and `feed preview`, as whole processes.

  benches/desk.py [--runs 15] [--binary target/release/lockgate]

Builds nothing: `cargo build --release` first. The repository's own deployment is copied, three nights are run on it, and
then each command is run in turn so many times; medians and the slowest run are printed as Markdown. The goal is a
quarter of a second on a warm disk.
"""
import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
GOAL = 0.25
COMMANDS = {
    "`check`, 39 feeds with their examples": ["check"],
    "`feed preview` of the release list (CSV)": ["feed", "preview", "hmps-releases"],
    "`feed preview` of the custody list (CSV, 25 columns)": ["feed", "preview", "wyp-custody"],
    "`feed preview` of the plans (XLSX)": ["feed", "preview", "wyp-plan"],
    "`feed preview` of the assessments (XML)": ["feed", "preview", "yos-assets"],
    "`feed test`, all feeds": ["feed", "test"],
}


def timed(command):
    """Wall seconds of one process."""
    start = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    wall = time.perf_counter() - start
    if done.returncode not in (0, 4):
        sys.exit(f"{command[1:]} ended {done.returncode}: {done.stderr.decode()[-2000:]}")
    return wall


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--binary", default=os.environ.get("LOCKGATE", "target/release/lockgate"))
    a = parser.parse_args()
    binary = str(pathlib.Path(a.binary).resolve())
    work = pathlib.Path(tempfile.mkdtemp(prefix="lockgate-desk-"))
    for part in ("schema", "mappings", "agreement", "fixtures", "calendar"):
        shutil.copytree(ROOT / part, work / part)
    shutil.copy(ROOT / "lockgate.toml", work)
    for day in ("2008-11-17", "2008-11-18", "2008-11-19"):
        timed([binary, "--config", str(work), "--quiet", "run", "--as-of", day])
    results = {name: [] for name in COMMANDS}
    for turn in range(a.runs + 1):
        for name, words in COMMANDS.items():
            wall = timed([binary, "--config", str(work), *words])
            if turn:  # the first turn warms the disk
                results[name].append(wall)
    print(f"{a.runs} runs, medians\n")
    print("| command | median ms | slowest ms | within a quarter of a second |\n| --- | --- | --- | --- |")
    for name, walls in results.items():
        median, worst = statistics.median(walls), max(walls)
        print(f"| {name} | {median * 1000:.0f} | {worst * 1000:.0f} | {'yes' if median < GOAL else 'no'} |")
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
