"""In the place of Strands' model for Bedrock."""

import json
from collections.abc import AsyncGenerator, AsyncIterable
from typing import Any

from strands.models import Model

from buying_script import answer_with, choose_tool


def create_model_class(seller_url: str) -> type[Model]:
    """The class that takes the place of BedrockModel."""

    class ScriptedModel(Model):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            self._config = kwargs

        def update_config(self, **model_config: Any) -> None:
            self._config |= model_config

        def get_config(self) -> Any:
            return self._config

        def structured_output(self, *args: Any, **kwargs: Any) -> AsyncGenerator[dict[str, Any], None]:
            raise NotImplementedError("there is no model here")

        async def stream(self, messages: Any, *args: Any, **kwargs: Any) -> AsyncIterable[Any]:
            blocks = messages[-1]["content"]
            results = [part for block in blocks if "toolResult" in block for part in block["toolResult"]["content"]]
            question = "\n".join(block["text"] for block in blocks if "text" in block)
            chosen = None if results else choose_tool(question, seller_url)
            yield {"messageStart": {"role": "assistant"}}
            for event in _say(answer_with("\n".join(map(_text, results)))) if chosen is None else _call(*chosen):
                yield event
            yield {"messageStop": {"stopReason": "end_turn" if chosen is None else "tool_use"}}

    return ScriptedModel


def _text(part: dict[str, Any]) -> str:
    return str(part.get("text", part.get("json", "")))


def _say(text: str) -> list[dict[str, Any]]:
    return [
        {"contentBlockStart": {"start": {}}},
        {"contentBlockDelta": {"delta": {"text": text}}},
        {"contentBlockStop": {}},
    ]


def _call(name: str, tool_input: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"contentBlockStart": {"start": {"toolUse": {"toolUseId": f"call-{name}", "name": name}}}},
        {"contentBlockDelta": {"delta": {"toolUse": {"input": json.dumps(tool_input)}}}},
        {"contentBlockStop": {}},
    ]
