# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes C that holds text files: embed.py OUTPUT HEADER NAME=FILE..."""
import sys


def literal(line):
    return '"' + line.replace("\\", "\\\\").replace('"', '\\"').replace("?", "\\?").replace("\n", "\\n") + '"'


output, header, *texts = sys.argv[1:]
# Arguments in another order would write over one of the texts.
if not output.endswith(".c") or not header.endswith(".h") or not all("=" in text for text in texts):
    sys.exit(__doc__)
with open(output, "w", encoding="utf-8") as c:
    c.write(f'/* Made by embed.py. */\n#include "{header}"\n')
    for text in texts:
        name, _, path = text.partition("=")
        with open(path, encoding="utf-8") as file:
            lines = "\n".join("        " + literal(line) for line in file)
        c.write(f"\nconst char {name}[] =\n{lines};\n")
