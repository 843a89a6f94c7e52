"""The SDK's middleware for LangGraph: an agent whose tool meets a 402 pays it and gets the goods."""

import asyncio
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import pytest
from bedrock_agentcore.payments import PaymentManager
from bedrock_agentcore.payments.integrations.error_messages import PAYMENT_ERROR_MESSAGES
from bedrock_agentcore.payments.integrations.langgraph import (
    AgentCorePaymentsConfig,
    AgentCorePaymentsMiddleware,
    ErrorResolution,
    PaymentErrorContext,
)
from bedrock_agentcore.payments.manager import InsufficientBudget, PaymentSessionExpired
from langchain.agents import create_agent
from langchain.messages import ToolMessage
from langchain.tools import tool

from managers import sign_for_api_gateway
from scripted_chat_model import ScriptedChatModel
from shop import Wallet, open_session, spent
from stack import TIMEOUT_SECONDS, Seller, Stack

UseRole = Callable[[str], None]
Script = list[tuple[str, dict[str, Any]]]

TASK = {"messages": [{"role": "user", "content": "Buy what you need."}]}


def create_buyer(
    stack: Stack, wallet: Wallet, session_id: str, script: Script, tools: tuple[Any, ...] = (), **more: Any
) -> Any:
    """An agent graph with the middleware."""
    config = AgentCorePaymentsConfig(
        payment_manager_arn=stack.manager_arn,
        payment_instrument_id=wallet.instrument_id,
        payment_session_id=session_id,
        region=stack.region,
        agent_name="buyer",
        # Bursar dates its authorizations back, so there is no block to wait for.
        post_payment_retry_delay_seconds=0.0,
        **_access(stack),
        **more,
    )
    middleware = AgentCorePaymentsMiddleware(config)
    if stack.mode == "iam":
        sign_for_api_gateway(middleware.payment_manager)
    return create_agent(ScriptedChatModel(script=script), tools=list(tools), middleware=[middleware])


def _access(stack: Stack) -> dict[str, Any]:
    if stack.mode == "iam":
        return {"user_id": stack.user_id}
    return {"token_provider": lambda: stack.request_token("agent")}


def tool_results(state: dict[str, Any]) -> list[ToolMessage]:
    """What the tools answered, in order."""
    return [message for message in state["messages"] if isinstance(message, ToolMessage)]


def get(seller: Seller) -> tuple[str, dict[str, Any]]:
    """A call of the middleware's own tool."""
    return "http_request", {"url": seller.url}


def goods(answer: ToolMessage) -> dict[str, Any]:
    """What the seller delivered. Fails the test where it did not."""
    assert answer.status == "success", answer.content
    document = json.loads(str(answer.content))
    assert document["statusCode"] == 200
    return dict(document["body"])


@pytest.fixture(autouse=True)
def agent_role(default_role: UseRole) -> None:
    """The middleware makes its own client, with the program's default key."""
    default_role("processPayment")


@pytest.mark.parametrize("name", ["weather", "weather-v1"])
def test_buys_the_goods(stack: Stack, management: PaymentManager, wallet: Wallet, name: str) -> None:
    seller = stack.seller(name)
    session_id = open_session(stack, management, "1.00")
    [answer] = tool_results(create_buyer(stack, wallet, session_id, [get(seller)]).invoke(TASK))

    assert goods(answer)["weather"] == "sunny"
    assert spent(stack, management, session_id) == Decimal(seller.price)


def test_buys_twice_in_one_session_asynchronously(stack: Stack, management: PaymentManager, wallet: Wallet) -> None:
    sellers = [stack.seller("weather"), stack.seller("market-data")]
    session_id = open_session(stack, management, "1.00")
    buyer = create_buyer(stack, wallet, session_id, [get(seller) for seller in sellers])
    answers = tool_results(asyncio.run(buyer.ainvoke(TASK)))

    assert [goods(answer) != {} for answer in answers] == [True, True]
    assert spent(stack, management, session_id) == sum(Decimal(seller.price) for seller in sellers)


