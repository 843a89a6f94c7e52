"""The SDK's plugin for Strands: an agent that meets a 402 pays it and gets the goods."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from bedrock_agentcore.payments import PaymentManager
from bedrock_agentcore.payments.integrations.config import AgentCorePaymentsPluginConfig
from bedrock_agentcore.payments.integrations.strands import AgentCorePaymentsPlugin
from strands import Agent

from managers import sign_for_api_gateway
from scripted_model import ScriptedModel
from shop import Wallet, open_session, spent
from stack import Seller, Stack

UseRole = Callable[[str], None]


def run_agent(stack: Stack, wallet: Wallet, session_id: str, script: list[tuple[str, dict[str, Any]]]) -> Agent:
    """Runs an agent with the plugin through its script; returns it with all that was said."""
    config = AgentCorePaymentsPluginConfig(
        payment_manager_arn=stack.manager_arn,
        payment_instrument_id=wallet.instrument_id,
        payment_session_id=session_id,
        region=stack.region,
        agent_name="buyer",
        # Bursar dates its authorizations back, so there is no block to wait for.
        post_payment_retry_delay_seconds=0.0,
        **_access(stack),
    )
    plugin = AgentCorePaymentsPlugin(config)
    agent = Agent(model=ScriptedModel(script), plugins=[plugin], callback_handler=None)
    if stack.mode == "iam":
        assert plugin.payment_manager is not None
        sign_for_api_gateway(plugin.payment_manager)
    agent("Buy what you need.")
    return agent


def _access(stack: Stack) -> dict[str, Any]:
    if stack.mode == "iam":
        return {"user_id": stack.user_id}
    return {"token_provider": lambda: stack.request_token("agent")}


def tool_results(agent: Agent) -> list[str]:
    """The text of every tool's result, in order."""
    blocks = [block for message in agent.messages for block in message["content"]]
    return [
        "".join(part.get("text", "") for part in block["toolResult"]["content"])
        for block in blocks
        if "toolResult" in block
    ]


def get(seller: Seller) -> tuple[str, dict[str, Any]]:
    """A call of the plugin's own tool."""
    return "http_request", {"url": seller.url}


@pytest.fixture(autouse=True)
def agent_role(default_role: UseRole) -> None:
    """The plugin makes its own client, with the program's default key."""
    default_role("processPayment")


@pytest.mark.parametrize("name", ["weather", "weather-v1"])
def test_buys_the_goods(stack: Stack, management: PaymentManager, wallet: Wallet, name: str) -> None:
    seller = stack.seller(name)
    session_id = open_session(stack, management, "1.00")
    agent = run_agent(stack, wallet, session_id, [get(seller)])
    [answer] = tool_results(agent)

    assert json.loads(answer)["statusCode"] == 200
    assert json.loads(answer)["body"]["weather"] == "sunny"
    assert spent(stack, management, session_id) == Decimal(seller.price)


def test_buys_twice_in_one_session(stack: Stack, management: PaymentManager, wallet: Wallet) -> None:
    sellers = [stack.seller("weather"), stack.seller("market-data")]
    session_id = open_session(stack, management, "1.00")
    answers = tool_results(run_agent(stack, wallet, session_id, [get(seller) for seller in sellers]))

    assert [json.loads(answer)["statusCode"] for answer in answers] == [200, 200]
    assert spent(stack, management, session_id) == sum(Decimal(seller.price) for seller in sellers)


def test_leaves_the_goods_that_the_budget_does_not_hold(
    stack: Stack, management: PaymentManager, wallet: Wallet
) -> None:
    session_id = open_session(stack, management, "0.49")
    [answer] = tool_results(run_agent(stack, wallet, session_id, [get(stack.seller("market-data"))]))

    assert answer.startswith("PAYMENT_REQUIRED:")
    assert spent(stack, management, session_id) == 0


def test_interrupts_the_agent_with_the_reason_of_a_refusal(
    stack: Stack, management: PaymentManager, wallet: Wallet
) -> None:
    session_id = open_session(stack, management, "0.49")
    script = [get(stack.seller("market-data")), ("get_payment_session", {})]
    agent = run_agent(stack, wallet, session_id, script)
    [interrupt] = agent._interrupt_state.interrupts.values()

    assert interrupt.reason["exceptionType"] == "InsufficientBudget"


def test_reads_session_and_instrument_by_the_tools(stack: Stack, management: PaymentManager, wallet: Wallet) -> None:
    session_id = open_session(stack, management, "1.00")
    script: list[tuple[str, dict[str, Any]]] = [("get_payment_session", {}), ("get_payment_instrument", {})]
    session, instrument = tool_results(run_agent(stack, wallet, session_id, script))

    assert session_id in session
    assert wallet.address in instrument
