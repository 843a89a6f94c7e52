"""The newest botocore's own model, which is ahead of the npm clients: what AWS adds is noticed here."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.model import OperationModel, ServiceModel, Shape

from stack import Stack

# What somebody has looked at. After a look, write what the failing test prints into it.
KNOWN = Path(__file__).parent.parent / "known_model.json"
PLANES = ("bedrock-agentcore", "bedrock-agentcore-control")


@pytest.fixture(scope="module")
def operations(stack: Stack) -> dict[str, OperationModel]:
    """Every operation of AWS's on the paths of payments, by its name."""
    session = botocore.session.get_session()
    paths = re.compile(stack.raw["contract"]["paths"])
    models: list[ServiceModel] = [session.get_service_model(plane) for plane in PLANES]
    found = (model.operation_model(name) for model in models for name in model.operation_names)
    return {each.name: each for each in found if paths.match(each.http["requestUri"])}


def test_knows_every_operation(stack: Stack, operations: dict[str, OperationModel]) -> None:
    contract = stack.raw["contract"]

    assert sorted(operations) == sorted([*contract["operations"], *contract["leftOut"]])


def test_has_every_operation_where_aws_has_it(stack: Stack, operations: dict[str, OperationModel]) -> None:
    ours = stack.raw["contract"]["operations"]
    theirs = {
        name: {
            "method": operations[name].http["method"],
            "path": operations[name].http["requestUri"],
            "successStatus": operations[name].http["responseCode"],
        }
        for name in ours
    }

    assert theirs == ours


def test_knows_every_member_every_value_and_every_error(stack: Stack, operations: dict[str, OperationModel]) -> None:
    covered = [operations[name] for name in sorted(stack.raw["contract"]["operations"])]
    shapes: dict[str, Any] = {}
    for operation in covered:
        for shape in (operation.input_shape, operation.output_shape):
            shapes.update(describe(operation.service_model.service_name, shape))
    found = {
        "errors": {each.name: sorted(shape.name for shape in each.error_shapes) for each in covered},
        "shapes": shapes,
    }

    text = json.dumps(found, indent=2, sort_keys=True)
    assert json.loads(KNOWN.read_text()) == found, text


def describe(plane: str, root: Shape | None) -> dict[str, Any]:
    """Each shape that a request or an answer is made of, and what may stand in it."""
    shapes: dict[str, Any] = {}
    for shape in walk(root, set()):
        if shape.type_name == "structure":
            shapes[f"{plane} {shape.name}"] = {"members": sorted(shape.members), "required": sorted(shape.required_members)}
        elif getattr(shape, "enum", None):
            shapes[f"{plane} {shape.name}"] = sorted(shape.enum)
    return shapes


def walk(shape: Shape | None, seen: set[str]) -> Iterator[Shape]:
    """A shape and all that it is made of, each once."""
    if shape is None or shape.name in seen:
        return
    seen.add(shape.name)
    yield shape
    if shape.type_name == "structure":
        for member in shape.members.values():
            yield from walk(member, seen)
    elif shape.type_name == "list":
        yield from walk(shape.member, seen)
    elif shape.type_name == "map":
        yield from walk(shape.value, seen)
