#!/usr/bin/env python3
"""The whole-process benchmark: a prison feed of a million rows, first and second night, beside its peers; then two nights
in which nothing comes (on the first of these the files' times have become old enough to be trusted from then on).

  benches/night.py [--rows 1000000] [--runs 3] [--peers ../shared/bench] [--python PYTHON_WITH_POLARS] [--keep DIR]

Builds nothing: `cargo build --release` first. Every contestant runs as a whole process on the same file in the same
call, in turn; medians and ratios are printed as Markdown. Peers that are not there are left out.
"""
import argparse
import datetime
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


def timed(command, **more):
    """Wall seconds, CPU seconds and peak memory in MiB of one process."""
    start = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **more)
    errors = child.stderr.read().decode()
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - start
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, 4):
        sys.exit(f"{command[0]} ended {code}: {errors[-2000:]}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def deployment(work):
    """A copy of the timing deployment with an empty store."""
    home = work / "deployment"
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(ROOT / "benches/deployment", home, ignore=shutil.ignore_patterns("state", "feeds"))
    text = (home / "lockgate.toml").read_text("utf-8").replace("../../", f"{ROOT}/")
    (home / "lockgate.toml").write_text(text, "utf-8")
    (home / "feeds").mkdir()
    return home


def lay(home, work, day):
    """Lays the files of one day into the deployment's folder, as hard links."""
    for path in (work / "feeds").rglob(f"*{day}*"):
        target = home / "feeds" / path.name
        if not target.exists():
            os.link(path, target)
    # Files lie there before a night comes: younger ones are not yet remembered as seen, and digested again by the next.
    time.sleep(2.1)


def lockgate(work, nights):
    home = deployment(work)
    out = []
    for day in nights:
        lay(home, work, day.replace("-", ""))
        out.append(timed([str(BINARY), "run", "--config", str(home), "--as-of", day, "--quiet"]))
    day = datetime.date.fromisoformat(nights[-1])
    for _ in range(2):
        time.sleep(2.1)
        day += datetime.timedelta(days=1)
        out.append(timed([str(BINARY), "run", "--config", str(home), "--as-of", day.isoformat(), "--quiet"]))
    shutil.rmtree(home)
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--binary", default=os.environ.get("LOCKGATE", "target/release/lockgate"))
    parser.add_argument("--peers", type=pathlib.Path, default=ROOT / "../shared/bench")
    parser.add_argument("--job", help="the hand-written job's program (peers' rust/limits, built)")
    parser.add_argument("--python", help="a Python that has polars")
    parser.add_argument("--keep", type=pathlib.Path, help="a folder for the feeds, used again when they are there")
    a = parser.parse_args()
    global BINARY
    BINARY = pathlib.Path(a.binary).resolve()
    work = (a.keep or pathlib.Path(tempfile.mkdtemp(prefix="lockgate-bench-"))).resolve()
    feeds = work / "feeds"
    if not feeds.exists():
        make = [sys.executable, str(ROOT / "scripts/make_fixtures.py"), "--bench", str(a.rows), "--out", str(feeds), "--second-night"]
        subprocess.run(make, check=True)
    feed = sorted((feeds / "hmps").glob("*.csv"))[0]
    cohort = feeds / "cohort.csv"
    nights = sorted({p.stem[-8:] for p in (feeds / "hmps").glob("*.csv")})
    nights = [datetime.datetime.strptime(n, "%Y%m%d").date().isoformat() for n in nights]
    contestants = {"lockgate": lambda: lockgate(work, nights)}
    scratch = work / "peer"
    if a.job:
        contestants["hand-written Rust"] = lambda: [timed([a.job, "job", str(feed), str(cohort), str(scratch)])]
    if a.python:
        script = a.peers / "etl_polars.py"
        contestants["polars"] = lambda: [timed([a.python, str(script), str(feed), str(cohort), str(scratch)], cwd=a.peers)]
    results = {}
    for _ in range(a.runs):
        for name, run in contestants.items():
            for n, figures in enumerate(run()):
                key = name if n == 0 else f"{name}, night {n + 1}"
                results.setdefault(key, []).append(figures)
    base = statistics.median(r[0] for r in results["hand-written Rust"]) if a.job else None
    size = feed.stat().st_size / 1e6
    print(f"{a.rows:,} rows, {size:.0f} MB, {a.runs} runs, medians\n")
    print("| contestant | wall s | CPU s | peak MiB | x hand-written |\n| --- | --- | --- | --- | --- |")
    for name, runs in results.items():
        wall, cpu, peak = (statistics.median(r[i] for r in runs) for i in range(3))
        ratio = f"{wall / base:.2f}" if base else "-"
        print(f"| {name} | {wall:.2f} | {cpu:.2f} | {peak:.0f} | {ratio} |")
    first, second = (statistics.median(r[0] for r in results[k]) for k in ("lockgate", "lockgate, night 2"))
    print(f"\nsecond night / first night: {second / first:.2f}")
    print(json.dumps({"results": results}), file=sys.stderr)
    if not a.keep:
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
