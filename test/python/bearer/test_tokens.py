"""What only holds with tokens: whose they are, and which are not taken. The rest is in ../both."""

import pytest
from bedrock_agentcore.payments import PaymentManager
from bedrock_agentcore.payments.manager import PaymentError

from managers import unsigned_session
from shop import open_session
from stack import Stack


def with_token(stack: Stack, token: str) -> PaymentManager:
    """A PaymentManager with a token that stays the same."""
    return PaymentManager(stack.manager_arn, boto3_session=unsigned_session(stack), bearer_token=token)


def test_takes_a_token_that_stays_the_same(stack: Stack) -> None:
    manager = with_token(stack, stack.request_token("management"))

    assert open_session(stack, manager, "1.00").startswith("payment-session-")


def test_takes_the_user_from_the_token(stack: Stack, management: PaymentManager) -> None:
    session = management.create_payment_session(expiry_time_in_minutes=15, user_id="somebody-else")

    assert session["userId"] == stack.raw["clients"]["management"]["clientId"]


def test_asks_for_a_token_at_every_call(stack: Stack) -> None:
    asked: list[str] = []

    def provide() -> str:
        asked.append(stack.request_token("management"))
        return asked[-1]

    manager = PaymentManager(stack.manager_arn, boto3_session=unsigned_session(stack), token_provider=provide)
    manager.list_payment_sessions()
    manager.list_payment_sessions()

    assert len(asked) == 2


def test_refuses_the_token_of_a_client_that_the_manager_does_not_take(stack: Stack) -> None:
    manager = with_token(stack, stack.request_token("visitor", scope="bursar/manage"))

    with pytest.raises(PaymentError, match="accepts this token"):
        open_session(stack, manager, "1.00")


def test_refuses_a_token_whose_signature_was_changed(stack: Stack) -> None:
    head, claims, signature = stack.request_token("management").split(".")
    changed = ("B" if signature[0] == "A" else "A") + signature[1:]
    manager = with_token(stack, f"{head}.{claims}.{changed}")

    with pytest.raises(PaymentError, match=r"AccessDenied|Unauthorized"):
        open_session(stack, manager, "1.00")


def test_refuses_a_token_for_a_manager_that_takes_signatures(stack: Stack) -> None:
    manager = PaymentManager(
        stack.raw["signedManagerArn"],
        boto3_session=unsigned_session(stack),
        bearer_token=stack.request_token("management"),
    )

    with pytest.raises(PaymentError, match="accepts this token"):
        open_session(stack, manager, "1.00")
