"""boto3's data client: every shape that it parses, and an exception class of its own for every refusal."""

import uuid
from datetime import datetime
from typing import Any

import pytest

from clients import create_data_client
from shop import EMBEDDED_WALLET, Wallet, ask
from stack import Stack

MISSING_SESSION = "payment-session-000000000000000"


@pytest.fixture(scope="module")
def backend(stack: Stack) -> Any:
    """The client of the application's backend."""
    return create_data_client(stack, "management")


@pytest.fixture(scope="module")
def payer(stack: Stack) -> Any:
    """The client of an agent."""
    return create_data_client(stack, "processPayment")


def tenant(stack: Stack) -> dict[str, str]:
    """What every call names."""
    return {"paymentManagerArn": stack.manager_arn, "userId": stack.user_id}


def create_session(stack: Stack, backend: Any, limit: str, **more: Any) -> dict[str, Any]:
    """Opens a session."""
    answer = backend.create_payment_session(
        **tenant(stack),
        expiryTimeInMinutes=15,
        limits={"maxSpendAmount": {"value": limit, "currency": "USD"}},
        **more,
    )
    return dict(answer["paymentSession"])


def payment(stack: Stack, wallet: Wallet, session_id: str, seller: str, **more: Any) -> dict[str, Any]:
    """What pays a seller of version 1."""
    accepted = ask(stack.seller(seller))["body"]["accepts"][0]
    return {
        **tenant(stack),
        "paymentSessionId": session_id,
        "paymentInstrumentId": wallet.instrument_id,
        "paymentType": "CRYPTO_X402",
        "paymentInput": {"cryptoX402": {"version": "1", "payload": accepted}},
        **more,
    }


def create_instrument(stack: Stack, backend: Any) -> dict[str, Any]:
    """Makes a wallet."""
    answer = backend.create_payment_instrument(
        **tenant(stack),
        paymentConnectorId=stack.connector_id,
        paymentInstrumentType="EMBEDDED_CRYPTO_WALLET",
        paymentInstrumentDetails=EMBEDDED_WALLET,
    )
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 201
    return dict(answer["paymentInstrument"])


def test_creates_reads_and_deletes_an_instrument(stack: Stack, backend: Any) -> None:
    created = create_instrument(stack, backend)
    key = {**tenant(stack), "paymentInstrumentId": created["paymentInstrumentId"]}
    read = backend.get_payment_instrument(**key)["paymentInstrument"]
    deleted = backend.delete_payment_instrument(**key, paymentConnectorId=stack.connector_id)

    assert read == created
    assert isinstance(read["createdAt"], datetime)
    assert (
        read["paymentInstrumentDetails"]["embeddedCryptoWallet"]["linkedAccounts"]
        == (EMBEDDED_WALLET["embeddedCryptoWallet"]["linkedAccounts"])
    )
    assert deleted["status"] == "DELETED"
    with pytest.raises(backend.exceptions.ResourceNotFoundException):
        backend.get_payment_instrument(**key)


def test_pages_through_instruments_to_the_end(stack: Stack, backend: Any) -> None:
    made = {create_instrument(stack, backend)["paymentInstrumentId"] for _ in range(3)}
    pages = backend.get_paginator("list_payment_instruments").paginate(
        **tenant(stack), PaginationConfig={"PageSize": 2}
    )
    listed = [each["paymentInstrumentId"] for page in pages for each in page["paymentInstruments"]]

    assert len(listed) == len(set(listed))
    assert made <= set(listed)


def test_pages_through_sessions_to_the_end(stack: Stack, backend: Any) -> None:
    made = {create_session(stack, backend, "1.00")["paymentSessionId"] for _ in range(3)}
    pages = backend.get_paginator("list_payment_sessions").paginate(**tenant(stack), PaginationConfig={"PageSize": 2})
    listed = [each["paymentSessionId"] for page in pages for each in page["paymentSessions"]]

    assert len(listed) == len(set(listed))
    assert made <= set(listed)


def test_creates_reads_and_deletes_a_session(stack: Stack, backend: Any) -> None:
    created = create_session(stack, backend, "3.00")
    key = {**tenant(stack), "paymentSessionId": created["paymentSessionId"]}
    read = backend.get_payment_session(**key)["paymentSession"]
    deleted = backend.delete_payment_session(**key)

    assert read["limits"] == {"maxSpendAmount": {"value": "3.00", "currency": "USD"}}
    assert isinstance(read["availableLimits"]["updatedAt"], datetime)
    assert deleted["status"] == "DELETED"
    with pytest.raises(backend.exceptions.ResourceNotFoundException):
        backend.get_payment_session(**key)


def test_pays(stack: Stack, backend: Any, payer: Any, wallet: Wallet) -> None:
    session_id = create_session(stack, backend, "1.00")["paymentSessionId"]
    paid = payer.process_payment(**payment(stack, wallet, session_id, "weather-v1"))
    proof = paid["paymentOutput"]["cryptoX402"]

    assert paid["status"] == "PROOF_GENERATED"
    assert uuid.UUID(paid["processPaymentId"])
    assert proof["version"] == "1"
    assert proof["payload"]["authorization"]["from"].lower() == wallet.address.lower()


