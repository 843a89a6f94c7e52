"""The SDK's PaymentManager in either mode."""

from typing import Literal

import boto3
from bedrock_agentcore.payments import PaymentManager

from stack import Role, Stack

Party = Literal["management", "agent"]

# What a party reads that asks for what only the other one may do.
DENIED = {"iam": "is not authorized to perform: execute-api:Invoke", "bearer": "scope bursar/manage"}
ROLES: dict[Party, Role] = {"management": "management", "agent": "processPayment"}


def create_manager(stack: Stack, party: Party) -> PaymentManager:
    """A PaymentManager as the party's program makes it."""
    if stack.mode == "bearer":
        return PaymentManager(
            stack.manager_arn,
            boto3_session=unsigned_session(stack),
            token_provider=lambda: stack.request_token(party),
        )
    manager = PaymentManager(stack.manager_arn, boto3_session=stack.boto3_session(ROLES[party]))
    sign_for_api_gateway(manager)
    return manager


def sign_for_api_gateway(manager: PaymentManager) -> None:
    """The one line that IAM mode needs: API Gateway checks signatures under its own name."""
    manager._payment_client._request_signer._signing_name = "execute-api"


def unsigned_session(stack: Stack) -> boto3.Session:
    """boto3 signs before the SDK replaces the signature with the token, so it wants some key; these open nothing."""
    return boto3.Session(aws_access_key_id="unused", aws_secret_access_key="unused", region_name=stack.region)
