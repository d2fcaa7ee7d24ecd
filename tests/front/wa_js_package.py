"""wa-js as npm packs it, made of the installed one, and a stand-in npm that serves it."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import sys
import tarfile
from pathlib import Path

from session_worker.engine.versions.bundles import packaged_bundle

_NPM = """#!{python}
import json, shutil, sys
told = json.loads(open({told!r}).read())
if sys.argv[1] == "view":
    wanted = sys.argv[2].rpartition("@")[2]
    if wanted not in (told["version"], "latest"):
        print(json.dumps({{"error": {{"code": "E404", "summary": f"No match found for version {{wanted}}"}}}}))
        sys.exit(1)
    print(json.dumps({{"version": told["version"], "dist.integrity": told["integrity"]}}))
else:
    shutil.copy(told["packed"], sys.argv[sys.argv.index("--pack-destination") + 1])
    print("[]")
"""


def pack(folder: Path, version: str, *, before: str = "", name: str = "@wppconnect/wa-js") -> Path:
    """A packed file. before: a script that stands before the bundle's own."""
    folder.mkdir(parents=True, exist_ok=True)
    packed = folder / f"wa-js-{version}.tgz"
    contents = {
        "package/package.json": json.dumps({"name": name, "version": version}).encode(),
        "package/dist/wppconnect-wa.js": before.encode() + packaged_bundle(None).read_bytes(),
    }
    with tarfile.open(packed, "w:gz") as archive:
        for path, content in contents.items():
            info = tarfile.TarInfo(path)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return packed


def integrity(packed: Path) -> str:
    return f"sha512-{base64.b64encode(hashlib.sha512(packed.read_bytes()).digest()).decode()}"


def stand_in_npm(folder: Path, version: str, packed: Path, *, says: str = "") -> Path:
    """A folder for PATH whose npm knows one version. says: its word on the integrity, where it is not the truth."""
    folder.mkdir(parents=True, exist_ok=True)
    told = folder / "told.json"
    told.write_text(json.dumps({"version": version, "packed": str(packed), "integrity": says or integrity(packed)}))
    npm = folder / "npm"
    npm.write_text(_NPM.format(python=sys.executable, told=str(told)), "utf-8")
    npm.chmod(0o700)
    return folder
