"""Measures the provider's process and one apply of 20 certificates, and writes a table.

Runs inside the sandbox: bench/run starts it. Each figure is the median of several runs.
"""

import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time

import grpc

COOKIE = {"TF_PLUGIN_MAGIC_COOKIE": "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"}
PROTOCOL = {"PLUGIN_PROTOCOL_VERSIONS": "5,6", "PLUGIN_MIN_PORT": "10000", "PLUGIN_MAX_PORT": "25000"}
RUNS = 15
CERTIFICATES = 20


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
    certificate = host_certificate(folder)
    times = []
    for _ in range(RUNS):
        process, line, elapsed = start(program, {"PLUGIN_CLIENT_CERT": certificate})
        assert line.startswith("1|6|unix|"), line
        end(process)
        times.append(elapsed)
    return statistics.median(times)


def schema(program):
    """The first schema answer of a fresh process, and the memory it holds afterwards."""
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
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no VmRSS")


def configuration():
    return f'''
terraform {{
  required_providers {{
    berth = {{ source = "berth/berth" }}
  }}
}}
provider "berth" {{
  acme = {{ directory_url = "{os.environ["SANDBOX_ACME_DIRECTORY"]}", ca_file = "{os.environ["SANDBOX_ACME_CA_FILE"]}" }}
}}
resource "berth_acme_account" "bench" {{
  contacts                = ["mailto:bench@example.com"]
  terms_of_service_agreed = true
  account_key = {{
    generate          = true
    kubernetes_secret = {{ namespace = "default", name = "bench-account" }}
  }}
}}
resource "berth_acme_certificate" "bench" {{
  count             = {CERTIFICATES}
  account_key       = {{ kubernetes_secret = berth_acme_account.bench.account_key.kubernetes_secret }}
  dns_names         = ["bench${{count.index}}.{os.environ["SANDBOX_ZONE_NAME"]}", "*.bench${{count.index}}.{os.environ["SANDBOX_ZONE_NAME"]}"]
  dns01             = {{ zone_id = "{os.environ["SANDBOX_ZONE_ID"]}" }}
  kubernetes_secret = {{ namespace = "default", name = "bench-${{count.index}}" }}
}}
'''


def route53_calls():
    log = pathlib.Path(os.environ["SANDBOX_REQUEST_LOG"])
    return sum(1 for line in log.read_text().splitlines() if " route53 " in line) if log.exists() else 0


def certificates(program, folder):
    """Seconds and Route53 calls for the apply. `-parallelism` lets all certificates be ordered at once."""
    pathlib.Path(folder, "main.tf").write_text(configuration())
    rc = pathlib.Path(folder, "cli.rc")
    rc.write_text('provider_installation {\n  dev_overrides {\n    "registry.terraform.io/berth/berth" = '
                  f'"{pathlib.Path(program).resolve().parent}"\n  }}\n  direct {{}}\n}}\n')
    environment = {**os.environ, "TF_CLI_CONFIG_FILE": str(rc), "CHECKPOINT_DISABLE": "1"}
    terraform = ["terraform", f"-chdir={folder}"]
    before, began = route53_calls(), time.perf_counter()
    subprocess.run([*terraform, "apply", "-auto-approve", "-input=false", "-parallelism=30"], check=True, env=environment,
                   stdout=subprocess.DEVNULL)
    elapsed, calls = time.perf_counter() - began, route53_calls() - before
    subprocess.run([*terraform, "destroy", "-auto-approve", "-input=false"], check=True, env=environment,
                   stdout=subprocess.DEVNULL)
    return elapsed, calls


def row(what, found, budget, unit):
    verdict = "yes" if found <= budget else "**no**"
    return f"| {what} | {found:.1f} {unit} | ≤ {budget} {unit} | {verdict} |"


def main(program, results):
    with tempfile.TemporaryDirectory() as folder:
        line = handshake(program, folder)
        answer, memory, size = schema(program)
        seconds, calls = certificates(program, folder)
    rows = [
        row("process start to handshake line, mutual TLS", line, 10, "ms"),
        row(f"first schema answer ({size // 1024} KiB)", answer, 5, "ms"),
        row("resident memory after the schema answer, idle", memory, 15, "MiB"),
        row("release binary, stripped", os.path.getsize(program) / (1 << 20), 25, "MiB"),
        row(f"{CERTIFICATES} certificates, each a name and its wildcard: time of the apply", seconds, 10, "s"),
        row(f"{CERTIFICATES} certificates: Route53 calls of the apply", calls, 16, "calls"),
    ]
    text = "\n".join([
        "# Measured", "",
        f"By `make bench` on {os.cpu_count()} cores, {platform.system()} {platform.release()}; medians of {RUNS} runs for the "
        "process, one run for the certificates (the sandbox's pebble, CoreDNS and moto; `-parallelism=30`).", "",
        "| what | measured | budget | within |", "|---|---|---|---|", *rows, ""])
    pathlib.Path(results).write_text(text)
    print(text)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
