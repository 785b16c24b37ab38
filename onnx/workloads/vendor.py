"""Find the C libraries that crates carry, through an ordinary `cargo fetch`."""

import json
import subprocess
from pathlib import Path


def locate(libraries, folder):
    """Returns {crate: folder of its sources}, fetching what is not cached yet."""
    crates = {lib["crate"]: lib["version"] for lib in libraries.values()}
    lines = [
        "[package]",
        'name = "workload-sources"',
        'version = "0.0.0"',
        'edition = "2021"',
        "[lib]",
        'path = "lib.rs"',
        "[workspace]",
        "[dependencies]",
    ]
    for crate, version in sorted(crates.items()):
        lines.append(f'{crate} = {{ version = "={version}", default-features = false }}')
    text = "\n".join(lines) + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    manifest, cache = folder / "Cargo.toml", folder / "folders.json"
    if cache.exists() and manifest.exists() and manifest.read_text() == text:
        found = json.loads(cache.read_text())
        if all(Path(path).is_dir() for path in found.values()):
            return {crate: Path(path) for crate, path in found.items()}
    manifest.write_text(text)
    (folder / "lib.rs").write_text("")
    subprocess.run(["cargo", "fetch", "--quiet", "--manifest-path", manifest], check=True)
    done = subprocess.run(
        ["cargo", "metadata", "--format-version", "1", "--manifest-path", manifest],
        check=True,
        capture_output=True,
        text=True,
    )
    found = {
        p["name"]: str(Path(p["manifest_path"]).parent)
        for p in json.loads(done.stdout)["packages"]
        if p["name"] in crates
    }
    cache.write_text(json.dumps(found))
    return {crate: Path(path) for crate, path in found.items()}
