#!/usr/bin/env python3
"""Take the README's picture: the head of a page that --report wrote, in light and in dark.

    PYTHONPATH=tests picture.py PAGE.html OUT        writes OUT-light.webp and OUT-dark.webp

What needs a mouse or a scroll bar is left out, and sections but those named here. Needs Chromium,
as tests/page.py does.
"""

import argparse
import base64
import shutil
import sys
import tempfile
from pathlib import Path

from page import NAMES, SETTLED, Browser

WIDTH = 880
DENSITY = 2
SECTIONS = ["cores", "stacks"]

ONLY = f"""(() => {{
  document.querySelectorAll("nav, details, footer, dl, .controls, .note").forEach(e => e.remove());
  document.querySelectorAll("section").forEach(e => {{ if (!{SECTIONS}.includes(e.id)) e.remove(); }});
  document.querySelectorAll("h2").forEach(e => {{ e.style.margin = "0.75rem 0 0.25rem"; }});
  return Math.ceil(document.body.getBoundingClientRect().bottom);
}})()"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("page", type=Path)
    parser.add_argument("output")
    options = parser.parse_args()
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        sys.exit("picture.py: no Chromium here; install chromium-headless-shell")
    with tempfile.TemporaryDirectory() as folder:
        browser = Browser(program, folder)
        try:
            for dark in (False, True):
                page = options.page.resolve()
                wrong, _ = browser.open(page, dark, (WIDTH, 2000), DENSITY)
                if wrong:
                    sys.exit(f"picture.py: {page}: {wrong}")
                browser.call("Emulation.setDeviceMetricsOverride", width=WIDTH,
                             height=browser.run(ONLY), deviceScaleFactor=DENSITY, mobile=False)
                browser.run(SETTLED)
                shot = browser.call("Page.captureScreenshot", format="webp", quality=80)
                path = Path(f"{options.output}-{'dark' if dark else 'light'}.webp")
                temporary = path.with_suffix(".tmp")
                temporary.write_bytes(base64.b64decode(shot["data"]))
                temporary.rename(path)
        finally:
            browser.close()


if __name__ == "__main__":
    main()
