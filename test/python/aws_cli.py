"""The AWS CLI as it is, in a shell with what Bursar's proxy prints."""

import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stack import TIMEOUT_SECONDS, Stack


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    exit_code: int
    stdout: str
    stderr: str

    def document(self) -> dict[str, Any]:
        """What it printed. Fails the test where the command failed."""
        assert self.exit_code == 0, self.stderr
        return dict(json.loads(self.stdout))


@dataclass(frozen=True)
class AwsCli:
    """The AWS CLI with one proxy."""

    url: str
    # Holds keys, which a failing test must not print.
    environment: dict[str, str] = field(repr=False)

    def run(self, *arguments: str, **environment: str) -> Result:
        """Runs one command to its end."""
        done = subprocess.run(
            [sys.executable, "-m", "awscli", *arguments],
            env={**os.environ, **self.environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)


@contextmanager
def start_proxy(stack: Stack, role: str, home: Path, option: str = "--role") -> Iterator[AwsCli]:
    """Starts `bursar proxy` as a user of the local stack does, and ends it as Ctrl-C does."""
    (home / ".bursar").mkdir()
    (home / ".bursar" / "local.json").write_text(json.dumps(stack.raw))
    log = home / "proxy.log"
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [*stack.raw["bursar"], "proxy", "--port", "0", option, role, "--json"],
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
    try:
        printed = _read_line(process, log)
        # What the CLI keeps between commands is no business of the user who runs the tests.
        yield AwsCli(printed["url"], {**printed["environment"], "HOME": str(home)})
        process.terminate()
        assert process.wait(TIMEOUT_SECONDS) == 0
    finally:
        process.kill()
        process.communicate()


def _read_line(process: subprocess.Popen[str], log: Path) -> dict[str, Any]:
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], TIMEOUT_SECONDS)
    line = process.stdout.readline() if ready else ""
    if line == "":
        raise RuntimeError(f"the proxy did not start: {log.read_text()}")
    return dict(json.loads(line))
