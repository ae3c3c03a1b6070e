"""What a reviewer makes of a prediction, from whatever tool they use."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from errata.operations.correcting import correct_prediction
from errata.service.chapters_routes import PROBLEMS
from errata.service.identity import KeyHolder
from errata.service.messages import CorrectionAnswer, CorrectionAsked, ProblemMessage
from errata.service.service_state import state

ORIGIN = "api"
router = APIRouter(
    tags=["corrections"],
    responses={**PROBLEMS, 404: {"model": ProblemMessage, "description": "There is no such prediction"}},
)


@router.post("/v1/corrections", response_model=CorrectionAnswer, status_code=201)
async def correct(request: Request, asked: CorrectionAsked, reviewer: KeyHolder) -> Response:
    """An edit, an accept or a reject, signed by the key's holder. Sent again, it changes nothing (200)."""
    said = asked.model_dump(exclude_none=True, exclude={"chapters"})
    if asked.chapters is not None:
        said["reviewed"] = [chapter.model_dump() for chapter in asked.chapters]
    done = await state(request).writer.write(lambda store: correct_prediction(store, said, reviewer.name, ORIGIN))
    answer = CorrectionAnswer(correction=done.correction, new=done.new, kind=done.kind, id=done.external_id)
    return Response(answer.model_dump_json(), 201 if done.new else 200, media_type="application/json")
