"""The AWS CLI, unmodified, through the proxy that signs anew."""

import base64
import json
import re
import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from aws_cli import AwsCli, Result, start_proxy
from shop import Wallet, ask, fetch_goods
from stack import Stack

# The CLI's exit code for what the service refuses.
REFUSED = 255


@pytest.fixture(scope="module")
def operator(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsCli]:
    """The CLI of an operator, who sets the service up."""
    with start_proxy(stack, "operator", tmp_path_factory.mktemp("operator")) as cli:
        yield cli


@pytest.fixture(scope="module")
def backend(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsCli]:
    """The CLI of the application's backend."""
    with start_proxy(stack, "backend", tmp_path_factory.mktemp("backend")) as cli:
        yield cli


@pytest.fixture(scope="module")
def agent(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsCli]:
    """The CLI of an agent."""
    with start_proxy(stack, "agent", tmp_path_factory.mktemp("agent")) as cli:
        yield cli


@pytest.fixture(scope="module")
def sample(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsCli]:
    """The CLI of a sample of AWS's, which does everything under one identity."""
    with start_proxy(stack, "by-operation", tmp_path_factory.mktemp("sample"), "--roles") as cli:
        yield cli


def data(stack: Stack, cli: AwsCli, command: str, *arguments: str) -> Result:
    """A command of the data plane for the tests' user."""
    tenant = ["--payment-manager-arn", stack.manager_arn, "--user-id", stack.user_id]
    return cli.run("bedrock-agentcore", command, *tenant, *arguments)


def open_session(stack: Stack, backend: AwsCli, limit: str) -> str:
    """Opens a session; returns its id."""
    limits = f"maxSpendAmount={{value={limit},currency=USD}}"
    created = data(stack, backend, "create-payment-session", "--expiry-time-in-minutes", "15", "--limits", limits)
    return str(created.document()["paymentSession"]["paymentSessionId"])


def left(stack: Stack, backend: AwsCli, session_id: str) -> Decimal:
    """What a session may still spend."""
    read = data(stack, backend, "get-payment-session", "--payment-session-id", session_id).document()
    return Decimal(read["paymentSession"]["availableLimits"]["availableSpendAmount"]["value"])


def payment(stack: Stack, wallet: Wallet, session_id: str, accepted: dict[str, Any]) -> str:
    """The input of process-payment."""
    return json.dumps(
        {
            "paymentManagerArn": stack.manager_arn,
            "userId": stack.user_id,
            "paymentSessionId": session_id,
            "paymentInstrumentId": wallet.instrument_id,
            "paymentType": "CRYPTO_X402",
            "paymentInput": {"cryptoX402": {"version": "1", "payload": accepted}},
            "clientToken": str(uuid.uuid4()),
        }
    )


def pay(agent: AwsCli, document: str) -> Result:
    """Runs process-payment."""
    return agent.run("bedrock-agentcore", "process-payment", "--cli-input-json", document)


def assert_refused(result: Result, name: str, operation: str) -> None:
    """A refusal reads as one of AWS."""
    assert result.exit_code == REFUSED
    assert f"An error occurred ({name}) when calling the {operation} operation" in result.stderr
    assert result.stdout == ""


def test_lists_managers_to_the_end_at_an_endpoint_that_is_named(stack: Stack, operator: AwsCli) -> None:
    for _ in range(2):
        created = operator.run(
            *("bedrock-agentcore-control", "create-payment-manager", "--authorizer-type", "AWS_IAM"),
            *("--name", f"cli{uuid.uuid4().hex[:12]}", "--role-arn", "arn:aws:iam::000000000000:role/unused"),
        ).document()
        assert created["status"] == "READY"
    listed = operator.run(
        *("bedrock-agentcore-control", "list-payment-managers", "--endpoint-url", operator.url, "--page-size", "1"),
        AWS_ENDPOINT_URL_BEDROCK_AGENTCORE_CONTROL="http://127.0.0.1:1",
    ).document()["paymentManagers"]

    arns = [manager["paymentManagerArn"] for manager in listed]
    assert {stack.manager_arn, created["paymentManagerArn"]} <= set(arns)
    assert len(arns) == len(set(arns)) >= 3


