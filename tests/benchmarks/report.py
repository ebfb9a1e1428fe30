"""The page of the benchmarks, and what became slower.

python tests/benchmarks/report.py page [rows.json]    write docs/benchmarks.md and its figures
python tests/benchmarks/report.py compare rows.json   what got slower than in the rows that are kept
python tests/benchmarks/report.py update rows.json    keep these rows, in place of those they repeat

`rows.json` is what `run.py` wrote. The rows that are kept are in `measured.json`; the page is of
these with the new ones in their place.
"""

import json
import sys
from pathlib import Path

from figures import draw_costs
from page import page
from rows import KEPT, Row, Run

DOCS = Path(__file__).parents[2] / "docs"
SLOWER = 0.2  # share of the ratio that may be lost


def main(command, path=None):
    """Run one of the commands; the exit status is 1 where something got slower."""
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    found = json.loads(Path(path).read_text()) if path else {}
    if command == "page":
        write_page(merged(kept, found) if found else kept, DOCS)
    elif command == "compare" and found:
        slower, lines = compare(Run.from_dict(kept), Run.from_dict(found))
        print(*lines, sep="\n")
        return int(slower)
    elif command == "update" and found:
        KEPT.write_text(json.dumps(merged(kept, found), indent=1) + "\n")
    else:
        sys.exit(__doc__)
    return 0


def compare(kept, new):
    """Whether any row got slower than noise explains, and a line for each that changed.

    Slower means that the ratio to the same peer fell by more than 20 %. It is noise where the
    quartiles of the rounds of both runs overlap.
    """
    old = {row.key: row for row in kept.rows}
    lines, slower = [], 0
    for row in new.rows:
        before = old.pop(row.key, None)
        if before is None:
            lines.append(f"new: {row.key}")
        elif row.failure and not before.failure:
            lines.append(f"not measured: {row.key}: {row.failure}")
        elif row.ratio and before.ratio and row.ratio < (1 - SLOWER) * before.ratio:
            within = row.ratio_high >= before.ratio_low
            slower += not within
            lines.append(_change("within the spread" if within else "SLOWER", before, row))
    lines += [f"not measured: {key}" for key in old]
    lines.append(f"{slower} of {len(new.rows)} rows got more than {SLOWER:.0%} slower.")
    return slower > 0, lines


def _change(verdict, before, row):
    peers = "" if before.peer == row.peer else f" (peer: {before.peer}, now {row.peer})"
    ratios = [f"{r.ratio:.3g} [{r.ratio_low:.3g}, {r.ratio_high:.3g}]" for r in (before, row)]
    return f"{verdict}: {row.key}: {ratios[0]} times as fast as the peer, now {ratios[1]}{peers}"


def merged(kept, found):
    """What is kept after a run, which may have been one of some files only.

    Rows on a GPU stand apart: they have a machine of their own.
    """
    about = {"date": found["date"], "machine": found["machine"]}
    gpu = [row for row in found["rows"] if row["group"] == "gpu"]
    rows = [row for row in found["rows"] if row["group"] != "gpu"]
    both = {
        "rows": _replaced(kept.get("rows", ()), rows, lambda row: Row(**row).key),
        "curves": _replaced(
            kept.get("curves", ()), found["curves"], lambda c: (c["estimator"], c["axis"])
        ),
    }
    kept = kept | ({"gpu": about | {"rows": gpu}} if gpu else {})
    return kept | about | both if rows or found["curves"] else kept


def _replaced(old, new, key):
    """The old ones with the new in their place, and after them the new that had none."""
    named = {key(item): item for item in new}
    return [named.pop(key(item), item) for item in old] + list(named.values())


def write_page(found, docs):
    """The page and a figure of each estimator."""
    run, on_gpu = Run.from_dict(found), found.get("gpu")
    folder = docs / "_static" / "benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    drawn = draw_costs(run.curves, folder)
    text = page(run, drawn, Run.from_dict(on_gpu) if on_gpu else None)
    (docs / "benchmarks.md").write_text(text)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
