#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Holds the message ids of the sources against those of the journal's catalog: every id is explained, once, and what
is explained exists. What a text takes from its entry is a field that the entry has. journalctl, where there is one, has
to accept the file as well. The pages of the programs list all ids.

test-catalog.py CATALOG SOURCES PAGE...
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

# In the sources an id is a string of its own; log.h and guard-internal.h are the places, but others would be found, too.
SOURCE_ID = re.compile(r'^#define (MESSAGE_\w+)\s+"([0-9a-f]{32})"', re.M)
ANY_ID = re.compile(r'"[0-9a-f]{32}"')
LISTED = re.compile(r"^([0-9a-f]{32})  \S", re.M)  # in the manual
ENTRY = re.compile(r"^-- ([0-9a-f]{32})$", re.M)
# What an entry has for certain: the holder, the fence and the reason are left out where they are not known.
FIELDS = {"CLOUDLOCK_INSTANCE"}
MORE_FIELDS = {"MESSAGE_STATE": {"CLOUDLOCK_STATE"}, "MESSAGE_GUARD": {"CLOUDLOCK_PHASE"}}
# What a paragraph that is an instruction has in it.
ADVICE = ("Look", "look", "Find out", "Set the", "set ", "Give each", "Edit", "run ", "Remove", "Correct")


def ids_of_sources(folder):
    found = {}
    for path in sorted(folder.rglob("*.[ch]")):
        text = path.read_text()
        defined = SOURCE_ID.findall(text)
        assert len(defined) == len(ANY_ID.findall(text)), f"{path}: an id without a #define MESSAGE_…"
        for name, value in defined:
            assert value not in found, f"{path}: {name} has the id of {found[value]}"
            found[value] = name
    return found


def entries(text):
    parts = ENTRY.split(text)
    return list(zip(parts[1::2], parts[2::2]))


def check_entry(name, entry):
    header, _, body = entry.strip().partition("\n\n")
    fields = dict(line.split(": ", 1) for line in header.splitlines())
    assert len(fields.get("Subject", "")) > 10, f"{name}: no Subject"
    assert fields.get("Defined-By") == "cloudlock", f"{name}: not Defined-By cloudlock"
    assert "man:" in fields.get("Documentation", ""), f"{name}: names no man page"
    assert "Nothing has to be done" in body or any(word in body for word in ADVICE), f"{name}: what is to be done?"
    known = FIELDS | MORE_FIELDS.get(name, set())
    for field in re.findall(r"@([A-Z_]+)@", entry):
        assert field in known, f"{name}: the entries have no field {field}"
    assert all(len(line) <= 90 for line in body.splitlines()), f"{name}: lines that are too long for a terminal"


def check_journalctl(catalog, found):
    """Compiles it as an installation would, into an empty root, and reads it back."""
    if not shutil.which("journalctl"):
        print("journalctl is not here, so the catalog is not compiled")
        return
    with tempfile.TemporaryDirectory() as root:
        place = pathlib.Path(root, "usr/lib/systemd/catalog")
        place.mkdir(parents=True)
        pathlib.Path(root, "var/lib/systemd/catalog").mkdir(parents=True)
        shutil.copy(catalog, place)
        for command in (["--update-catalog"], ["--list-catalog"]):
            done = subprocess.run(["journalctl", "--root", root, *command], text=True, capture_output=True, check=True)
            assert not done.stderr.strip(), done.stderr
        listed = {line.split()[0] for line in done.stdout.splitlines()}
        assert listed == set(found), f"journalctl lists {sorted(listed)}"


def main(catalog, sources, *pages):
    found = ids_of_sources(pathlib.Path(sources))
    explained = entries(pathlib.Path(catalog).read_text())
    assert len(found) >= 18, f"only {len(found)} ids found in {sources}"
    assert len(explained) == len(dict(explained)), "an id is explained twice"
    missing = [name for value, name in found.items() if value not in dict(explained)]
    assert not missing, f"not in the catalog: {missing}"
    stray = [value for value, _ in explained if value not in found]
    assert not stray, f"in no source: {stray}"
    for value, entry in explained:
        check_entry(found[value], entry)
    listed = [value for page in pages for value in LISTED.findall(pathlib.Path(page).read_text())]
    assert sorted(listed) == sorted(found), f"not in {pages}, or too often: {set(found) ^ set(listed)}"
    check_journalctl(catalog, found)


main(*sys.argv[1:])
