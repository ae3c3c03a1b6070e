"""What came of a request to the registry's side, in a sentence."""

from __future__ import annotations

from errata.domain.registry_request import RegistryRequest

KINDS = {"rollback": "roll-back", "promotion": "promotion", "rejection": "rejection"}
"""As people call what is asked for."""


def request_sentence(request: RegistryRequest) -> str:
    asked = f"request {request.number}, a {KINDS[request.wish.kind]} asked for by {request.by}"
    match request.state:
        case "done" if request.wish.kind == "rejection":
            return f"{asked}, is carried out: {request.wish.model[:16]} is not promoted"
        case "done" if not request.moved:
            return f"{asked}, counts as one approval of {request.wish.model[:16]}, which waits for another person's"
        case "done":
            return f"{asked}, is carried out: champion is {request.wish.model[:16]}"
        case "refused":
            return f"{asked}, is refused: {request.problem}"
        case "waiting":
            return f"{asked}, waits for the next command on the registry's side"
