"""Generated C programs with very large code: see the functions below."""


def write(kind, name, folder):
    """Write the source of one generated program; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.c"
    text = globals()[kind](name)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)
    return path
