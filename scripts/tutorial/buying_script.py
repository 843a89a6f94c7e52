"""What stands in the place of a model says: it looks up what it is asked for with one tool, and tells what that answered."""

from typing import Any

# The tools of the SDK's plugin that read, by a word of the question that they answer.
READING = {"budget": "get_payment_session", "instruments": "list_payment_instruments"}


def choose_tool(question: str, seller_url: str) -> tuple[str, dict[str, Any]] | None:
    """A question that names a URL is answered by buying; of the others some by reading, and the rest not at all."""
    if "http://" in question or "https://" in question:
        return "http_request", {"method": "GET", "url": seller_url}
    names = (name for word, name in READING.items() if word in question)
    name = next(names, None)
    return None if name is None else (name, {})


def answer_with(results: str) -> str:
    """The last word of a turn."""
    return f"There is no model here. The tool answered: {results}" if results else "There is no model here."
