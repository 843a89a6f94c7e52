"""In the place of LangChain's model for Bedrock."""

from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult

from buying_script import answer_with, choose_tool


def create_chat_model_class(seller_url: str) -> type[BaseChatModel]:
    """The class that takes the place of ChatBedrockConverse."""

    class ScriptedChatModel(BaseChatModel):
        model: str = ""
        region_name: str = ""

        @property
        def _llm_type(self) -> str:
            return "scripted"

        def bind_tools(self, tools: Any, **kwargs: Any) -> "ScriptedChatModel":
            return self

        def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
            last = messages[-1]
            chosen = None if isinstance(last, ToolMessage) else choose_tool(str(last.content), seller_url)
            if chosen is None:
                return _answer(AIMessage(answer_with(str(last.content))))
            name, args_of_call = chosen
            return _answer(AIMessage("", tool_calls=[{"name": name, "args": args_of_call, "id": f"call-{name}"}]))

    return ScriptedChatModel


def _answer(message: AIMessage) -> ChatResult:
    return ChatResult(generations=[ChatGeneration(message=message)])
