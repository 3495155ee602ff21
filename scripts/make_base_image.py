"""Make the image's base from Debian's own packages, where no public base can be pulled.

    sudo .venv/bin/python scripts/make_base_image.py [--tag hpo-harness-base:bookworm] [--mirror URL]

Debian 12 with python3, its venv and certificates, from the mirror that this machine's apt uses. Needs root,
`debootstrap` and a Docker engine; about one minute. Does nothing where the image exists. Ubuntu's mirrors do not carry
Debian 12: give a Debian mirror there.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from harness.errors import EnvironmentFault, HarnessError
from harness.runtime.bases import choices
from harness.runtime.engine import Engine

SUITE = "bookworm"
PACKAGES = "python3,python3-venv,ca-certificates"
# Names under which a Debian archive stands in a sources list; "-security" and the like are other archives.
SUITES = {SUITE, "oldstable", "stable", "testing", "unstable", "sid"}
LEFT_OUT = (
    *("proc/*", "sys/*", "dev/*", "var/cache/apt/*", "var/lib/apt/lists/*", "var/log/*"),
    *("usr/share/doc/*", "usr/share/man/*", "usr/share/locale/*"),
    # Of this machine, or of this minute.
    *("etc/resolv.conf", "etc/hostname", "etc/machine-id", "etc/*-", "var/cache/ldconfig/*"),
    *("var/cache/debconf/*-old", "var/lib/dpkg/*-old"),
)
# In a mount namespace of its own: what is mounted there, and what lies in memory there, ends with it, come what may.
SCRIPT = """
set -e
root=$1 suite=$2 packages=$3 mirror=$4
shift 4
mount -t tmpfs -o mode=755 tmpfs "$root" || true
debootstrap --variant=minbase --include="$packages" "$suite" "$root" "$mirror" >&2
tar -C "$root" --one-file-system --numeric-owner --sort=name --mtime=@0 --format=gnu "$@" -c .
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    (local,) = choices("local")
    parser.add_argument("--tag", default=local.reference, help="name of the image (default: %(default)s)")
    parser.add_argument("--mirror", help="Debian mirror (default: the one that apt uses)")
    args = parser.parse_args()
    try:
        make(args.tag, args.mirror)
    except HarnessError as error:
        print(error, f"  {error.hint}" if error.hint else "", sep="\n", file=sys.stderr)
        return error.exit_code
    return 0


def make(tag: str, mirror: str | None) -> None:
    engine = Engine.connect()
    try:
        if engine.image(tag) is not None:
            print(f"{tag} exists")
            return
        check_machine()
        mirror = mirror or apt_mirror(targets())
        print(f"making {tag} from {mirror} (about a minute)", flush=True)
        with tempfile.TemporaryFile() as archive:
            bootstrap(mirror, archive.fileno())
            archive.seek(0)
            engine.import_image(archive, *tag.rsplit(":", 1))
    finally:
        engine.close()


def check_machine() -> None:
    if shutil.which("debootstrap", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") is None:
        raise EnvironmentFault("debootstrap is not installed", hint="sudo apt-get install debootstrap")
    if os.geteuid() != 0:
        raise EnvironmentFault("debootstrap needs root", hint=f"sudo {sys.executable} {Path(__file__).resolve()}")


def targets() -> list[str]:
    """What apt reads packages from: "origin|address|suite|component", one for each component."""
    line = "$(ORIGIN)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)"
    try:
        command = ["apt-get", "indextargets", "--format", line, "Created-By: Packages"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError) as error:
        raise EnvironmentFault(f"apt tells no mirror: {error}", hint="give one with --mirror URL") from error


def apt_mirror(lines: list[str]) -> str:
    """Address of the first Debian archive. The origin is unknown (empty) until `apt-get update` has run."""
    for line in lines:
        origin, address, suite, component = line.split("|")
        if component == "main" and suite in SUITES | codename() and origin in ("Debian", ""):
            for mirror in _plain(address):
                return mirror
    hint = "give one with --mirror URL, or another base with --base REFERENCE"
    raise EnvironmentFault("apt's sources name no Debian archive", hint=hint)


def codename() -> set[str]:
    lines = Path("/etc/os-release").read_text().splitlines()
    fields = dict(line.split("=", 1) for line in lines if "=" in line)
    return {fields.get("VERSION_CODENAME", "")} if fields.get("ID", "").strip('"') == "debian" else set()


def _plain(address: str) -> Iterator[str]:
    """Addresses that debootstrap understands; cloud images of Debian name a file that lists them."""
    if address.startswith("mirror+file:"):
        listed = Path(address.removeprefix("mirror+file:").replace("//", "/")).read_text().split()
        yield from (word for word in listed if word.startswith(("http:", "https:")))
    elif address.startswith(("http:", "https:", "file:")):
        yield address


def bootstrap(mirror: str, archive: int) -> None:
    """Write the tar archive of a fresh root file system to the open file `archive`."""
    with tempfile.TemporaryDirectory(prefix="hpo-harness-base-") as root, tempfile.TemporaryFile() as log:
        left_out = [f"--exclude=./{pattern}" for pattern in LEFT_OUT]
        command = ["unshare", "--mount", "sh", "-c", SCRIPT, "sh", root, SUITE, PACKAGES, mirror, *left_out]
        done = subprocess.run(command, stdout=archive, stderr=log, env=_environment())
        if done.returncode:
            log.seek(0)
            last = b"\n".join(log.read().splitlines()[-10:]).decode(errors="replace")
            raise EnvironmentFault(f"debootstrap from {mirror} failed:\n{last}", hint="another one: --mirror URL")


def _environment() -> dict[str, str]:
    """With apt's proxy, which debootstrap (wget) reads from a variable, and the folders of system commands.

    The epoch makes Python's bytecode go by hashes instead of times, and days in /etc/shadow the same every day.
    """
    environment = {**os.environ, "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin", "SOURCE_DATE_EPOCH": "0"}
    command = ["apt-config", "--format", "%v", "dump", "Acquire::http::Proxy"]
    proxy = subprocess.run(command, capture_output=True, text=True).stdout.strip()
    if proxy and "http_proxy" not in environment:
        environment["http_proxy"] = proxy
    return environment


if __name__ == "__main__":
    raise SystemExit(main())
