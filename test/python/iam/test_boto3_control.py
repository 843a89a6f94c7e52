"""boto3's control client: managers and connectors from making to deleting."""

import uuid
from datetime import datetime
from typing import Any

import pytest

from clients import create_control_client
from stack import Stack

ROLE_ARN = "arn:aws:iam::000000000000:role/unused"


@pytest.fixture(scope="module")
def control(stack: Stack) -> Any:
    """The client of an operator, who sets the service up."""
    return create_control_client(stack)


def unique_name(prefix: str) -> str:
    """A name that no other test uses; managers take letters and digits only."""
    return f"{prefix}{uuid.uuid4().hex[:12]}"


@pytest.fixture
def manager(control: Any) -> dict[str, Any]:
    """A fresh manager."""
    answer = control.create_payment_manager(
        name=unique_name("boto"), authorizerType="AWS_IAM", roleArn=ROLE_ARN, description="made by boto3"
    )
    return dict(answer)


def create_connector(control: Any, manager: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A connector of a type that AWS does not have; boto3 leaves the values of enumerations to the server."""
    answer = control.create_payment_connector(
        paymentManagerId=manager["paymentManagerId"],
        name=unique_name("vault"),
        type="SeedVault",
        credentialProviderConfigurations=[],
        **more,
    )
    return dict(answer)


def test_creates_a_manager(manager: dict[str, Any]) -> None:
    assert manager["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert manager["status"] == "READY"
    assert manager["paymentManagerArn"].endswith(f":payment-manager/{manager['paymentManagerId']}")
    assert isinstance(manager["createdAt"], datetime)


def test_reads_a_manager(control: Any, manager: dict[str, Any]) -> None:
    read = control.get_payment_manager(paymentManagerId=manager["paymentManagerId"])

    assert read["paymentManagerArn"] == manager["paymentManagerArn"]
    assert read["description"] == "made by boto3"
    assert isinstance(read["lastUpdatedAt"], datetime)


def test_updates_a_manager(control: Any, manager: dict[str, Any]) -> None:
    manager_id = manager["paymentManagerId"]
    updated = control.update_payment_manager(paymentManagerId=manager_id, description="changed")

    assert updated["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert updated["status"] == "READY"
    assert control.get_payment_manager(paymentManagerId=manager_id)["description"] == "changed"


def test_pages_through_managers_to_the_end(control: Any, manager: dict[str, Any]) -> None:
    pages = control.get_paginator("list_payment_managers").paginate(PaginationConfig={"PageSize": 1})
    listed = [each["paymentManagerId"] for page in pages for each in page["paymentManagers"]]

    assert len(listed) == len(set(listed))
    assert manager["paymentManagerId"] in listed


def test_refuses_to_delete_a_manager_that_has_a_connector(control: Any, manager: dict[str, Any]) -> None:
    manager_id = manager["paymentManagerId"]
    connector_id = create_connector(control, manager)["paymentConnectorId"]

    with pytest.raises(control.exceptions.ConflictException):
        control.delete_payment_manager(paymentManagerId=manager_id)
    control.delete_payment_connector(paymentManagerId=manager_id, paymentConnectorId=connector_id)
    deleted = control.delete_payment_manager(paymentManagerId=manager_id)

    assert deleted["ResponseMetadata"]["HTTPStatusCode"] == 202
    with pytest.raises(control.exceptions.ResourceNotFoundException):
        control.get_payment_manager(paymentManagerId=manager_id)


def test_creates_a_connector(control: Any, manager: dict[str, Any]) -> None:
    connector = create_connector(control, manager)

    assert connector["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert connector["status"] == "READY"
    assert connector["type"] == "SeedVault"
    assert connector["credentialProviderConfigurations"] == []


def test_reads_and_updates_a_connector(control: Any, manager: dict[str, Any]) -> None:
    connector_id = create_connector(control, manager, description="first")["paymentConnectorId"]
    key = {"paymentManagerId": manager["paymentManagerId"], "paymentConnectorId": connector_id}
    before = control.get_payment_connector(**key)
    control.update_payment_connector(**key, description="second")
    after = control.get_payment_connector(**key)

    assert before["description"] == "first"
    assert after["description"] == "second"
    assert after["lastUpdatedAt"] >= before["lastUpdatedAt"]


def test_pages_through_connectors_to_the_end(control: Any, manager: dict[str, Any]) -> None:
    made = {create_connector(control, manager)["paymentConnectorId"] for _ in range(3)}
    pages = control.get_paginator("list_payment_connectors").paginate(
        paymentManagerId=manager["paymentManagerId"], PaginationConfig={"PageSize": 2}
    )
    listed = [each["paymentConnectorId"] for page in pages for each in page["paymentConnectors"]]

    assert sorted(listed) == sorted(made)


def test_creates_one_manager_for_a_repeated_client_token(control: Any) -> None:
    request = {
        "name": unique_name("twice"),
        "authorizerType": "AWS_IAM",
        "roleArn": ROLE_ARN,
        "clientToken": str(uuid.uuid4()),
    }
    first, second = (control.create_payment_manager(**request)["paymentManagerId"] for _ in range(2))

    assert first == second


def test_refuses_a_malformed_name(control: Any) -> None:
    with pytest.raises(control.exceptions.ValidationException) as refusal:
        control.create_payment_manager(name="with_underscore", authorizerType="AWS_IAM", roleArn=ROLE_ARN)
    assert [field["name"] for field in refusal.value.response["fieldList"]] == ["name"]


def test_does_not_find_a_manager_that_there_is_not(control: Any) -> None:
    with pytest.raises(control.exceptions.ResourceNotFoundException):
        control.get_payment_manager(paymentManagerId="nobody-0000000000")


@pytest.mark.parametrize("role", ["management", "processPayment", "observer"])
def test_refuses_other_roles(stack: Stack, role: Any) -> None:
    client = create_control_client(stack, role)

    with pytest.raises(client.exceptions.AccessDeniedException):
        client.create_payment_manager(name=unique_name("not"), authorizerType="AWS_IAM", roleArn=ROLE_ARN)
