"""Chromium at the review page: who is signed in, and what the page says of itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Reviewing:
    """A browser of one reviewer, with its own store and cookies."""

    context: Any
    address: str
    problems: list[str] = field(default_factory=list)
    """What the browser complained of: a script's fault, or what the page's policy forbade."""

    def page(self) -> Any:
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", lambda said: self.problems.append(said.text) if said.type == "error" else None)
        return page

    def open(self, item: int) -> Any:
        page = self.page()
        page.goto(f"{self.address}/review/{item}")
        ready(page)
        return page


def ready(page: Any) -> None:
    page.wait_for_selector("#review[aria-busy=false]", timeout=60_000)


def saved(page: Any) -> None:
    page.wait_for_selector("#save-state[data-state=saved]", timeout=30_000)


def titles(page: Any) -> list[str]:
    return [field.input_value() for field in page.locator("#chapters .title").all()]


def times(page: Any) -> list[str]:
    return list(page.locator("#chapters .border-slider").all_inner_texts())


@contextmanager
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


def sign_in(browser: Any, address: str, key: str, **options: Any) -> Reviewing:
    context = browser.new_context(**options)
    context.set_default_timeout(30_000)
    reviewing = Reviewing(context, address)
    page = reviewing.page()
    page.goto(f"{address}/sign-in?next=/review")
    page.get_by_label("Key").fill(key)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/review", wait_until="domcontentloaded")
    page.close()
    return reviewing
