"""Certificates made for one test, by an authority that nobody else trusts."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Certificate:
    """A certificate and its key, as PEM files."""

    file: Path
    key: Path


class CertificateMaker:
    """An authority of its own; `ca` is what who trusts it needs."""

    def __init__(self, folder: Path) -> None:
        if shutil.which("openssl") is None:
            pytest.skip("no openssl to make certificates with")
        folder.mkdir()
        self._folder = folder
        self._own = self._make("ca", "basicConstraints=critical,CA:TRUE")
        self.ca = self._own.file

    def make(self, name: str, place: str) -> Certificate:
        """Make a certificate for a place, e.g. `IP:127.0.0.1`."""
        issuer = ["-CA", str(self._own.file), "-CAkey", str(self._own.key)]
        return self._make(name, f"subjectAltName={place}", *issuer)

    def _make(self, name: str, extension: str, *issuer: str) -> Certificate:
        made = Certificate(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        what = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
        files = ["-out", str(made.file), "-keyout", str(made.key)]
        names = ["-subj", f"/CN={name}", "-addext", extension]
        subprocess.run(["openssl", "req", *what, *issuer, *names, *files], check=True, capture_output=True)
        return made
