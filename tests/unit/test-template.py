#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The CloudFormation template against the product: its table is the one that "cloudlockctl init" makes, its policy the one
that "cloudlockctl check --policy" prints. Usage: test-template.py TEMPLATE PRINTER; the printer prints both as JSON."""

import json
import subprocess
import sys
import unittest

try:
    import yaml
except ImportError:
    print("skipped: python3-yaml is missing (tests/install)")
    sys.exit(77)

PARAMETERS = {"TableName": "locks", "Label": "validator", "AWS::Partition": "aws-cn", "AWS::Region": "cn-north-1",
              "AWS::AccountId": "123456789012", "Table.Arn": "arn", "Policy": "arn"}


class Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short functions, carried out; no key twice."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key) for key, _ in node.value]
        if len(keys) != len(set(keys)):
            raise ValueError(f"a key twice among {keys}")
        return super().construct_mapping(node, deep)


def substitute(loader, node):
    text = loader.construct_scalar(node)
    for name, value in PARAMETERS.items():
        text = text.replace("${" + name + "}", value)
    if "${" in text:
        raise ValueError(f"an unknown name in {text}")
    return text


def refer(loader, node):
    return PARAMETERS[loader.construct_scalar(node)]


Loader.add_constructor("!Sub", substitute)
Loader.add_constructor("!Ref", refer)
Loader.add_constructor("!GetAtt", refer)


class TemplateTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with open(TEMPLATE, encoding="utf-8") as file:
            cls.template = yaml.load(file, Loader)  # it derives from SafeLoader
        cls.resources = cls.template["Resources"]
        cls.request, cls.policy = (json.loads(line) for line in subprocess.check_output(PRINTER, text=True).splitlines())

    def test_table(self):
        self.assertEqual(self.resources["Table"]["Type"], "AWS::DynamoDB::Table")
        self.assertEqual(self.resources["Table"]["Properties"], self.request)

    def test_table_stays(self):
        for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
            self.assertEqual(self.resources["Table"][policy], "Retain")

    def test_policy(self):
        self.assertEqual(self.resources["Policy"]["Type"], "AWS::IAM::ManagedPolicy")
        self.assertEqual(self.resources["Policy"]["Properties"]["PolicyDocument"], self.policy)

    def test_nothing_else(self):
        self.assertEqual(sorted(self.resources), ["Policy", "Table"])
        self.assertEqual(sorted(self.template["Parameters"]), ["Label", "TableName"])
        self.assertEqual(sorted(self.template["Outputs"]), ["PolicyArn", "TableArn"])


TEMPLATE, PRINTER = sys.argv[1:3]
unittest.main(argv=sys.argv[:1], verbosity=2)
