# Writes a page as C strings, cut where documents are put in; hashes let its own script and style in.
# SPDX-License-Identifier: BSD-3-Clause
"""make.py OUT.h NAME.html STYLE.css... SCRIPT.js...: strings NAME_before, _between, _after; of a page without documents
NAME_whole"""

import base64
import hashlib
import os
import re
import sys


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def digest(text):
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def c_string(text):
    """One literal per line of text; nothing in it is a trigraph or an escape that runs on."""
    return "\n\t".join('"' + "".join(f"\\{byte:03o}" if byte < 32 or byte > 126 or chr(byte) in '"\\?' else chr(byte)
                                     for byte in line.encode()) + '"' for line in text.splitlines(True))


def main():
    out, html, *sources = sys.argv[1:]
    style, script = ("".join(read(s) for s in sources if s.endswith(end)) for end in (".css", ".js"))
    if re.search("</|<!--", style + script):
        sys.exit("style and script must not have '</' or '<!--': that could end their element")
    page = read(html)
    for name, value in {"SCRIPT_HASH": digest(script), "STYLE_HASH": digest(style), "STYLE": style,
                        "SCRIPT": script}.items():
        page = page.replace(f"@{name}@", value)
    parts = re.split("@VIEWS@|@DOCUMENT@", page)
    names = ("whole",) if len(parts) == 1 else ("before", "between", "after")
    prefix = os.path.basename(html).removesuffix(".html")
    with open(out, "w", encoding="ascii") as file:
        file.write("/* Made by src/report/page/make.py. */\n")
        for name, part in zip(names, parts, strict=True):
            file.write(f"static const char {prefix}_{name}[] =\n\t{c_string(part)};\n")


main()
