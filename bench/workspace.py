"""A configuration, applied by Terraform with the providers under measurement; time and API calls of each run."""

import collections
import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import process

FAULTS = pathlib.Path(__file__).parent.parent / "sandbox/faults/proxy.py"


class Measured(collections.namedtuple("Measured", "seconds calls memory")):
    """One run: its time, its calls by service, and the most memory that the provider held, in MiB."""

    def calls_to(self, service):
        return self.calls.get(service, 0)


class Providers:
    """Built providers by source address, such as `berth/berth`."""

    def __init__(self, programs):
        self.programs = {source: pathlib.Path(program).resolve() for source, program in programs.items() if program}

    def has(self, source):
        return source in self.programs

    def settings(self):
        overrides = "".join(f'    "registry.terraform.io/{source}" = "{program.parent}"\n'
                            for source, program in self.programs.items())
        return f"provider_installation {{\n  dev_overrides {{\n{overrides}  }}\n  direct {{}}\n}}\n"


class Workspace:
    """A folder with a configuration. Leaving it destroys what is left."""

    def __init__(self, providers, configuration, environment=None):
        self.folder = tempfile.TemporaryDirectory(prefix="bench-")
        path = pathlib.Path(self.folder.name)
        (path / "main.tf").write_text(configuration)
        (path / "host.rc").write_text(providers.settings())
        self.environment = {**os.environ, "TF_CLI_CONFIG_FILE": str(path / "host.rc"), "CHECKPOINT_DISABLE": "1",
                            **(environment or {})}

    def __enter__(self):
        return self

    def __exit__(self, *_why):
        self.destroy()
        self.folder.cleanup()

    def apply(self):
        """`-parallelism` lets everything go at once, so that the provider's own limits are what is measured."""
        return self._run("apply", "-auto-approve", "-parallelism=30")

    def refresh(self):
        """A plan of the same configuration, which must change nothing."""
        return self._run("plan", "-detailed-exitcode", "-parallelism=30")

    def destroy(self):
        return self._run("destroy", "-auto-approve", "-parallelism=30")

    def _run(self, command, *options):
        before, began = requests(), time.perf_counter()
        arguments = ["terraform", f"-chdir={self.folder.name}", command, "-input=false", "-no-color", *options]
        with subprocess.Popen(arguments, env=self.environment, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT) as run:
            with process.Peak(run.pid) as peak:
                output = run.communicate()[0]
        elapsed = time.perf_counter() - began
        if run.returncode:
            sys.exit(f"terraform {command} failed, status {run.returncode}\n{output[-8000:]}")
        return Measured(elapsed, collections.Counter(requests()[len(before):]), peak.memory)


def requests():
    """The service of each call in the sandbox's request log."""
    log = pathlib.Path(os.environ["SANDBOX_REQUEST_LOG"])
    return [line.split()[1] for line in log.read_text().splitlines()] if log.exists() else []


class Limited:
    """A proxy before AWS that answers so many calls a second of each service, and refuses the others."""

    def __init__(self, url, log):
        self.environment, self.log = {"AWS_ENDPOINT_URL": url}, pathlib.Path(log)

    def refused(self):
        return len(self.log.read_text().splitlines())


@contextlib.contextmanager
def limited(calls_a_second):
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        log = f"{folder}/faults.log"
        arguments = ["--upstream", os.environ["AWS_ENDPOINT_URL"], "--limit", str(calls_a_second), "--log", log]
        proxy = subprocess.Popen([sys.executable, FAULTS, *arguments], stdout=subprocess.PIPE, text=True)
        try:
            yield Limited(proxy.stdout.readline().strip(), log)
        finally:
            proxy.terminate()
            proxy.wait(timeout=5)