@pytest.mark.parametrize("name", ["weather", "weather-v1"])
def test_buys_through_a_tool_of_the_program(
    stack: Stack, management: PaymentManager, wallet: Wallet, name: str
) -> None:
    @tool
    def fetch(url: str, headers: dict[str, str] | None = None) -> str:
        """Fetches a document."""
        response = httpx.get(url, headers=headers, timeout=TIMEOUT_SECONDS)
        body = response.json() if response.text else {}
        return json.dumps({"statusCode": response.status_code, "headers": dict(response.headers), "body": body})

    seller = stack.seller(name)
    session_id = open_session(stack, management, "1.00")
    script = [("fetch", {"url": seller.url})]
    buyer = create_buyer(stack, wallet, session_id, script, tools=(fetch,), provide_http_request=False)
    [answer] = tool_results(buyer.invoke(TASK))

    assert goods(answer)["weather"] == "sunny"
    assert spent(stack, management, session_id) == Decimal(seller.price)


def test_tells_the_model_that_the_budget_does_not_hold_the_price(
    stack: Stack, management: PaymentManager, wallet: Wallet
) -> None:
    session_id = open_session(stack, management, "0.49")
    [answer] = tool_results(create_buyer(stack, wallet, session_id, [get(stack.seller("market-data"))]).invoke(TASK))

    assert answer.status == "error"
    assert answer.content == f"PAYMENT ERROR: {PAYMENT_ERROR_MESSAGES[InsufficientBudget]}"
    assert spent(stack, management, session_id) == 0


def test_tells_the_model_that_the_session_has_expired(stack: Stack, wallet: Wallet) -> None:
    buyer = create_buyer(stack, wallet, stack.expired_session_id, [get(stack.seller("weather"))])
    [answer] = tool_results(buyer.invoke(TASK))

    assert answer.status == "error"
    assert answer.content == f"PAYMENT ERROR: {PAYMENT_ERROR_MESSAGES[PaymentSessionExpired]}"


def test_buys_in_the_session_that_the_program_names_after_a_refusal(
    stack: Stack, management: PaymentManager, wallet: Wallet
) -> None:
    seller = stack.seller("market-data")
    small, large = (open_session(stack, management, limit) for limit in ("0.49", "1.00"))
    refusals: list[str] = []

    def take_the_large_one(context: PaymentErrorContext) -> ErrorResolution:
        refusals.append(context.exception_type)
        context.config.update_payment_session_id(large)
        return ErrorResolution.RETRY

    buyer = create_buyer(stack, wallet, small, [get(seller)], on_payment_error=take_the_large_one)
    [answer] = tool_results(buyer.invoke(TASK))

    assert refusals == ["InsufficientBudget"]
    assert goods(answer) != {}
    assert spent(stack, management, small) == 0
    assert spent(stack, management, large) == Decimal(seller.price)


def test_signs_nothing_that_the_policy_of_the_program_refuses(
    stack: Stack, management: PaymentManager, wallet: Wallet
) -> None:
    session_id = open_session(stack, management, "1.00")
    script = [get(stack.seller("weather"))]
    buyer = create_buyer(stack, wallet, session_id, script, pre_sign_policy=lambda _request: False)
    [answer] = tool_results(buyer.invoke(TASK))

    assert answer.status == "error"
    assert "pre_sign_policy blocked the payment before signing" in str(answer.content)
    assert spent(stack, management, session_id) == 0


def test_reads_session_and_instrument_by_the_tools(stack: Stack, management: PaymentManager, wallet: Wallet) -> None:
    session_id = open_session(stack, management, "1.00")
    script: Script = [("get_payment_session", {}), ("get_payment_instrument", {})]
    session, instrument = tool_results(create_buyer(stack, wallet, session_id, script).invoke(TASK))

    assert session_id in str(session.content)
    assert wallet.address in str(instrument.content)
