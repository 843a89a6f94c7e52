"""Runs a notebook or program that was written for AWS's own service, as it stands, against the local stack."""

import json
import linecache
import os
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlparse

import botocore.session

AWS_DOMAINS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws")


def say(line: str) -> None:
    """Tells of the runner, beside what the program prints."""
    print(f"tutorial   {line}", file=sys.stderr, flush=True)


def keep_on_this_machine(endpoint: str) -> None:
    """Has clients of AWS that name an endpoint of AWS themselves go where AWS_ENDPOINT_URL leads the others."""
    create_client = botocore.session.Session.create_client

    def create(self: Any, *args: Any, **kwargs: Any) -> Any:
        named = urlparse(kwargs.get("endpoint_url") or "").hostname or ""
        if named.endswith(AWS_DOMAINS):
            kwargs["endpoint_url"] = endpoint
        return create_client(self, *args, **kwargs)

    botocore.session.Session.create_client = create


def replace_models(source: str, seller_url: str) -> None:
    """Puts a script in the place of each model that the program names."""
    if "BedrockModel" in source:
        import strands.models
        import strands.models.bedrock
        from strands_script import create_model_class

        strands.models.BedrockModel = strands.models.bedrock.BedrockModel = create_model_class(seller_url)
        say(f"in place of BedrockModel stands a script that buys {seller_url}")
    if "ChatBedrockConverse" in source:
        import langchain_aws
        from langchain_script import create_chat_model_class

        langchain_aws.ChatBedrockConverse = create_chat_model_class(seller_url)
        say(f"in place of ChatBedrockConverse stands a script that buys {seller_url}")


def read_cells(path: Path) -> list[str]:
    """The code cells of a notebook; a program is one."""
    text = path.read_text()
    if path.suffix != ".ipynb":
        return [text]
    cells = [cell["source"] for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    return [cell if isinstance(cell, str) else "".join(cell) for cell in cells]


def drop_commands(cell: str) -> str:
    """Without the lines that are Jupyter's and not Python's, each of which is told."""
    kept = []
    for line in cell.splitlines():
        if line.startswith(("%", "!")):
            say(f"left out: {line}")
            kept.append("")
        else:
            kept.append(line)
    return "\n".join(kept)


def create_main(path: Path) -> ModuleType:
    """The module that the program finds itself to be: one of a file, or as in Jupyter one of none."""
    main = ModuleType("__main__")
    if path.suffix != ".ipynb":
        main.__file__ = str(path)
    sys.modules["__main__"] = main
    return main


def run_cells(path: Path, cells: list[str], keep_going: bool) -> int:
    """Runs them one after the other in one namespace. Returns how many failed."""
    namespace = vars(create_main(path))
    failed = 0
    for number, cell in enumerate(cells, start=1):
        what = f"cell {number} of {len(cells)}"
        source = cell
        name = str(path)
        if path.suffix == ".ipynb":
            source = drop_commands(cell)
            name = f"{path.name}, {what}"
            # For tracebacks, which look for the file of that name.
            linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        try:
            exec(compile(source, name, "exec"), namespace)
        except (Exception, SystemExit) as error:
            if isinstance(error, SystemExit) and error.code in (None, 0):
                return failed
            traceback.print_exc()
            say(f"{what} failed")
            failed += 1
            if not keep_going:
                return failed
        else:
            say(f"{what} done")
    return failed


def main() -> int:
    """Takes the file, and whether to go on after a cell that failed."""
    path = Path(sys.argv[1]).resolve()
    cells = read_cells(path)
    keep_on_this_machine(os.environ["AWS_ENDPOINT_URL"])
    replace_models("\n".join(cells), os.environ["BURSAR_TUTORIAL_SELLER"])
    os.chdir(path.parent)
    sys.path.insert(0, str(path.parent))
    failed = run_cells(path, cells, "--keep-going" in sys.argv[2:])
    say(f"{path.name}: {len(cells)} cells, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
