"""A model for LangChain that says what it was told to: tool calls one after the other, and a last word."""

from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult


class ScriptedChatModel(BaseChatModel):
    """Calls the tools of its script in order, one a turn, and then ends."""

    script: list[tuple[str, dict[str, Any]]]

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Any, **kwargs: Any) -> "ScriptedChatModel":
        """The script names its tools itself."""
        return self

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        # Of one conversation: as many turns are over as tools have answered.
        turn = sum(isinstance(message, ToolMessage) for message in messages)
        if turn >= len(self.script):
            return _answer(AIMessage("done"))
        name, tool_input = self.script[turn]
        # The middleware writes into the arguments that the message holds.
        call = {"name": name, "args": dict(tool_input), "id": f"call-{turn}"}
        return _answer(AIMessage("", tool_calls=[call]))


def _answer(message: AIMessage) -> ChatResult:
    return ChatResult(generations=[ChatGeneration(message=message)])
