"""Wallets, sessions and purchases, with the SDK's own calls and plain HTTP."""

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx
from bedrock_agentcore.payments import PaymentManager

from stack import TIMEOUT_SECONDS, Seller, Stack

EMBEDDED_WALLET = {
    "embeddedCryptoWallet": {
        "network": "ETHEREUM",
        "linkedAccounts": [{"email": {"emailAddress": "someone@example.com"}}],
    }
}


@dataclass(frozen=True)
class Wallet:
    """An instrument with money in it."""

    instrument_id: str
    address: str


def create_wallet(stack: Stack, management: PaymentManager, funds: str) -> Wallet:
    """Makes an instrument and mints test USDC to it."""
    instrument = management.create_payment_instrument(
        payment_connector_id=stack.connector_id,
        payment_instrument_type="EMBEDDED_CRYPTO_WALLET",
        payment_instrument_details=EMBEDDED_WALLET,
        user_id=stack.user_id,
    )
    address = instrument["paymentInstrumentDetails"]["embeddedCryptoWallet"]["walletAddress"]
    stack.fund(address, funds)
    return Wallet(instrument["paymentInstrumentId"], address)


def open_session(stack: Stack, management: PaymentManager, limit: str) -> str:
    """Opens a session with a budget; returns its id."""
    session = management.create_payment_session(
        expiry_time_in_minutes=60,
        user_id=stack.user_id,
        limits={"maxSpendAmount": {"value": limit, "currency": "USD"}},
    )
    return str(session["paymentSessionId"])


def spent(stack: Stack, manager: PaymentManager, session_id: str) -> Decimal:
    """What a session has spent: its limit without what is left."""
    session = manager.get_payment_session(session_id, user_id=stack.user_id)
    limit = Decimal(session["limits"]["maxSpendAmount"]["value"])
    return limit - Decimal(session["availableLimits"]["availableSpendAmount"]["value"])


def ask(seller: Seller) -> dict[str, Any]:
    """Asks for the goods without paying; returns the 402 in the form that the SDK takes."""
    response = httpx.get(seller.url, timeout=TIMEOUT_SECONDS)
    assert response.status_code == 402
    return {"statusCode": 402, "headers": dict(response.headers), "body": _json_or_empty(response.text)}


def fetch_goods(seller: Seller, payment_header: dict[str, str]) -> dict[str, Any]:
    """Sends the payment; returns the goods. Fails the test where the seller does not deliver."""
    response = httpx.get(seller.url, headers=payment_header, timeout=TIMEOUT_SECONDS)
    assert response.status_code == 200, response.text
    return dict(response.json())


def _json_or_empty(text: str) -> dict[str, Any]:
    value = json.loads(text or "{}")
    return value if isinstance(value, dict) else {}
