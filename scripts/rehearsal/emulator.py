"""Runs ministack on BIND_HOST and GATEWAY_PORT with TLS, and mends what its version 1.5.33 refuses and AWS allows.

The policies of wallet keys, and of the functions that make and use them, name condition keys of KMS, which it lacks, and
aws:PrincipalArn, which for a role's session it takes to be the session's ARN. Templates that name services which it does
not have at all are deployed with nothing behind those resources.
"""

import asyncio
import json
import os
import re
import signal
import sys
import threading

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack.core import iam_actions, iam_evaluator
from ministack.services import kms
from ministack.services.cloudformation import provisioners

# https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html and
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html
CONDITION_KEYS = {
    "kms:CreateKey": {"KeySpec": "kms:KeySpec", "KeyUsage": "kms:KeyUsage"},
    "secretsmanager:UpdateSecretVersionStage": {"VersionStage": "secretsmanager:VersionStage"},
    "kms:Sign": {"MessageType": "kms:MessageType", "SigningAlgorithm": "kms:SigningAlgorithm"},
}

# What is asked of a key may depend on what kind of key it is.
KMS_KEY_ACTIONS = {"kms:Sign", "kms:GetPublicKey", "kms:DescribeKey"}

# Whatever type is not here and not ministack's fails the deployment.
RECORDED_TYPES = ["AWS::CodeDeploy::Application", "AWS::CodeDeploy::DeploymentGroup", "AWS::XRay::SamplingRule"]

ROLE_SESSION = re.compile(r"^arn:([^:]+):sts::([0-9]{12}):assumed-role/([^/]+)/.+$")

# ministack asks for both by these names at every request. An AttributeError means that another version needs another way.
request_tag_context = iam_actions.request_tag_context
resolve_condition_key = iam_evaluator._resolve_condition_key


def key_context(key_id: str) -> dict:
    key = kms._keys.get(key_id.rsplit("/", 1)[-1])
    return {} if key is None else {"kms:KeySpec": key["KeySpec"]}


def request_context(service: str, iam_action: str, body: bytes, params: dict) -> dict:
    context = request_tag_context(service, iam_action, body, params)
    names = CONDITION_KEYS.get(iam_action, {})
    members = json.loads(body) if names or iam_action in KMS_KEY_ACTIONS else {}
    if iam_action in KMS_KEY_ACTIONS:
        context = context | key_context(members.get("KeyId", ""))
    return context | {key: members[member] for member, key in names.items() if member in members}


def condition_key(key: str, context: iam_evaluator.EvalContext) -> object:
    value = resolve_condition_key(key, context)
    if key.lower() != "aws:principalarn":
        return value
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn
    return ROLE_SESSION.sub(r"arn:\1:iam::\2:role/\3", value)


def record(logical_id: str, _properties: dict, stack_name: str) -> tuple[str, dict]:
    return f"{stack_name}-{logical_id}", {}


def forget(_physical_id: str, _properties: dict) -> None:
    pass


def plain_alarm(properties: dict) -> dict:
    """ministack has no alarms of several metrics: one of a single metric takes the name and the ARN."""
    if "Metrics" not in properties:
        return properties
    rest = {name: value for name, value in properties.items() if name not in ("Metrics", "ThresholdMetricId")}
    plain = {"Namespace": "Bursar", "MetricName": "Rehearsal", "Threshold": 0, "Period": 60, "Statistic": "Sum"}
    return rest | plain | {"ComparisonOperator": "GreaterThanThreshold"}


def create_alarm(logical_id: str, properties: dict, *rest: object, **named: object) -> object:
    return create_plain_alarm(logical_id, plain_alarm(properties), *rest, **named)


def update_alarm(physical_id: str, before: dict, after: dict, *rest: object, **named: object) -> object:
    return update_plain_alarm(physical_id, plain_alarm(before), plain_alarm(after), *rest, **named)


for type_name in RECORDED_TYPES:
    provisioners._RESOURCE_HANDLERS.setdefault(type_name, {"create": record, "delete": forget})
alarms = provisioners._RESOURCE_HANDLERS["AWS::CloudWatch::Alarm"]
create_plain_alarm, update_plain_alarm = alarms["create"], alarms["update"]
alarms["create"], alarms["update"] = create_alarm, update_alarm
iam_actions.request_tag_context = request_context
iam_evaluator._resolve_condition_key = condition_key


def end_with_parent() -> None:
    sys.stdin.buffer.read()
    # This process leads its group; functions are in it.
    os.killpg(os.getpid(), signal.SIGKILL)


def main() -> None:
    from ministack.app import app

    threading.Thread(target=end_with_parent, daemon=True).start()
    config = Config()
    config.bind = [f"{os.environ['BIND_HOST']}:{os.environ['GATEWAY_PORT']}"]
    config.certfile = os.environ["MINISTACK_SSL_CERT"]
    config.keyfile = os.environ["MINISTACK_SSL_KEY"]
    config.keep_alive_timeout = 75
    asyncio.run(serve(app, config))


main()
