"""The provider's process by itself: how soon it answers, and what it holds in memory."""

import os
import pathlib
import statistics
import subprocess
import threading
import time

import grpc

COOKIE = {"TF_PLUGIN_MAGIC_COOKIE": "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"}
PROTOCOL = {"PLUGIN_PROTOCOL_VERSIONS": "5,6", "PLUGIN_MIN_PORT": "10000", "PLUGIN_MAX_PORT": "25000"}
RUNS = 15


def host_certificate(folder):
    """A client certificate like the one Terraform makes: P-521, self-signed."""
    pem = pathlib.Path(folder, "host.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp521r1", "-nodes", "-sha512",
         "-days", "2", "-subj", "/O=HashiCorp/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
         "-keyout", "/dev/null", "-out", pem],
        check=True, capture_output=True)
    return pem.read_text()


def start(program, extra):
    """Starts the provider as a host does; answers the process, its line, and the milliseconds until the line."""
    began = time.perf_counter()
    process = subprocess.Popen([program], env={**os.environ, **COOKIE, **PROTOCOL, **extra}, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    line = process.stdout.readline().strip()
    return process, line, (time.perf_counter() - began) * 1000


def end(process):
    process.terminate()
    process.wait(timeout=5)


def handshake(program, folder):
    """Milliseconds from the start to the handshake line, the median of several runs."""
    certificate = host_certificate(folder)
    times = []
    for _ in range(RUNS):
        process, line, elapsed = start(program, {"PLUGIN_CLIENT_CERT": certificate})
        assert line.startswith("1|6|unix|"), line
        end(process)
        times.append(elapsed)
    return statistics.median(times)


def schema(program):
    """Milliseconds until the first schema answer of a fresh process, the memory it holds afterwards, the answer's size."""
    times, memory, size = [], [], 0
    for _ in range(RUNS):
        process, line, _ = start(program, {})
        with grpc.insecure_channel("unix:" + line.split("|")[3],
                                   options=[("grpc.max_receive_message_length", 64 << 20),
                                            ("grpc.default_authority", "localhost")]) as channel:
            grpc.channel_ready_future(channel).result(timeout=10)
            call = channel.unary_unary("/tfplugin6.Provider/GetProviderSchema")
            began = time.perf_counter()
            size = len(call(b""))
            times.append((time.perf_counter() - began) * 1000)
            memory.append(resident(process.pid))
        end(process)
    return statistics.median(times), statistics.median(memory), size


def resident(pid):
    """Resident memory in MiB."""
    return memory(pid, "VmRSS")


def memory(pid, kind):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{kind}:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"no {kind}")


class Peak:
    """The most memory that a provider held, of those that a host started while this was open."""

    def __init__(self, host):
        self.host, self.memory, self.ended = host, 0.0, threading.Event()
        self.watcher = threading.Thread(target=self._watch)

    def __enter__(self):
        self.watcher.start()
        return self

    def __exit__(self, *_why):
        self.ended.set()
        self.watcher.join()

    def _watch(self):
        """The kernel keeps the peak; it only has to be read before the process ends."""
        while not self.ended.wait(0.02):
            for pid in self._providers():
                try:
                    self.memory = max(self.memory, memory(pid, "VmHWM"))
                except (OSError, RuntimeError):
                    pass  # It has just ended.

    def _providers(self):
        try:
            threads = pathlib.Path(f"/proc/{self.host}/task").iterdir()
            return [pid for thread in threads for pid in (thread / "children").read_text().split()]
        except OSError:
            return []
