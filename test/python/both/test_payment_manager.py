"""PaymentManager of the SDK against the local stack, the same in both modes."""

import base64
import json
import uuid
from decimal import Decimal
from typing import Any

import pytest
from bedrock_agentcore.payments import PaymentManager
from bedrock_agentcore.payments.manager import (
    InsufficientBudget,
    InvalidPaymentInstrument,
    PaymentError,
    PaymentInstrumentNotFound,
    PaymentSessionExpired,
    PaymentSessionNotFound,
)

from managers import DENIED
from shop import EMBEDDED_WALLET, Wallet, ask, create_wallet, fetch_goods, open_session, spent
from stack import Stack

MISSING_SESSION = "payment-session-000000000000000"
MISSING_INSTRUMENT = "payment-instrument-000000000000000"


def decode(header: str) -> dict[str, Any]:
    """The JSON document in a payment header."""
    return dict(json.loads(base64.b64decode(header)))


def test_reads_and_lists_an_instrument(stack: Stack, management: PaymentManager, wallet: Wallet) -> None:
    instrument = management.get_payment_instrument(wallet.instrument_id, user_id=stack.user_id)
    listed = management.list_payment_instruments(user_id=stack.user_id)["paymentInstruments"]

    assert instrument["status"] == "ACTIVE"
    assert instrument["userId"] == stack.user_id
    assert instrument["paymentInstrumentDetails"]["embeddedCryptoWallet"]["walletAddress"] == wallet.address
    assert wallet.instrument_id in [each["paymentInstrumentId"] for each in listed]


def test_makes_one_instrument_for_a_repeated_client_token(stack: Stack, management: PaymentManager) -> None:
    token = str(uuid.uuid4())
    first, second = (
        management.create_payment_instrument(
            stack.connector_id, "EMBEDDED_CRYPTO_WALLET", EMBEDDED_WALLET, stack.user_id, token
        )
        for _ in range(2)
    )

    assert first == second


def test_reads_the_balance_of_a_wallet(stack: Stack, management: PaymentManager) -> None:
    wallet = create_wallet(stack, management, funds="1.25")
    balance = management.get_payment_instrument_balance(
        payment_connector_id=stack.connector_id,
        payment_instrument_id=wallet.instrument_id,
        chain="BASE_SEPOLIA",
        token="USDC",
        user_id=stack.user_id,
    )

    amount = balance["tokenBalance"]
    assert Decimal(amount["amount"]).scaleb(-amount["decimals"]) == Decimal("1.25")


def test_does_not_find_an_instrument_that_was_deleted(stack: Stack, management: PaymentManager) -> None:
    wallet = create_wallet(stack, management, funds="1.00")
    management.delete_payment_instrument(
        payment_connector_id=stack.connector_id,
        payment_instrument_id=wallet.instrument_id,
        user_id=stack.user_id,
    )

    with pytest.raises(PaymentInstrumentNotFound):
        management.get_payment_instrument(wallet.instrument_id, user_id=stack.user_id)


def test_reads_lists_and_deletes_a_session(stack: Stack, management: PaymentManager) -> None:
    session_id = open_session(stack, management, "2.50")
    session = management.get_payment_session(session_id, user_id=stack.user_id)
    listed = management.list_payment_sessions(user_id=stack.user_id)["paymentSessions"]
    deleted = management.delete_payment_session(session_id, user_id=stack.user_id)

    assert session["userId"] == stack.user_id
    assert session["expiryTimeInMinutes"] == 60
    assert Decimal(session["availableLimits"]["availableSpendAmount"]["value"]) == Decimal("2.50")
    assert session_id in [each["paymentSessionId"] for each in listed]
    assert deleted["status"] == "DELETED"


def test_does_not_find_a_session_that_there_is_not(stack: Stack, management: PaymentManager) -> None:
    with pytest.raises(PaymentSessionNotFound):
        management.get_payment_session(MISSING_SESSION, user_id=stack.user_id)


def test_does_not_find_an_instrument_that_there_is_not(stack: Stack, management: PaymentManager) -> None:
    with pytest.raises(PaymentInstrumentNotFound):
        management.get_payment_instrument(MISSING_INSTRUMENT, user_id=stack.user_id)


def test_refuses_a_session_of_more_than_eight_hours(stack: Stack, management: PaymentManager) -> None:
    with pytest.raises(PaymentError, match="Invalid expiry_time_in_minutes"):
        management.create_payment_session(expiry_time_in_minutes=481, user_id=stack.user_id)


@pytest.mark.parametrize(
    ("name", "version", "header_name"),
    [("weather-v1", 1, "X-PAYMENT"), ("weather", 2, "PAYMENT-SIGNATURE")],
)
def test_buys_the_goods(
    stack: Stack,
    management: PaymentManager,
    agent: PaymentManager,
    wallet: Wallet,
    name: str,
    version: int,
    header_name: str,
) -> None:
    seller = stack.seller(name)
    session_id = open_session(stack, management, "1.00")
    header = agent.generate_payment_header(wallet.instrument_id, session_id, ask(seller), user_id=stack.user_id)
    goods = fetch_goods(seller, header)

    assert list(header) == [header_name]
    assert decode(header[header_name])["x402Version"] == version
    assert goods["weather"] == "sunny"
    assert spent(stack, agent, session_id) == Decimal(seller.price)


