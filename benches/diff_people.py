#!/usr/bin/env python3
"""What `agreement diff --people` costs: diff_people.py PROGRAM DEPLOYMENT [RUNS].

DEPLOYMENT has run a night: that of `benches/night.py` has 200,241 people. One grant of its agreement is widened in a copy; the program compares both on
everybody in the store, RUNS times (5). Prints the wall and CPU time of each run, and the medians for 100,000 people. Nothing is written there.
"""
import json
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib


def main():
    program, deployment = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    runs = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    folders = tomllib.loads((deployment / "lockgate.toml").read_text("utf-8")).get("folders", {})
    agreement = deployment / folders.get("agreement", "agreement")
    figures = []
    with tempfile.TemporaryDirectory() as scratch:
        wider = pathlib.Path(scratch) / "wider"
        shutil.copytree(agreement, wider)
        file = wider / "entitlements/lcc.toml"
        text, asked = file.read_text("utf-8"), 'when = ["housing_or_asb_case"]\nfields = ["release_date", "release_type"]'
        assert text.count(asked) == 1, "the grant to widen is another one now"
        file.write_text(text.replace(asked, 'fields = ["release_date", "release_type"]'), "utf-8")
        words = [program, "--config", deployment, "agreement", "diff", agreement, wider, "--people", "--json"]
        for _ in range(runs):
            used, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
            people = json.loads(subprocess.run(words, check=True, capture_output=True).stdout)["people"]
            wall, now = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
            assert people["newly"] > 0, "the wider grant tells of nobody"
            figures.append((wall, cpu))
            print(f"{people['people']} people, newly of {people['newly']}: {wall:.2f} s wall, {cpu:.2f} s CPU")
    of = 100_000 / people["people"]
    wall, cpu = (statistics.median(column) * of for column in zip(*figures))
    print(f"for 100,000 people: {wall:.2f} s wall, {cpu:.2f} s CPU (goal 2 s)")


if __name__ == "__main__":
    main()
