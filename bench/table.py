"""The results as a table in Markdown."""

import os
import platform

NOT_GIVEN = "not given"


class Table:
    """Rows of what was measured, its budget, and what the peer needed for the same."""

    def __init__(self):
        self.rows = []

    def add(self, what, found, unit, budget=None, peer=NOT_GIVEN):
        """`peer` is a number of the same unit, or a word in its place."""
        limit = "" if budget is None else f"≤ {budget} {unit}"
        verdict = "" if budget is None else "yes" if found <= budget else "**no**"
        told = peer if isinstance(peer, str) else amount(peer, unit)
        self.rows.append(f"| {what} | {amount(found, unit)} | {limit} | {verdict} | {told} |")

    def text(self, notes):
        head = (f"By `make bench` on {os.cpu_count()} cores, {platform.system()} {platform.release()}. {notes}")
        return "\n".join(["# Measured", "", head, "", "| what | measured | budget | within | peer |", "|---|---|---|---|---|",
                          *self.rows, ""])


def amount(number, unit):
    return f"{number:.0f} {unit}" if unit == "calls" else f"{number:.1f} {unit}"