def test_buys_the_goods_of_a_seller_that_speaks_mpp(
    stack: Stack, management: PaymentManager, agent: PaymentManager, wallet: Wallet
) -> None:
    seller = stack.seller("forecast-mpp")
    session_id = open_session(stack, management, "1.00")
    header = agent.generate_payment_header(wallet.instrument_id, session_id, ask(seller), user_id=stack.user_id)
    goods = fetch_goods(seller, header)

    assert list(header) == ["Authorization"]
    assert header["Authorization"].startswith("Payment ")
    assert goods["months"] == 3
    assert spent(stack, agent, session_id) == Decimal(seller.price)


def test_gives_one_proof_for_a_repeated_client_token(
    stack: Stack, management: PaymentManager, agent: PaymentManager, wallet: Wallet
) -> None:
    seller = stack.seller("weather")
    session_id = open_session(stack, management, "1.00")
    token = str(uuid.uuid4())
    challenge = ask(seller)
    first, second = (
        agent.generate_payment_header(
            wallet.instrument_id, session_id, challenge, user_id=stack.user_id, client_token=token
        )
        for _ in range(2)
    )

    assert first == second
    assert spent(stack, agent, session_id) == Decimal(seller.price)


def test_raises_insufficient_budget(
    stack: Stack, management: PaymentManager, agent: PaymentManager, wallet: Wallet
) -> None:
    session_id = open_session(stack, management, "0.49")

    with pytest.raises(InsufficientBudget):
        agent.generate_payment_header(
            wallet.instrument_id, session_id, ask(stack.seller("market-data")), user_id=stack.user_id
        )
    assert spent(stack, agent, session_id) == 0


def test_spends_a_budget_to_the_cent(
    stack: Stack, management: PaymentManager, agent: PaymentManager, wallet: Wallet
) -> None:
    seller = stack.seller("market-data")
    session_id = open_session(stack, management, "0.50")
    header = agent.generate_payment_header(wallet.instrument_id, session_id, ask(seller), user_id=stack.user_id)

    assert fetch_goods(seller, header)["unit"] == "installations"
    assert spent(stack, agent, session_id) == Decimal("0.50")


def test_raises_payment_session_expired(stack: Stack, agent: PaymentManager, wallet: Wallet) -> None:
    with pytest.raises(PaymentSessionExpired):
        agent.generate_payment_header(
            wallet.instrument_id, stack.expired_session_id, ask(stack.seller("weather")), user_id=stack.user_id
        )


def test_raises_invalid_payment_instrument_for_one_that_is_not_active(
    stack: Stack, management: PaymentManager, agent: PaymentManager
) -> None:
    session_id = open_session(stack, management, "1.00")

    with pytest.raises(InvalidPaymentInstrument):
        agent.generate_payment_header(
            stack.initiated_instrument_id, session_id, ask(stack.seller("weather")), user_id=stack.user_id
        )
    assert spent(stack, agent, session_id) == 0


def pay(stack: Stack, agent: PaymentManager, instrument_id: str, session_id: str) -> dict[str, Any]:
    """ProcessPayment alone: `generate_payment_header` reads the wallet first, and that read answers 404."""
    accepts = ask(stack.seller("weather-v1"))["body"]["accepts"]
    return dict(
        agent.process_payment(
            payment_session_id=session_id,
            payment_instrument_id=instrument_id,
            payment_type="CRYPTO_X402",
            payment_input={"cryptoX402": {"version": "1", "payload": accepts[0]}},
            user_id=stack.user_id,
        )
    )


def test_raises_payment_session_not_found_for_a_session_that_there_is_not(
    stack: Stack, agent: PaymentManager, wallet: Wallet
) -> None:
    with pytest.raises(PaymentSessionNotFound):
        agent.generate_payment_header(
            wallet.instrument_id, MISSING_SESSION, ask(stack.seller("weather")), user_id=stack.user_id
        )


def test_raises_payment_session_not_found_for_a_session_that_was_deleted(
    stack: Stack, management: PaymentManager, agent: PaymentManager, wallet: Wallet
) -> None:
    session_id = open_session(stack, management, "1.00")
    management.delete_payment_session(session_id, user_id=stack.user_id)

    with pytest.raises(PaymentSessionNotFound):
        pay(stack, agent, wallet.instrument_id, session_id)


def test_raises_invalid_payment_instrument_for_a_wallet_that_there_is_not(
    stack: Stack, management: PaymentManager, agent: PaymentManager
) -> None:
    session_id = open_session(stack, management, "1.00")

    with pytest.raises(InvalidPaymentInstrument):
        pay(stack, agent, MISSING_INSTRUMENT, session_id)
    assert spent(stack, agent, session_id) == 0


