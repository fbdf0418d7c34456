"""Makes a one-layer image as a docker-archive from static programs; the same input gives the same bytes.

Usage: archive.py busybox|pause|registry|program REFERENCE OUTPUT BUSYBOX [PROGRAM]
"""

import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile

ROOT_PASSWD = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"
ROOT_GROUP = "root:x:0:\nnobody:x:65534:\n"
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# As the official image has it: storage in a folder, answers on port 5000.
REGISTRY_CONFIG = """\
version: 0.1
log:
  fields:
    service: registry
storage:
  cache:
    blobdescriptor: inmemory
  filesystem:
    rootdirectory: /var/lib/registry
http:
  addr: :5000
  headers:
    X-Content-Type-Options: [nosniff]
health:
  storagedriver:
    enabled: true
    interval: 10s
    threshold: 3
"""


class Layer:
    """A tar file under construction; times and owners are zero so that it is reproducible."""

    def __init__(self):
        self.buffer = io.BytesIO()
        self.tar = tarfile.open(fileobj=self.buffer, mode="w", format=tarfile.GNU_FORMAT)
        for folder, mode in (("bin", 0o755), ("etc", 0o755), ("root", 0o700), ("tmp", 0o1777), ("var", 0o755), ("var/lib", 0o755)):
            self.folder(folder, mode)

    def folder(self, path, mode=0o755):
        entry = tarfile.TarInfo(path)
        entry.type, entry.mode = tarfile.DIRTYPE, mode
        self.tar.addfile(entry)

    def file(self, path, content, mode=0o644):
        entry = tarfile.TarInfo(path)
        entry.size, entry.mode = len(content), mode
        self.tar.addfile(entry, io.BytesIO(content))

    def link(self, path, target):
        entry = tarfile.TarInfo(path)
        entry.type, entry.linkname = tarfile.SYMTYPE, target
        self.tar.addfile(entry)

    def program(self, path, source):
        with open(source, "rb") as file:
            self.file(path, file.read(), 0o755)

    def busybox(self, source):
        self.program("bin/busybox", source)
        for applet in subprocess.check_output([source, "--list"], text=True).split():
            if applet != "busybox":
                self.link(f"bin/{applet}", "busybox")
        self.file("etc/passwd", ROOT_PASSWD.encode())
        self.file("etc/group", ROOT_GROUP.encode())

    def bytes(self):
        self.tar.close()
        return self.buffer.getvalue()


def busybox_image(layer, busybox):
    layer.busybox(busybox)
    return {"Cmd": ["sh"], "Env": [PATH]}


def pause_image(layer, busybox):
    layer.busybox(busybox)
    return {"Entrypoint": ["/bin/sleep", "2147483647"], "Env": [PATH]}


def registry_image(layer, busybox, registry):
    layer.busybox(busybox)
    layer.program("bin/registry", registry)
    layer.folder("etc/distribution")
    layer.file("etc/distribution/config.yml", REGISTRY_CONFIG.encode())
    layer.folder("var/lib/registry")
    return {
        "Entrypoint": ["registry"],
        "Cmd": ["serve", "/etc/distribution/config.yml"],
        # Without this the registry tries to export traces to a collector for ever.
        "Env": [PATH, "OTEL_TRACES_EXPORTER=none"],
        "ExposedPorts": {"5000/tcp": {}},
        "Volumes": {"/var/lib/registry": {}},
    }


def program_image(layer, busybox, program):
    """One program as the entry point, by a user whom the restricted Pod security standard accepts."""
    layer.busybox(busybox)
    path = f"bin/{os.path.basename(program)}"
    layer.program(path, program)
    return {"Entrypoint": [f"/{path}"], "Env": [PATH], "User": "1000"}


IMAGES = {"busybox": busybox_image, "pause": pause_image, "registry": registry_image, "program": program_image}


def write_archive(path, reference, layer, settings):
    digest = hashlib.sha256(layer).hexdigest()
    config = {
        "architecture": {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine],
        "os": "linux",
        "created": "1970-01-01T00:00:00Z",
        "config": settings,
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
        "history": [{"created": "1970-01-01T00:00:00Z", "created_by": "sandbox"}],
    }
    text = json.dumps(config, sort_keys=True).encode()
    name = f"{hashlib.sha256(text).hexdigest()}.json"
    manifest = [{"Config": name, "RepoTags": [reference], "Layers": ["layer.tar"]}]
    with tarfile.open(path + ".new", "w", format=tarfile.GNU_FORMAT) as archive:
        for member, content in (("layer.tar", layer), (name, text), ("manifest.json", json.dumps(manifest).encode())):
            entry = tarfile.TarInfo(member)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    os.replace(path + ".new", path)


def main():
    kind, reference, output, *programs = sys.argv[1:]
    layer = Layer()
    settings = IMAGES[kind](layer, *programs)
    write_archive(output, reference, layer.bytes(), settings)


if __name__ == "__main__":
    main()
