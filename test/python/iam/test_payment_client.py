"""PaymentClient of the SDK: the control plane, waiting for READY, and three resources in one call."""

import base64
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from bedrock_agentcore.payments import PaymentClient
from bedrock_agentcore.payments.client import CoinbaseCdpCredentials, PaymentConnectorConfig
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from stack import Stack

ROLE_ARN = "arn:aws:iam::000000000000:role/unused"


@pytest.fixture
def client(stack: Stack, default_role: Callable[[str], None]) -> PaymentClient:
    """The client as a set-up script makes it, and the one line for each of the three clients inside."""
    default_role("controlPlane")
    client = PaymentClient(region_name=stack.region)
    for inner in (client.payments_cp_client, client.identity_client.cp_client, client.identity_client.dp_client):
        inner._request_signer._signing_name = "execute-api"
    return client


def unique_name(prefix: str) -> str:
    """A name that no other test uses."""
    return f"{prefix}{uuid.uuid4().hex[:12]}"


def create_manager(client: PaymentClient, **more: Any) -> str:
    """Makes a manager; returns its id."""
    answer = client.create_payment_manager(name=unique_name("sdk"), role_arn=ROLE_ARN, **more)
    return str(answer["paymentManagerId"])


def create_connector(client: PaymentClient, manager_id: str, **more: Any) -> str:
    """Makes a connector that keeps its own seed; returns its id."""
    answer = client.create_payment_connector(
        payment_manager_id=manager_id,
        name=unique_name("vault"),
        connector_type="SeedVault",
        credential_provider_configurations=[],
        **more,
    )
    return str(answer["paymentConnectorId"])


def coinbase_credentials() -> CoinbaseCdpCredentials:
    """Fresh keys in Coinbase's forms; they open nothing."""
    signing = ed25519.Ed25519PrivateKey.generate()
    seed, public = signing.private_bytes_raw(), signing.public_key().public_bytes_raw()
    wallet = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return {
        "api_key_id": str(uuid.uuid4()),
        "api_key_secret": base64.b64encode(seed + public).decode(),
        "wallet_secret": base64.b64encode(wallet).decode(),
    }


def connector_config(credentials: CoinbaseCdpCredentials) -> PaymentConnectorConfig:
    """A connector with its provider of credentials."""
    return {
        "name": unique_name("coinbase"),
        "description": "made by the SDK",
        "payment_credential_provider_config": {
            "name": unique_name("provider"),
            "credential_provider_vendor": "CoinbaseCDP",
            "credentials": credentials,
        },
    }


def test_creates_a_manager_and_waits_for_it(client: PaymentClient) -> None:
    manager = client.create_payment_manager(
        name=unique_name("sdk"), role_arn=ROLE_ARN, description="made by the SDK", wait_for_ready=True
    )
    read = client.get_payment_manager(manager["paymentManagerId"])

    assert manager["status"] == "READY"
    assert read["paymentManagerArn"] == manager["paymentManagerArn"]
    assert read["description"] == "made by the SDK"


def test_updates_a_manager(client: PaymentClient) -> None:
    manager_id = create_manager(client)
    updated = client.update_payment_manager(manager_id, description="changed", wait_for_ready=True)

    assert updated["status"] == "READY"
    assert client.get_payment_manager(manager_id)["description"] == "changed"


def test_creates_a_manager_that_takes_tokens(stack: Stack, client: PaymentClient) -> None:
    authorizer = {"discoveryUrl": stack.discovery_url, "allowedClients": ["somebody"]}
    manager_id = create_manager(
        client,
        authorizer_type="CUSTOM_JWT",
        authorizer_configuration={"customJWTAuthorizer": authorizer},
    )
    # The SDK's own method leaves the authorizer out of its answer.
    read = client.payments_cp_client.get_payment_manager(paymentManagerId=manager_id)

    assert read["authorizerType"] == "CUSTOM_JWT"
    assert read["authorizerConfiguration"]["customJWTAuthorizer"] == authorizer


def test_creates_reads_lists_updates_and_deletes_a_connector(client: PaymentClient) -> None:
    manager_id = create_manager(client)
    connector_id = create_connector(client, manager_id, wait_for_ready=True)
    client.update_payment_connector(manager_id, connector_id, description="changed", wait_for_ready=True)
    read = client.get_payment_connector(manager_id, connector_id)
    listed = client.list_payment_connectors(manager_id)["paymentConnectors"]
    client.delete_payment_connector(manager_id, connector_id)

    assert read["description"] == "changed"
    assert [each["paymentConnectorId"] for each in listed] == [connector_id]
    assert client.list_payment_connectors(manager_id)["paymentConnectors"] == []


def test_refuses_to_delete_a_manager_that_has_a_connector(client: PaymentClient) -> None:
    manager_id = create_manager(client)
    connector_id = create_connector(client, manager_id)

    with pytest.raises(ClientError, match="ConflictException"):
        client.delete_payment_manager(manager_id)
    client.delete_payment_connector(manager_id, connector_id)
    client.delete_payment_manager(manager_id)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client.get_payment_manager(manager_id)


def test_refuses_to_rotate_what_it_did_not_issue(client: PaymentClient) -> None:
    manager_id = create_manager(client)
    connector_id = create_connector(client, manager_id)

    with pytest.raises(ClientError, match=r"ConflictException|ValidationException"):
        client.rotate_payment_connector_credentials(manager_id, connector_id, ["API_KEY"])


def test_creates_provider_manager_and_connector_in_one_call(client: PaymentClient) -> None:
    made = client.create_payment_manager_with_connector(
        payment_manager_name=unique_name("sdk"),
        payment_manager_description="made by the SDK",
        authorizer_type="AWS_IAM",
        role_arn=ROLE_ARN,
        payment_connector_config=connector_config(coinbase_credentials()),
        wait_for_ready=True,
    )

    assert made["paymentManager"]["status"] == "READY"
    assert made["paymentConnector"]["status"] == "READY"
    assert "/paymentcredentialprovider/" in made["credentialProvider"]["credentialProviderArn"]


def test_leaves_nothing_of_a_call_that_failed(client: PaymentClient) -> None:
    credentials: CoinbaseCdpCredentials = {**coinbase_credentials(), "api_key_secret": "bm90IGEga2V5"}
    name = unique_name("sdk")

    with pytest.raises(ClientError, match="ValidationException") as refusal:
        client.create_payment_manager_with_connector(
            payment_manager_name=name,
            payment_manager_description=None,
            authorizer_type="AWS_IAM",
            role_arn=ROLE_ARN,
            payment_connector_config=connector_config(credentials),
        )
    assert "Rollback errors" not in str(refusal.value)
    assert credentials["wallet_secret"] not in str(refusal.value)
    assert name not in [each["name"] for each in list_all_managers(client)]


def list_all_managers(client: PaymentClient) -> list[dict[str, Any]]:
    """Every manager, page by page."""
    answer = client.list_payment_managers()
    managers = list(answer["paymentManagers"])
    while answer.get("nextToken"):
        answer = client.list_payment_managers(next_token=answer["nextToken"])
        managers += answer["paymentManagers"]
    return managers
