"""Measures the provider against its budgets, beside the providers that people use today if they are given.

Runs inside the sandbox: bench/run starts it. `measure.py --help` lists what it takes.
"""

import argparse
import os
import pathlib
import tempfile

import configurations as of
import process
from table import NOT_GIVEN, Table
from workspace import Providers, Workspace, limited

# BENCH_PART=10 tries everything with a tenth of the objects; the budgets are those of the whole.
PART = int(os.environ.get("BENCH_PART", "1"))
CERTIFICATES, RECORDS, ROLES, LIMITED_ROLES = (count // PART for count in (20, 300, 100, 30))
MANY = [count // PART for count in (50, 100, 200)]
LIMIT = 5


def the_process(table, program):
    with tempfile.TemporaryDirectory() as folder:
        line = process.handshake(program, folder)
    answer, memory, size = process.schema(program)
    table.add("process start to handshake line, mutual TLS", line, "ms", 10, "")
    table.add(f"first schema answer ({size // 1024} KiB)", answer, "ms", 5, "")
    table.add("resident memory after the schema answer, idle", memory, "MiB", 15, "")
    table.add("binary", os.path.getsize(program) / (1 << 20), "MiB", 25, "")


def cycle(providers, configuration, environment=None):
    """A create, a refresh, and the destruction of everything."""
    with Workspace(providers, configuration, environment) as workspace:
        return workspace.apply(), workspace.refresh()


def beside(providers, source, configuration, pick):
    """What the peer needs for the same: `pick` takes the numbers out of its create and refresh."""
    if not providers.has(source):
        return [NOT_GIVEN] * 4
    return pick(*cycle(providers, configuration, of.peer_environment()))


def figures(service):
    return lambda made, read: [made.calls_to(service), made.seconds, read.calls_to(service), read.seconds]


def rows(table, what, ours, theirs, budgets):
    names = ["create, calls", "create, time", "refresh, calls", "refresh, time"]
    units = ["calls", "s", "calls", "s"]
    for name, unit, found, budget, peer in zip(names, units, ours, budgets, theirs):
        table.add(f"{what}: {name}", found, unit, budget, peer)


def certificates(table, providers):
    pick = figures("route53")
    ours = pick(*cycle(providers, of.certificates(CERTIFICATES)))
    theirs = beside(providers, of.ACME, of.certificates_of_peer(CERTIFICATES), pick)
    rows(table, f"{CERTIFICATES} certificates, each a name and its wildcard", ours, theirs, [16, 10, None, None])


def many(table, providers):
    """Whether time grows with the number of certificates and no faster, and memory not at all."""
    runs = {count: cycle(providers, of.certificates(count)) for count in MANY}
    for count, (made, read) in runs.items():
        what = f"{count} certificates"
        table.add(f"{what}: create, time for each", made.seconds / count * 1000, "ms", None, "")
        table.add(f"{what}: create, calls", made.calls_to("route53"), "calls", None, "")
        table.add(f"{what}: refresh, time", read.seconds, "s", None, "")
        table.add(f"{what}: the provider's peak memory", made.memory, "MiB", 64, "")


def records(table, providers):
    pick = figures("route53")
    ours = pick(*cycle(providers, of.records(RECORDS)))
    theirs = beside(providers, of.AWS, of.records_of_peer(RECORDS), pick)
    rows(table, f"{RECORDS} records, each a resource", ours, theirs, [90, None, 2, None])
    ours = pick(*cycle(providers, of.record_map(RECORDS)))
    rows(table, f"{RECORDS} records as one map", ours, [""] * 4, [4, None, 2, None])


def roles(table, providers):
    pick = figures("iam")
    ours = pick(*cycle(providers, of.roles(ROLES)))
    theirs = beside(providers, of.AWS, of.roles_of_peer(ROLES), pick)
    rows(table, f"{ROLES} roles with a policy each", ours, theirs, [220, None, 4, None])


def throttled(table, providers):
    """Everything again, behind a limit that the real Route53 has; each run must succeed."""
    cases = {
        f"{RECORDS} records, each a resource": (of.records(RECORDS), of.AWS, of.records_of_peer(RECORDS)),
        f"{RECORDS} records as one map": (of.record_map(RECORDS), None, None),
        f"{LIMITED_ROLES} roles": (of.roles(LIMITED_ROLES), of.AWS, of.roles_of_peer(LIMITED_ROLES)),
    }
    for what, (ours, peer, theirs) in cases.items():
        made, refused = behind_limit(providers, ours)
        peer_made, peer_refused = "", ""
        if peer:
            peer_made, peer_refused = behind_limit(providers, theirs) if providers.has(peer) else (NOT_GIVEN, NOT_GIVEN)
        table.add(f"{what}, at {LIMIT} calls a second: create, time", made, "s", None, peer_made)
        table.add(f"{what}, at {LIMIT} calls a second: calls refused", refused, "calls", None, peer_refused)


def behind_limit(providers, configuration):
    with limited(LIMIT) as proxy:
        with Workspace(providers, configuration, {**of.peer_environment(), **proxy.environment}) as workspace:
            made = workspace.apply().seconds
            refused = proxy.refused()
            workspace.refresh()
        return made, refused


PARTS = {
    "certificates": certificates,
    "many": many,
    "records": records,
    "roles": roles,
    "throttled": throttled,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", help="the built provider")
    parser.add_argument("results", help="the file to write")
    parser.add_argument("--peer-aws", help="a built terraform-provider-aws")
    parser.add_argument("--peer-acme", help="a built terraform-provider-acme")
    parser.add_argument("--only", type=lambda text: text.split(","), default=["process", *PARTS], help="process," + ",".join(PARTS))
    given = parser.parse_args()
    providers = Providers({of.BERTH: given.program, of.AWS: given.peer_aws, of.ACME: given.peer_acme})
    table = Table()
    if "process" in given.only:
        the_process(table, given.program)
    for name, measure in PARTS.items():
        if name in given.only:
            print(f"measuring: {name}", flush=True)
            measure(table, providers)
    notes = (f"Medians of {process.RUNS} runs for the process, one run for the rest (the sandbox's pebble, CoreDNS and moto; "
             "`-parallelism=30`). A peer is measured in the same run if its binary is given: `make bench PEER_AWS=path PEER_ACME=path`.")
    text = table.text(notes)
    pathlib.Path(given.results).write_text(text)
    print(text)


if __name__ == "__main__":
    main()
