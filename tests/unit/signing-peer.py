#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""1,000 random requests of DynamoDB's shape, signed by ours (sign-lines) and by botocore's signer: no difference."""

import datetime
import json
import random
import subprocess
import sys

try:
    import botocore.auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
except ImportError:
    print("skipped: botocore is missing (Debian: python3-botocore)")
    sys.exit(77)

REQUESTS = 1000
OPERATIONS = ["GetItem", "UpdateItem", "DescribeTable", "DescribeTimeToLive", "DescribeGlobalTable", "CreateTable",
              "UpdateTable", "PutItem", "DeleteItem"]
PRINTABLE = "".join(chr(c) for c in range(0x21, 0x7F))
TEXT = PRINTABLE + " äß漢字🔒"


def word(rng, alphabet, low, high):
    return "".join(rng.choice(alphabet) for _ in range(rng.randint(low, high)))


def any_host(rng, region):
    port = rng.randint(1, 65535)
    return rng.choice([
        f"dynamodb.{region}.amazonaws.com", f"dynamodb-fips.{region}.amazonaws.com", f"dynamodb.{region}.api.aws",
        f"dynamodb-fips.{region}.api.aws", f"dynamodb.{region}.amazonaws.com.cn", f"vpce-1a.dynamodb.{region}.vpce.amazonaws.com",
        f"store.example:{port}", f"127.0.0.1:{port}", "127.0.0.1", "[::1]", f"[::1]:{port}", f"[2001:db8::1:0]:{port}",
    ])


def json_body(rng):
    """As the table is asked: keys, conditions, what is only known to be text."""
    return json.dumps({"TableName": word(rng, "abc-._1", 3, 40), "Key": {"label": {"S": word(rng, TEXT, 1, 255)}},
                       "ConditionExpression": "attribute_not_exists(version) OR version IN (:v0, :v1)",
                       "ExpressionAttributeValues": {f":v{i}": {"S": word(rng, TEXT, 1, 64)} for i in range(rng.randint(0, 9))},
                       "ConsistentRead": rng.random() < 0.5}, ensure_ascii=rng.random() < 0.5)


def request(rng, operation):
    region = rng.choice(["eu-central-1", "us-gov-west-1", "cn-north-1", "us-isob-east-1", "eusc-de-east-1",
                         word(rng, "abc-123", 1, 63)])
    host = any_host(rng, region)
    return {
        "time": rng.randint(0, 4102444799),
        "region": region,
        "key": word(rng, PRINTABLE, 1, 40),
        "secret": word(rng, PRINTABLE, 1, 100),
        "host": host,
        "token": word(rng, PRINTABLE, 1, 1500) if rng.random() < 0.5 else "",
        "target": f"DynamoDB_20120810.{operation}",
        "body": json_body(rng) if rng.random() < 0.7 else word(rng, TEXT, 0, 2000),
    }


def sign_with_botocore(r):
    moment = datetime.datetime.fromtimestamp(r["time"], datetime.timezone.utc)

    class Clock(datetime.datetime):
        @classmethod
        def utcnow(cls):
            return moment

    botocore.auth.datetime = type("module", (), {"datetime": Clock}) if hasattr(
        botocore.auth.datetime, "datetime") else Clock
    plain = r["host"].startswith(("127.", "["))
    aws_request = AWSRequest("POST", f"{'http' if plain else 'https'}://{r['host']}/", data=r["body"].encode(),
                             headers={"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": r["target"],
                                      "Host": r["host"]})
    credentials = Credentials(r["key"], r["secret"], r["token"] or None)
    botocore.auth.SigV4Auth(credentials, "dynamodb", r["region"]).add_auth(aws_request)
    return aws_request.headers["Authorization"]


def main():
    seed = random.SystemRandom().getrandbits(64) if len(sys.argv) < 3 else int(sys.argv[2])
    rng = random.Random(seed)
    requests = [request(rng, OPERATIONS[i % len(OPERATIONS)]) for i in range(REQUESTS)]
    lines = "".join("\t".join(str(v) for v in r.values()) + "\n" for r in requests)
    ours = subprocess.run([sys.argv[1]], input=lines.encode(), stdout=subprocess.PIPE, check=True)
    signatures = ours.stdout.decode().splitlines()
    if len(signatures) != REQUESTS:
        sys.exit(f"{len(signatures)} signatures for {REQUESTS} requests (seed {seed})")
    for r, signature in zip(requests, signatures):
        expected = sign_with_botocore(r)
        if signature != expected:
            sys.exit(f"seed {seed}: for {r}\nours:     {signature}\nbotocore: {expected}")
    print(f"{REQUESTS} signatures agree with botocore's (seed {seed})")


main()
