"""Fixtures, and the one thing that a deployment has and this machine has not: an AWS host name for the endpoint."""

import socket
from typing import Any

import boto3
import pytest
from bedrock_agentcore.payments import PaymentManager

from managers import create_manager
from shop import Wallet, create_wallet
from stack import Role, Stack, read_stack

# The SDK takes endpoints by such names only. Here they stand for loopback; a name that is neither fails the test.
ENDPOINT_SUFFIX = ".execute-api.us-east-1.amazonaws.com"
LOOPBACK = ("127.0.0.1", "localhost", "::1")

_resolve = socket.getaddrinfo


def _resolve_to_loopback(host: Any, *args: Any, **kwargs: Any) -> Any:
    name = host.decode() if isinstance(host, bytes) else host
    if isinstance(name, str) and name.endswith(ENDPOINT_SUFFIX):
        return _resolve("127.0.0.1", *args, **kwargs)
    if name not in LOOPBACK:
        raise OSError(f"a test must not leave this machine, but asked for {name}")
    return _resolve(host, *args, **kwargs)


socket.getaddrinfo = _resolve_to_loopback


@pytest.fixture(scope="session")
def stack() -> Stack:
    """The running stack."""
    return read_stack()


@pytest.fixture(scope="session")
def management(stack: Stack) -> PaymentManager:
    """The SDK as the application's backend uses it: it may open sessions and wallets, and not pay."""
    return create_manager(stack, "management")


@pytest.fixture(scope="session")
def agent(stack: Stack) -> PaymentManager:
    """The SDK as an agent uses it: it may pay, and not open sessions."""
    return create_manager(stack, "agent")


@pytest.fixture(scope="session")
def wallet(stack: Stack, management: PaymentManager) -> Wallet:
    """A wallet with money in it."""
    return create_wallet(stack, management, funds="50.00")


@pytest.fixture
def default_role(monkeypatch: pytest.MonkeyPatch, stack: Stack) -> Any:
    """Gives a role's access key to clients that the SDK makes for itself."""

    def choose(role: Role) -> None:
        key = stack.boto3_session(role).get_credentials().get_frozen_credentials()
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key.access_key)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key.secret_key)
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)

    return choose