@pytest.mark.parametrize("connector_type", ["SeedVault", "AwsKms"])
def test_creates_connectors_of_the_types_that_aws_does_not_have(operator: AwsCli, connector_type: str) -> None:
    control = ("bedrock-agentcore-control",)
    manager = operator.run(
        *(*control, "create-payment-manager", "--authorizer-type", "AWS_IAM"),
        *("--name", f"cli{uuid.uuid4().hex[:12]}", "--role-arn", "arn:aws:iam::000000000000:role/unused"),
    ).document()
    of = ("--payment-manager-id", manager["paymentManagerId"])
    # The CLI takes no connector without an entry here. Nothing has this name, and nobody looks.
    arn = "arn:aws:bedrock-agentcore:us-east-1:000000000000:token-vault/default/paymentcredentialprovider/unused"
    created = operator.run(
        *(*control, "create-payment-connector", *of, "--name", "wallets", "--type", connector_type),
        *("--credential-provider-configurations", f"coinbaseCDP={{credentialProviderArn={arn}}}"),
    ).document()
    key = (*of, "--payment-connector-id", created["paymentConnectorId"])
    read = operator.run(*control, "get-payment-connector", *key).document()
    deleted = operator.run(*control, "delete-payment-connector", *key).document()

    assert created["status"] == "READY"
    assert created["type"] == connector_type
    assert read["credentialProviderConfigurations"][0]["coinbaseCDP"]["credentialProviderArn"] == arn
    assert deleted["status"] == "DELETING"


def test_opens_reads_and_deletes_a_session(stack: Stack, backend: AwsCli) -> None:
    session_id = open_session(stack, backend, "1.50")
    key = ("--payment-session-id", session_id)
    read = data(stack, backend, "get-payment-session", *key).document()["paymentSession"]
    deleted = data(stack, backend, "delete-payment-session", *key).document()

    assert read["paymentSessionId"] == session_id
    assert read["limits"] == {"maxSpendAmount": {"value": "1.50", "currency": "USD"}}
    assert re.match(r"\d{4}-\d\d-\d\dT", str(read["createdAt"]))
    assert deleted["status"] == "DELETED"
    assert_refused(data(stack, backend, "get-payment-session", *key), "ResourceNotFoundException", "GetPaymentSession")


def test_pays_the_seller(stack: Stack, backend: AwsCli, agent: AwsCli, wallet: Wallet) -> None:
    seller = stack.seller("weather-v1")
    accepted = ask(seller)["body"]["accepts"][0]
    session_id = open_session(stack, backend, "1.00")
    document = payment(stack, wallet, session_id, accepted)
    first, again = (pay(agent, document).document() for _ in range(2))
    proof = first["paymentOutput"]["cryptoX402"]["payload"]
    header = {"x402Version": 1, "scheme": accepted["scheme"], "network": accepted["network"], "payload": proof}
    goods = fetch_goods(seller, {"X-PAYMENT": base64.b64encode(json.dumps(header).encode()).decode()})

    assert first["status"] == "PROOF_GENERATED"
    assert again["processPaymentId"] == first["processPaymentId"]
    assert goods["weather"] == "sunny"
    assert left(stack, backend, session_id) == 1 - Decimal(seller.price)


def test_opens_a_session_and_pays_in_it_under_one_identity(stack: Stack, sample: AwsCli, wallet: Wallet) -> None:
    accepted = ask(stack.seller("weather-v1"))["body"]["accepts"][0]
    session_id = open_session(stack, sample, "1.00")
    paid = pay(sample, payment(stack, wallet, session_id, accepted)).document()

    assert sample.run("bedrock-agentcore-control", "list-payment-managers").document()["paymentManagers"] != []
    assert paid["status"] == "PROOF_GENERATED"
    assert left(stack, sample, session_id) < 1


def test_refuses_a_payment_above_the_budget(stack: Stack, backend: AwsCli, agent: AwsCli, wallet: Wallet) -> None:
    accepted = ask(stack.seller("research-papers"))["body"]["accepts"][0]
    session_id = open_session(stack, backend, "1.19")
    refusal = pay(agent, payment(stack, wallet, session_id, accepted))

    assert_refused(refusal, "ValidationException", "ProcessPayment")
    assert "budget" in refusal.stderr.lower()
    assert left(stack, backend, session_id) == Decimal("1.19")


def test_refuses_what_the_role_of_the_proxy_may_not_do(stack: Stack, agent: AwsCli) -> None:
    limits = ("--expiry-time-in-minutes", "15", "--limits", "maxSpendAmount={value=1.00,currency=USD}")

    assert_refused(
        data(stack, agent, "create-payment-session", *limits), "AccessDeniedException", "CreatePaymentSession"
    )


def test_refuses_keys_that_the_proxy_did_not_print(stack: Stack, backend: AwsCli, agent: AwsCli) -> None:
    key = ("bedrock-agentcore", "list-payment-sessions", "--payment-manager-arn", stack.manager_arn)
    stranger = agent.environment["AWS_SECRET_ACCESS_KEY"]
    refusal = backend.run(*key, "--user-id", stack.user_id, AWS_SECRET_ACCESS_KEY=stranger)

    assert_refused(refusal, "AccessDeniedException", "ListPaymentSessions")
    assert "signed with the keys that it printed" in refusal.stderr
