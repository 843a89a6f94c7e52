"""What the runner says of the local stack, and who may call it how."""

import base64
import json
import os
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import boto3

Role = Literal["controlPlane", "management", "processPayment", "observer"]
Client = Literal["management", "agent", "visitor"]

TIMEOUT_SECONDS = 20.0


@dataclass(frozen=True)
class Seller:
    """One paid endpoint of the local sellers."""

    name: str
    url: str
    price: str
    protocol_version: int


@dataclass(frozen=True)
class Stack:
    """The local stack in one mode: with signatures ("iam") or with tokens ("bearer")."""

    mode: Literal["iam", "bearer"]
    region: str
    manager_arn: str
    connector_id: str
    user_id: str
    expired_session_id: str
    initiated_instrument_id: str
    faucet: str
    discovery_url: str
    sellers: tuple[Seller, ...]
    # Holds keys and secrets, which a failing test must not print.
    raw: dict[str, Any] = field(repr=False)

    def seller(self, name: str) -> Seller:
        """The seller of that name."""
        return next(seller for seller in self.sellers if seller.name == name)

    def boto3_session(self, role: Role) -> boto3.Session:
        """A session with the access key of a role."""
        key = self.raw["credentials"][role]
        return boto3.Session(
            aws_access_key_id=key["accessKeyId"],
            aws_secret_access_key=key["secretAccessKey"],
            region_name=self.region,
        )

    def request_token(self, client: Client, scope: str | None = None) -> str:
        """A fresh access token by client credentials, by default for the usual scope."""
        known = self.raw["clients"][client]
        secret = base64.b64encode(f"{known['clientId']}:{known['clientSecret']}".encode()).decode()
        form = {"grant_type": "client_credentials", "scope": scope or known["scope"]}
        request = urllib.request.Request(
            self.raw["tokenEndpoint"],
            data=urllib.parse.urlencode(form).encode(),
            headers={"Authorization": f"Basic {secret}"},
        )
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
            return str(json.load(response)["access_token"])

    def fund(self, address: str, amount: str) -> None:
        """Mints test USDC to a wallet."""
        request = urllib.request.Request(
            self.faucet,
            data=json.dumps({"address": address, "amount": amount}).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
            response.read()


@cache
def read_stack() -> Stack:
    """Reads the file that the runner names; without the runner there is nothing to test."""
    raw = json.loads(Path(os.environ["BURSAR_STACK_FILE"]).read_text())
    return Stack(
        mode=raw["mode"],
        region=raw["region"],
        manager_arn=raw["paymentManagerArn"],
        connector_id=raw["paymentConnectorIds"]["SeedVault"],
        user_id=raw["aged"]["userId"],
        expired_session_id=raw["aged"]["expiredSessionId"],
        initiated_instrument_id=raw["aged"]["initiatedInstrumentId"],
        faucet=raw["faucet"],
        discovery_url=raw["discoveryUrl"],
        sellers=tuple(
            Seller(each["name"], each["url"], each["price"], each["protocolVersion"]) for each in raw["sellers"]
        ),
        raw=raw,
    )
