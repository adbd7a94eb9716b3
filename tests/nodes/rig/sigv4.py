# SPDX-License-Identifier: LGPL-2.1-or-later
"""Verifies AWS signatures (SigV4) with botocore's signer: an implementation that isn't ours.

What arrives is signed again from the received request and the known secret; only the same
signature passes. Answers are AWS's own, so that the product sees what AWS would have said.
"""

import datetime
import hashlib
import hmac
import re

import botocore.auth
import botocore.awsrequest
import botocore.credentials

SERVICE = "dynamodb"
# AWS takes signatures from 15 minutes ahead of its clock to 5 minutes behind.
BEHIND_S, AHEAD_S = 5 * 60, 15 * 60
TYPE_PREFIX = "com.amazon.coral.service#"

AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, ?"
    r"SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$")


class Refused(Exception):
    """A request whose signature does not hold; `code` is AWS's name for it."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = TYPE_PREFIX + code


def verify(request, keys, now):
    """Refuse a request that is not properly signed.

    `request` has method, path, headers (a mapping by lower-case name) and body; `keys` maps an
    access key to {"secret", "token"}; `now` is the server's clock in seconds.
    """
    match = AUTHORIZATION.match(request.headers.get("authorization", ""))
    if not match:
        raise Refused("MissingAuthenticationTokenException", "Missing Authentication Token")
    key, day, region, service, signed, signature = match.groups()
    known = keys.get(key)
    if known is None or request.headers.get("x-amz-security-token") != known.get("token"):
        raise Refused("UnrecognizedClientException",
                      "The security token included in the request is invalid.")
    if service != SERVICE:
        raise Refused("InvalidSignatureException", f"Credential should be scoped to {SERVICE}")
    names = signed.split(";")
    _check_coverage(request, names)
    _check_date(request.headers.get("x-amz-date", ""), day, now)
    if not hmac.compare_digest(_sign(request, names, key, known, region), signature):
        raise Refused("InvalidSignatureException",
                      "The request signature we calculated does not match the signature you provided. "
                      "Check your AWS Secret Access Key and signing method. "
                      "Consult the service documentation for details.")


def _check_coverage(request, names):
    """Host and all of x-amz-* have to be signed, and a body hash in a header has to be true."""
    needed = {"host", "x-amz-date"} | {name for name in request.headers if name.startswith("x-amz-")}
    if names != sorted(names) or not needed <= set(names) or not set(names) <= set(request.headers):
        raise Refused("InvalidSignatureException", "Signed headers are missing, unsorted or unknown")
    stated = request.headers.get("x-amz-content-sha256")
    if stated is not None and stated != hashlib.sha256(request.body).hexdigest():
        raise Refused("InvalidSignatureException", "x-amz-content-sha256 is not that of the body")


def _check_date(stamp, day, now):
    try:
        when = datetime.datetime.strptime(stamp, "%Y%m%dT%H%M%SZ")
    except ValueError:
        raise Refused("IncompleteSignatureException", f"Date must be in ISO-8601: {stamp!r}") from None
    if not stamp.startswith(day):
        raise Refused("InvalidSignatureException", "Date in Credential scope does not match x-amz-date")
    age_s = now - when.replace(tzinfo=datetime.timezone.utc).timestamp()
    clock = datetime.datetime.fromtimestamp(now, datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    if age_s > BEHIND_S:
        raise Refused("InvalidSignatureException",
                      f"Signature expired: {stamp} is now earlier than {clock} - 5 min.")
    if age_s < -AHEAD_S:
        raise Refused("InvalidSignatureException",
                      f"Signature not yet current: {stamp} is still later than {clock} + 15 min.")


def _sign(request, names, key, known, region):
    """The signature that the request should carry."""
    again = botocore.awsrequest.AWSRequest(
        method=request.method, url=f"https://{request.headers['host']}{request.path}", data=request.body,
        headers={name: request.headers[name] for name in names if name != "x-amz-security-token"})
    if known.get("token"):
        again.headers["X-Amz-Security-Token"] = known["token"]
    again.context["timestamp"] = request.headers["x-amz-date"]
    credentials = botocore.credentials.Credentials(key, known["secret"], known.get("token"))
    signer = botocore.auth.SigV4Auth(credentials, SERVICE, region)
    return signer.signature(signer.string_to_sign(again, signer.canonical_request(again)), again)
