"""A page that chapters captions in a browser by a model's .gguf export: a folder that any web server serves.

In it lie the page itself, the model with its papers (`model/`), how it is asked (`model.json`), Errata's own modules
that read files, make prompts and read answers (`errata.zip`), and the names, versions and checksums of the three
libraries that they run on (`package.json`, `package-lock.json`), which npm brings.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from errata.browser import page_session
from errata.browser.page_session import PAGE_TEMPLATES
from errata.errors import BadInput
from errata.files import write_json
from errata.inference.artefact import Card, verify
from errata.inference.chapter_task import chapter_task
from errata.inference.tokenizer import load_tokenizer

PAGE_MODEL = "model"
"""The folder of the .gguf export in a page's."""
_PACKAGE = Path(page_session.__file__).parents[1]
_STATIC = _PACKAGE / "browser" / "static"
_LOOKS = _PACKAGE / "service" / "static"
_TOP = ("__init__.py", "errors.py", "files.py", "telemetry.py", "terminal.py")
_MODULES = (*_TOP, "domain", "formats", "tasks", "browser")
"""What runs in a page, where there is no library but Python's own."""


def check_page_template(template: str) -> None:
    """Raises BadInput for a template whose answers a page can't hold to their form."""
    if template not in PAGE_TEMPLATES:
        raise BadInput(
            f"a page in a browser can ask by the templates {', '.join(PAGE_TEMPLATES)}, and this model was taught "
            f"{template}; take another model"
        )


def write_page(folder: Path) -> None:
    """Writes the page to `folder`, where the model lies already. Raises BadInput as `check_page_template`."""
    model = folder / PAGE_MODEL
    card, tokenizer = Card.read(model), load_tokenizer(model)
    check_page_template(card.template)
    turn = chapter_task(card, tokenizer).turn
    for path in (*_STATIC.iterdir(), _LOOKS / "errata.css", _LOOKS / "icon.svg"):
        shutil.copyfile(path, folder / path.name)
    write_modules(folder / "errata.zip")
    (weights,) = model.glob("*.gguf")
    asked = {"template": card.template, "context": card.context, "end": tokenizer.eos_token_id}
    asked |= {"before": turn.before, "after": turn.after}
    write_json(folder / "model.json", {"model": verify(model), "gguf": weights.name, **asked})


def write_modules(path: Path) -> None:
    """The same modules make the same bytes."""
    sources = [source for name in _MODULES for source in _sources(_PACKAGE / name)]
    with ZipFile(path, "w") as archive:
        for source in sorted(sources):
            entry = ZipInfo(source.relative_to(_PACKAGE.parent).as_posix())
            entry.compress_type = ZIP_DEFLATED
            archive.writestr(entry, source.read_bytes())


def _sources(path: Path) -> list[Path]:
    return [path] if path.is_file() else list(path.rglob("*.py"))
