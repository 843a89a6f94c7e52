"""boto3's own clients of the local stack, signing as API Gateway wants it."""

import os
from typing import Any

from botocore.config import Config

from stack import Role, Stack

CONFIG = Config(retries={"total_max_attempts": 1, "mode": "standard"})


def create_data_client(stack: Stack, role: Role) -> Any:
    """The client of service bedrock-agentcore."""
    return _create(stack, role, "bedrock-agentcore", os.environ["BEDROCK_AGENTCORE_DP_ENDPOINT"])


def create_control_client(stack: Stack, role: Role = "controlPlane") -> Any:
    """The client of service bedrock-agentcore-control."""
    return _create(stack, role, "bedrock-agentcore-control", os.environ["BEDROCK_AGENTCORE_CP_ENDPOINT"])


def _create(stack: Stack, role: Role, service: str, endpoint: str) -> Any:
    client = stack.boto3_session(role).client(service, endpoint_url=endpoint, config=CONFIG)
    # The one line, by boto3's public events; the rest of the program stays as it is.
    client.meta.events.register(f"before-call.{service}", sign_for_api_gateway)
    return client


def sign_for_api_gateway(context: dict[str, Any], **_: Any) -> None:
    """Names the service that checks the signature."""
    context.setdefault("signing", {})["signing_name"] = "execute-api"
