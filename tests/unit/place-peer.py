#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""DynamoDB's endpoint of every region that botocore knows, and of invented ones, with FIPS, dual stack and an endpoint of
one's own: ours (place-lines) and what botocore makes of DynamoDB's rule set are the same. Usage: place-peer.py PLACE-LINES"""

import itertools
import subprocess
import sys

try:
    import botocore
    import botocore.session
    from botocore.endpoint_provider import EndpointProvider
    from botocore.exceptions import EndpointProviderError
except ImportError:
    print("skipped: botocore is missing (Debian: python3-botocore)")
    sys.exit(77)

# What the SDKs of 2026 know and Debian 12's of 2022 does not: newer partitions, and that all of them have dual stack.
NEWER = {
    "aws-iso": (r"^us\-iso\-\w+\-\d+$", "c2s.ic.gov", "api.aws.ic.gov"),
    "aws-iso-b": (r"^us\-isob\-\w+\-\d+$", "sc2s.sgov.gov", "api.aws.scloud"),
    "aws-iso-e": (r"^eu\-isoe\-\w+\-\d+$", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
    "aws-iso-f": (r"^us\-isof\-\w+\-\d+$", "csp.hci.ic.gov", "api.aws.hci.ic.gov"),
    "aws-eusc": (r"^eusc\-(de)\-\w+\-\d+$", "amazonaws.eu", "api.amazonwebservices.eu"),
}
INVENTED = [
    "mars-north-1", "eu-central-3", "il-central-1", "mx-central-1", "cn-south-17", "us-gov-north-2", "us-iso-north-1",
    "us-isob-west-1", "eu-isoe-west-1", "us-isof-south-1", "eusc-de-east-1", "eusc-fr-east-1", "us-gov-west", "cn-north-1a",
    "cn-1", "us-isoc-east-1", "eu-isoe-a-b-1", "x", "123", "aws", "aws-eusc-global-1", "us-gov", "cn-cn-1", "cn--1",
]
ENDPOINTS = ["", "https://store.example:8443", "http://[::1]:8000", "https://vpce-1a.dynamodb.us-east-1.vpce.amazonaws.com"]
FLAGS = [False, True]
# Not asked: "local", and the old names of FIPS endpoints, which ours refuses on purpose.


def partitions(loader):
    data = loader.load_data("partitions")
    known = {partition["id"]: partition for partition in data["partitions"]}
    for name, (regex, suffix, dual_stack_suffix) in NEWER.items():
        partition = known.get(name)
        if partition is None:
            partition = {"id": name, "regions": {}, "outputs": {}}
            data["partitions"].append(partition)
        partition["regionRegex"] = regex
        partition["outputs"].update(name=name, dnsSuffix=suffix, dualStackDnsSuffix=dual_stack_suffix, supportsFIPS=True,
                                    supportsDualStack=True)
    return data


def ask_botocore(provider, region, fips, dual_stack, endpoint):
    try:
        return provider.resolve_endpoint(Region=region, UseFIPS=fips, UseDualStack=dual_stack,
                                         **({"Endpoint": endpoint} if endpoint else {})).url
    except EndpointProviderError as refusal:
        return f"refused: {refusal}"


def main():
    loader = botocore.session.get_session().get_component("data_loader")
    data = partitions(loader)
    provider = EndpointProvider(loader.load_service_model("dynamodb", "endpoint-rule-set-1"), data)
    regions = sorted({region for partition in data["partitions"] for region in partition["regions"]} | set(INVENTED))
    questions = list(itertools.product(regions, FLAGS, FLAGS, ENDPOINTS))
    lines = "".join("\t".join((region, str(fips).lower(), str(dual).lower(), endpoint)) + "\n"
                    for region, fips, dual, endpoint in questions)
    answers = subprocess.run([sys.argv[1]], input=lines, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    if len(answers) != len(questions) or len(regions) < len(INVENTED) + 30:
        sys.exit(f"{len(answers)} answers to {len(questions)} questions about {len(regions)} regions")
    refusals = 0
    for question, ours in zip(questions, answers):
        theirs = ask_botocore(provider, *question)
        refused = theirs.startswith("refused")
        refusals += refused
        if ours.startswith("refused") != refused or (not refused and ours != theirs):
            sys.exit(f"for {question}\nours:     {ours}\nbotocore: {theirs}")
    print(f"{len(questions)} answers about {len(regions)} regions agree with botocore {botocore.__version__} "
          f"({refusals} of them refusals)")


main()