def test_answers_a_repeated_client_token_alike(stack: Stack, backend: Any, payer: Any, wallet: Wallet) -> None:
    session_id = create_session(stack, backend, "1.00")["paymentSessionId"]
    request = payment(stack, wallet, session_id, "weather-v1", clientToken=str(uuid.uuid4()))
    first, second = (payer.process_payment(**request) for _ in range(2))

    assert first["paymentOutput"] == second["paymentOutput"]
    assert first["processPaymentId"] == second["processPaymentId"]


def test_refuses_a_client_token_of_another_request(stack: Stack, backend: Any) -> None:
    token = str(uuid.uuid4())
    create_session(stack, backend, "1.00", clientToken=token)

    with pytest.raises(backend.exceptions.ValidationException) as refusal:
        create_session(stack, backend, "2.00", clientToken=token)
    assert refusal.value.response["reason"] == "IdempotentParameterMismatchException"


def test_refuses_a_payment_above_the_budget(stack: Stack, backend: Any, payer: Any, wallet: Wallet) -> None:
    session_id = create_session(stack, backend, "1.19")["paymentSessionId"]

    with pytest.raises(payer.exceptions.ValidationException, match=r"(?i)budget") as refusal:
        payer.process_payment(**payment(stack, wallet, session_id, "research-papers"))
    assert [field["name"] for field in refusal.value.response["fieldList"]] == ["bursar:budget_exceeded"]
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert refusal.value.response["ResponseMetadata"]["RequestId"] != ""


def test_refuses_a_payment_in_a_session_that_there_is_not(stack: Stack, payer: Any, wallet: Wallet) -> None:
    with pytest.raises(payer.exceptions.ValidationException, match="session not found") as refusal:
        payer.process_payment(**payment(stack, wallet, MISSING_SESSION, "weather-v1"))
    assert [field["name"] for field in refusal.value.response["fieldList"]] == ["bursar:session_not_found"]


def test_answers_aws_billing_as_not_enabled(stack: Stack, backend: Any, payer: Any, wallet: Wallet) -> None:
    session_id = create_session(stack, backend, "1.00")["paymentSessionId"]
    quote = {"scheme": "exact", "network": "aws:base", "amount": "0.01", "extra": {"quoteToken": "a.b.c"}}
    request = payment(
        stack,
        wallet,
        session_id,
        "weather-v1",
        paymentType="AWS_BILLING_X402",
        paymentInstrumentId="aws.agentcorepayments.awsbilling.v1",
        paymentInput={"awsBillingX402": {"version": "2", "payload": quote}},
    )

    with pytest.raises(payer.exceptions.AccessDeniedException, match="AWS Marketplace"):
        payer.process_payment(**request)


def test_refuses_another_user_as_if_there_were_nothing(stack: Stack, backend: Any) -> None:
    session_id = create_session(stack, backend, "1.00")["paymentSessionId"]
    key = {**tenant(stack), "userId": "somebody-else"}

    with pytest.raises(backend.exceptions.ResourceNotFoundException) as foreign:
        backend.get_payment_session(**key, paymentSessionId=session_id)
    with pytest.raises(backend.exceptions.ResourceNotFoundException) as missing:
        backend.get_payment_session(**key, paymentSessionId=MISSING_SESSION)
    assert foreign.value.response["Error"] == missing.value.response["Error"]


def test_refuses_what_the_role_may_not_do(stack: Stack, backend: Any, payer: Any, wallet: Wallet) -> None:
    session_id = create_session(stack, backend, "1.00")["paymentSessionId"]

    with pytest.raises(payer.exceptions.AccessDeniedException):
        create_session(stack, payer, "1.00")
    with pytest.raises(backend.exceptions.AccessDeniedException):
        backend.process_payment(**payment(stack, wallet, session_id, "weather-v1"))


def test_refuses_a_signature_for_another_service(stack: Stack) -> None:
    client = create_data_client(stack, "management")
    client.meta.events.register_last(
        "before-call.bedrock-agentcore",
        lambda context, **_: context["signing"].update(signing_name="bedrock-agentcore"),
    )

    with pytest.raises(client.exceptions.ClientError) as refusal:
        client.list_payment_sessions(**tenant(stack))
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_names_every_wrong_field(stack: Stack, backend: Any) -> None:
    with pytest.raises(backend.exceptions.ValidationException) as refusal:
        backend.create_payment_session(
            **tenant(stack),
            expiryTimeInMinutes=481,
            limits={"maxSpendAmount": {"value": "a lot", "currency": "USD"}},
        )
    names = [field["name"] for field in refusal.value.response["fieldList"]]
    assert refusal.value.response["reason"] == "FieldValidationFailed"
    assert sorted(names) == ["expiryTimeInMinutes", "limits.maxSpendAmount.value"]
