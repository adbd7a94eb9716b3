# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sends requests of botocore's own to the front end: a proper one, or one altered after signing.

    python3 -m rig.tamper ADDRESS PORT CA.pem KEY SECRET (body|key|target|nothing)

Prints the status and the answer's body as JSON. Run in the hub's namespace.
"""

import http.client
import json
import ssl
import sys

import botocore.auth
import botocore.awsrequest
import botocore.credentials

from .pki import STORE_NAME

REGION = "eu-central-1"


def signed_request(port, key, secret):
    """A signed GetItem: the headers and the body to send."""
    body = json.dumps({"TableName": "locks", "Key": {"label": {"S": "tampered"}}}).encode()
    request = botocore.awsrequest.AWSRequest(
        method="POST", url=f"https://{STORE_NAME}:{port}/", data=body,
        headers={"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDB_20120810.GetItem",
                 "Host": f"{STORE_NAME}:{port}"})
    credentials = botocore.credentials.Credentials(key, secret)
    botocore.auth.SigV4Auth(credentials, "dynamodb", REGION).add_auth(request)
    return dict(request.headers.items()), body


def main(address, port, authority, key, secret, what):
    headers, body = signed_request(port, key, secret)
    if what == "body":
        body = body.replace(b"tampered", b"tempered")
    elif what == "target":
        headers["X-Amz-Target"] = "DynamoDB_20120810.DeleteItem"
    elif what == "key":
        headers["Authorization"] = headers["Authorization"].replace(key, key + "X")
    context = ssl.create_default_context(cafile=authority)
    connection = http.client.HTTPSConnection(address, int(port), context=context)
    connection.request("POST", "/", body=body, headers=headers)
    answer = connection.getresponse()
    print(json.dumps([answer.status, answer.read().decode()]))


if __name__ == "__main__":
    main(*sys.argv[1:])
