"""The book of figures: each beside its limit, as a ratio, with the goal it is held against."""

import stage

WIDTH = 64  # of a figure's name and unit


def show(value):
    if value is None:
        return "-"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


class Book:
    def __init__(self, about):
        self.about = about
        self.rows = []
        self.growth = {}

    def heading(self):
        a = self.about
        lines = [f"{a['cpu']}, {a['cores']} cores, {a['memory_gib']} GiB, Linux {a['kernel']}; "
                 f"{a['build']} build; one fdatasync {a['fsync_ms']} ms",
                 "figure".ljust(WIDTH) + "median".rjust(10) + "  min … max".ljust(24)
                 + "beside".rjust(12) + "ratio".rjust(9) + "  goal"]
        if a["load_before"] > 0.5:
            lines.insert(1, f"NOT QUIET: load {a['load_before']:.2f} before the run; ratios only")
        if a["build"] not in ("RelWithDebInfo", "Release"):
            lines.insert(1, f"NOT A RELEASE BUILD ({a['build']}): figures are no measure")
        return lines

    def add(self, bench, name, unit, samples, beside=None, goal=None, what=""):
        """samples: [(value, steal)]; beside: the limit's samples, or a plain number; goal: a
        function of (median, ratio) that says whether it is reached, with its words, or None."""
        row = {"bench": bench, "name": name, "unit": unit, **summary(samples)}
        if beside is not None:
            row["beside"] = summary(beside) if isinstance(beside, list) else {"median": beside}
            row["beside"]["what"] = what
            if row["beside"]["median"]:
                row["ratio"] = row["median"] / row["beside"]["median"]
        if goal:
            row["goal"] = goal[0]
            row["reached"] = bool(goal[1](row["median"], row.get("ratio")))
        self.rows.append(row)
        return row

    def lines_of(self, bench, seconds):
        lines = [self._line(row) for row in self.rows if row["bench"] == bench]
        return "\n".join(lines) + f"\n  ({bench}: {seconds:.0f} s)"

    @staticmethod
    def _line(row):
        span = f"{show(row['min'])} … {show(row['max'])}" if row["count"] > 1 else ""
        beside = row.get("beside", {})
        line = (f"{row['name']}, {row['unit']}".ljust(WIDTH) + show(row["median"]).rjust(10) + "  "
                + span.ljust(22) + show(beside.get("median")).rjust(12)
                + (f"{row['ratio']:.2f}" if "ratio" in row else "").rjust(9) + "  ")
        if "goal" in row:
            line += ("reached: " if row["reached"] else "NOT: ") + row["goal"]
        if row["stolen"]:
            line += f"  [disturbed: {row['stolen']} of {row['count'] + row['set_aside']}, by {row['steal']:.1f} × what is bearable]"
        return line.rstrip()

    def result(self, size, seconds):
        return {"machine": self.about, "size": size, "seconds": round(seconds, 1),
                "rows": self.rows, "growth": self.growth}


def summary(samples):
    """Repetitions in which others took too much are set aside as long as one is left."""
    clean = [value for value, steal in samples if steal <= stage.Steal.LIMIT]
    used = clean or [value for value, _ in samples]
    return {"median": stage.middle(used), "min": min(used), "max": max(used), "count": len(used),
            "set_aside": len(samples) - len(used), "stolen": len(samples) - len(clean),
            "steal": max(steal for _, steal in samples)}
