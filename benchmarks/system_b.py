"""The chaptering service that Errata takes the place of, made again as its text describes it, to be held against ours.

    python -m benchmarks.system_b MODEL PORT

An `async` handler generates itself; 500 words a chunk, sampled at 0.7, the prompt typed in by hand; the answer is read
from the first bracket to the last, and one that can't be read is an empty list. MODEL is a folder
that transformers loads.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from transformers import AutoModelForCausalLM, AutoTokenizer

WORDS, NEW_TOKENS, TEMPERATURE = 500, 512, 0.7
PROMPT = (
    "<|im_start|>system\nYou split transcripts into chapters.<|im_end|>\n<|im_start|>user\nSplit the transcript into "
    "3-7 chapters. Answer with a JSON list of objects with the keys title (under ten words) and start_text (the exact "
    "first sentence of the chapter).\n{text}<|im_end|>\n<|im_start|>assistant\n"
)


class TranscriptBody(BaseModel):
    text: str


def make_service(folder: str) -> FastAPI:
    model: Any = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True)
    tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    app = FastAPI()

    @app.post("/process_transcript")
    async def process_transcript(body: TranscriptBody) -> dict[str, list[Any]]:
        words = body.text.split()
        chapters: list[Any] = []
        for begin in range(0, len(words), WORDS):
            chapters += chapters_of(" ".join(words[begin : begin + WORDS]))
        return {"chapters": chapters}

    def chapters_of(text: str) -> list[Any]:
        tokens = tokenizer(PROMPT.format(text=text), return_tensors="pt")
        tokens.pop("token_type_ids", None)
        made = model.generate(**tokens, max_new_tokens=NEW_TOKENS, do_sample=True, temperature=TEMPERATURE)
        answer = tokenizer.decode(made[0][tokens["input_ids"].shape[1] :], skip_special_tokens=True)
        try:
            found = json.loads(answer[answer.find("[") : answer.rfind("]") + 1])
        except json.JSONDecodeError:
            return []
        return found if isinstance(found, list) else []

    @app.get("/healthz")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    return app


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("port", type=int)
    arguments = parser.parse_args()
    uvicorn.run(make_service(arguments.model), host="127.0.0.1", port=arguments.port, log_level="warning")


if __name__ == "__main__":
    main()