def test_refuses_a_challenge_for_other_money(
    stack: Stack, management: PaymentManager, agent: PaymentManager, wallet: Wallet
) -> None:
    session_id = open_session(stack, management, "1.00")
    challenge = ask(stack.seller("weather-v1"))
    challenge["body"]["accepts"][0]["asset"] = "0x000000000000000000000000000000000000dEaD"

    with pytest.raises(PaymentError, match="ValidationException") as refusal:
        agent.generate_payment_header(wallet.instrument_id, session_id, challenge, user_id=stack.user_id)
    # None of the subclasses: neither the budget nor the instrument is to blame.
    assert type(refusal.value) is PaymentError
    assert spent(stack, agent, session_id) == 0


def mpp_challenge(method: str, details: dict[str, Any]) -> str:
    """A challenge of the Machine Payments Protocol, as a seller writes it."""
    request = {
        "amount": "1000",
        "currency": "0x036CbD53842c5426634e7929541eC2318f3dCF7e",
        "recipient": "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
        "methodDetails": details,
    }
    canonical = json.dumps(request, separators=(",", ":"), sort_keys=True)
    encoded = base64.urlsafe_b64encode(canonical.encode()).decode().rstrip("=")
    return f'Payment id="challenge-1", realm="seller.example", method="{method}", intent="charge", request="{encoded}"'


SOLANA = mpp_challenge("solana", {"network": "devnet"})
EVM = mpp_challenge("evm", {"chainId": 84532, "credentialTypes": ["authorization"], "decimals": 6})


def offering(challenge: dict[str, Any], mpp: str) -> dict[str, Any]:
    """The 402 of a seller who takes MPP beside x402."""
    return {**challenge, "headers": {**challenge["headers"], "WWW-Authenticate": mpp}}


def test_buys_by_x402_where_the_wallet_cannot_pay_the_mpp_beside_it(
    stack: Stack, management: PaymentManager, agent: PaymentManager, wallet: Wallet
) -> None:
    seller = stack.seller("weather")
    session_id = open_session(stack, management, "1.00")
    both = offering(ask(seller), SOLANA)
    header = agent.generate_payment_header(wallet.instrument_id, session_id, both, user_id=stack.user_id)

    assert list(header) == ["PAYMENT-SIGNATURE"]
    assert fetch_goods(seller, header)["weather"] == "sunny"


def test_pays_by_mpp_where_the_wallet_can_and_is_paid_for_once(
    stack: Stack, management: PaymentManager, agent: PaymentManager, wallet: Wallet
) -> None:
    session_id = open_session(stack, management, "1.00")
    both = offering(ask(stack.seller("weather")), EVM)
    # The SDK prefers MPP, and sends a client token of its own each time.
    header = agent.generate_payment_header(wallet.instrument_id, session_id, both, user_id=stack.user_id)
    again = agent.generate_payment_header(wallet.instrument_id, session_id, both, user_id=stack.user_id)

    assert list(header) == ["Authorization"]
    assert header["Authorization"].startswith("Payment ")
    assert again == header
    assert spent(stack, agent, session_id) == Decimal("0.001")


def test_refuses_a_broken_mpp_challenge_so_that_the_x402_beside_it_can_be_bought(
    stack: Stack, management: PaymentManager, agent: PaymentManager, wallet: Wallet
) -> None:
    seller = stack.seller("weather")
    session_id = open_session(stack, management, "1.00")
    challenge = ask(seller)
    request = base64.urlsafe_b64encode(b'{ "amount": "1000" }').decode().rstrip("=")
    broken = f'Payment id="challenge-2", realm="seller.example", method="evm", intent="charge", request="{request}"'

    # The SDK never changes over once it has asked; the caller does, since nothing was signed.
    with pytest.raises(PaymentError, match="ValidationException") as refusal:
        agent.generate_payment_header(
            wallet.instrument_id, session_id, offering(challenge, broken), user_id=stack.user_id
        )
    assert type(refusal.value) is PaymentError
    assert spent(stack, agent, session_id) == 0
    header = agent.generate_payment_header(wallet.instrument_id, session_id, challenge, user_id=stack.user_id)
    assert fetch_goods(seller, header)["weather"] == "sunny"


def test_refuses_an_agent_that_opens_a_session(stack: Stack, agent: PaymentManager) -> None:
    with pytest.raises(PaymentError, match=DENIED[stack.mode]):
        open_session(stack, agent, "1.00")


def test_refuses_a_backend_that_pays(stack: Stack, management: PaymentManager, wallet: Wallet) -> None:
    session_id = open_session(stack, management, "1.00")

    with pytest.raises(PaymentError, match=DENIED[stack.mode]):
        management.generate_payment_header(
            wallet.instrument_id, session_id, ask(stack.seller("weather")), user_id=stack.user_id
        )
    assert spent(stack, management, session_id) == 0
