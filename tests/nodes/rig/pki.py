# SPDX-License-Identifier: LGPL-2.1-or-later
"""A certificate authority of the rig's own, and the front end's certificate from it."""

from .network import HUB_ADDRESS
from .system import run, write

STORE_NAME = "store.cloudlock.test"

# Valid since long ago: hosts whose wall clock the tests set back must still accept it.
STARTS = "20200101000000Z"
ENDS = "20991231235959Z"

CONFIG = f"""
[ca]
default_ca = rig
[rig]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:{STORE_NAME},IP:{HUB_ADDRESS}
"""


def make(folder):
    """Write ca.pem, store.pem and store.key into a folder."""
    write(f"{folder}/pki.cnf", CONFIG)
    write(f"{folder}/index.txt", "")
    for name, subject in (("ca", "cloudlock test rig"), ("store", STORE_NAME)):
        _openssl(folder, "req", "-new", "-nodes", "-newkey", "ec", "-pkeyopt",
                 "ec_paramgen_curve:P-256", "-subj", f"/CN={subject}",
                 "-keyout", f"{name}.key", "-out", f"{name}.csr")
    _sign(folder, "ca", "root", "-selfsign", "-keyfile", "ca.key")
    _sign(folder, "store", "server", "-cert", "ca.pem", "-keyfile", "ca.key")


def _sign(folder, name, extensions, *how):
    _openssl(folder, "ca", "-batch", "-notext", "-config", "pki.cnf", "-extensions", extensions,
             "-startdate", STARTS, "-enddate", ENDS, "-in", f"{name}.csr", "-out", f"{name}.pem", *how)


def _openssl(folder, *words):
    run("openssl", *words, cwd=folder)
