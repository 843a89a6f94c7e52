"""AWS's tutorials: the calls that they make, by `npm run tutorial` and up to a paid purchase."""

import json
import os
import re
import subprocess
import sys
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from stack import TIMEOUT_SECONDS, Stack

ROOT = Path(__file__).parents[3]
PROGRAM = Path(__file__).parents[1] / "tutorials" / "from_setup_to_purchase.py"
# The script that stands in the model's place buys this.
SELLER = "weather"


def write_notebook(path: Path) -> None:
    """The program's cells, with a line before them that is Jupyter's."""
    cells = ["%pip install -r requirements.txt\n", *re.split(r"^# %%.*\n", PROGRAM.read_text(), flags=re.MULTILINE)]
    code = [{"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in cells]
    path.write_text(json.dumps({"nbformat": 4, "cells": [{"cell_type": "markdown", "source": "# A tutorial"}, *code]}))


def let_sign(url: str, address: str) -> None:
    """Presses the button of the page on which the wallet's owner lets the application sign."""
    with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as response:
        page = response.read().decode()
    [form] = [form for form in re.findall(r"<form.*?</form>", page, re.DOTALL) if address in form]
    fields = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]+)"', form))
    body = urllib.parse.urlencode({**fields, "grant": "yes"}).encode()
    urllib.request.urlopen(url, body, timeout=TIMEOUT_SECONDS).close()


def run_tutorial(stack: Stack, home: Path, vendor: str) -> tuple[list[dict[str, Any]], str, int]:
    """Runs the notebook, and does in between what its reader does by hand. Returns what it tells, its log, and its status."""
    (home / ".bursar").mkdir()
    (home / ".bursar" / "local.json").write_text(json.dumps(stack.raw))
    write_notebook(home / "tutorial.ipynb")
    command = [stack.raw["bursar"][0], str(ROOT / "scripts" / "tutorial.ts"), "tutorial.ipynb"]
    told = []
    with (home / "log").open("w+") as log:
        process = subprocess.Popen(
            [*command, "--python", sys.executable, "--seller", SELLER],
            cwd=home,
            env={**os.environ, "TUTORIAL_VENDOR": vendor},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        assert process.stdin is not None and process.stdout is not None
        try:
            for line in process.stdout:
                told.append(json.loads(line))
                if told[-1]["tells"] == "by hand":
                    stack.fund(told[-1]["address"], "5.00")
                    let_sign(told[-1]["link"], told[-1]["address"])
                    process.stdin.write("\n")
                    process.stdin.flush()
            status = process.wait(TIMEOUT_SECONDS)
        finally:
            process.kill()
        log.seek(0)
        return told, log.read(), status


@pytest.mark.parametrize("vendor", ["CoinbaseCDP", "StripePrivy"])
def test_goes_from_the_first_role_to_a_paid_purchase(stack: Stack, tmp_path: Path, vendor: str) -> None:
    told, log, status = run_tutorial(stack, tmp_path, vendor)
    by_name = {each["tells"]: each for each in told}

    assert status == 0, log
    assert [each["arn"].split("/")[1] for each in told if each["tells"] == "assumed"] == [
        "AgentCorePaymentsControlPlaneRole",
        "AgentCorePaymentsManagementRole",
    ]
    assert [each["amount"] for each in told if each["tells"] == "balance"] == ["5000000", "4990000"]
    assert "sunny" in by_name["bought"]["answer"]
    assert by_name["left"]["available"] == {"value": "0.99", "currency": "USD"}
    assert "no service logs" in by_name["no logs"]["why"]
    assert told[-1] == {"tells": "done"}
    assert "left out: %pip install -r requirements.txt" in log
    assert "in place of BedrockModel stands a script that buys" in log


def test_tells_which_cell_failed(stack: Stack, tmp_path: Path) -> None:
    told, log, status = run_tutorial(stack, tmp_path, "NoSuchVendor")

    assert status == 1
    assert "KeyError" not in log
    assert re.search(r"^tutorial   cell \d+ of \d+ failed$", log, re.MULTILINE)
    assert told[-1]["tells"] == "assumed"
