"""A model for Strands that says what it was told to: tool calls one after the other, and a last word."""

import json
from collections.abc import AsyncGenerator, AsyncIterable
from typing import Any

from strands.models import Model


class ScriptedModel(Model):
    """Calls the tools of its script in order, one a turn, and then ends."""

    def __init__(self, script: list[tuple[str, dict[str, Any]]]) -> None:
        """Takes the names of the tools and their input."""
        self._script = list(script)
        self._turn = 0

    def update_config(self, **model_config: Any) -> None:
        """There is nothing to configure."""

    def get_config(self) -> dict[str, Any]:
        """There is nothing to configure."""
        return {}

    def structured_output(self, *args: Any, **kwargs: Any) -> AsyncGenerator[dict[str, Any], None]:
        """The tests ask for none."""
        raise NotImplementedError

    async def stream(self, *args: Any, **kwargs: Any) -> AsyncIterable[Any]:
        """Yields one turn in the events of Bedrock's ConverseStream, which Strands takes from every model."""
        turn, self._turn = self._turn, self._turn + 1
        yield {"messageStart": {"role": "assistant"}}
        if turn < len(self._script):
            name, tool_input = self._script[turn]
            for event in _tool_call(f"call-{turn}", name, tool_input):
                yield event
            yield {"messageStop": {"stopReason": "tool_use"}}
        else:
            yield {"contentBlockDelta": {"delta": {"text": "done"}}}
            yield {"contentBlockStop": {}}
            yield {"messageStop": {"stopReason": "end_turn"}}


def _tool_call(call_id: str, name: str, tool_input: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"contentBlockStart": {"start": {"toolUse": {"toolUseId": call_id, "name": name}}}},
        {"contentBlockDelta": {"delta": {"toolUse": {"input": json.dumps(tool_input)}}}},
        {"contentBlockStop": {}},
    ]
