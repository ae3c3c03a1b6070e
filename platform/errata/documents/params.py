"""`params.yaml`: what a team may set of its pipeline. Read here and nowhere else.

A default stands where a parameter came to be after workspaces had been made, so that those still open; the file that
`errata init` lays out has every one, with what it is for.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from reprlib import repr as short
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, get_args, get_type_hints
from urllib.parse import urlsplit

from annotated_types import Ge, Gt, Le, Lt, MinLen

from errata.documents.document import type_adapter
from errata.documents.judge_params import NO_JUDGES, JudgesParams, judges_of
from errata.domain.hosts import is_this_machine
from errata.domain.names import meant
from errata.domain.pending_promotion import ApprovalRule
from errata.errors import BadInput, NotFound
from errata.files import JsonObject

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Share = Annotated[float, Gt(0), Le(1)]
Positive = Annotated[float, Gt(0)]
NotNegative = Annotated[float, Ge(0)]
Count = Annotated[int, Ge(1)]
Seed = Annotated[int, Ge(0), Lt(2**32)]
"""What every library takes for one."""
Target = Literal["server", "device", "gguf", "nf4", "adapter"]
"""What `registry.export.targets` has a row of, in that order."""
TARGETS: tuple[Target, ...] = get_args(Target)
NumberType = Literal["base", "bf16", "fp16"]
Precision = Literal["int4", "int8"]
GgufPrecision = Literal["f16", "q8_0", "q4_k_m"]
EngineName = Literal["transformers", "llama.cpp"]


class ParamGroup:
    """A misspelt parameter is refused: its default would hold in silence."""

    __slots__ = ()
    __pydantic_config__: ClassVar[JsonObject] = {"extra": "forbid", "allow_inf_nan": False}


@dataclass(frozen=True, slots=True)
class SourceParams(ParamGroup):
    """How a collection of transcripts counts in training."""

    weight: Positive = 1.0
    """Of the loss of its rows; 1 is even-handed."""
    cap: Share = 1.0
    """Of the new rows that a night trains on, at most."""


@dataclass(frozen=True, slots=True)
class CurateParams(ParamGroup):
    """How much one reviewer, or one source, may put into one night."""

    reviewer_share: Share
    """Of the rows that are new to a night."""
    probation_share: Share
    """The same for a reviewer on probation."""
    suspects: Literal["keep", "hold"] = "keep"
    """Whether labels in the inbox of suspects are trained on."""
    suspect_rows: Annotated[int, Ge(0)] = 50
    """New rows a night whose loss is looked at."""
    sources: dict[str, SourceParams] = field(default_factory=dict)
    """By the name that `errata import transcripts --source` gave, or else by the channel; others count whole."""


@dataclass(frozen=True, slots=True)
class ReviewParams(ParamGroup):
    """What reviewers are shown, by `errata tasks` and on the review page."""

    blind_share: Annotated[float, Ge(0), Le(1)] = 0.25
    """Of the tasks, without a draft."""
    page_blind_share: Annotated[float, Ge(0), Le(1)] = 0.2
    """The same of what the review page shows. What is blind for the smaller share is so for the larger one too."""
    audit_share: Annotated[float, Ge(0), Le(1)] = 0.05
    """Of the talks, those that two people review, the second without a sight of the first's work. Drawn by chance: what
    they show of reviewers holds for all talks."""
    drafts: Literal["champion", "random"] = "random"
    """`random`: while a challenger waits, half of the drafts are its own."""


AlterationName = Literal[
    "unpunctuated",
    "begun late",
    "cuts off borders",
    "recogniser noise",
    "no speaker labels",
    "line dropout",
    "sponsor",
    "intro",
    "pauses",
    "instruction",
]


def alteration_names(names: Sequence[str]) -> list[AlterationName]:
    """Raises BadInput for one that is none."""
    known = {str(name): name for name in get_args(AlterationName)}
    for name in names:
        if name not in known:
            raise BadInput(f"there is no alteration {name!r}{meant(name, known)}; take one of {', '.join(known)}")
    return [known[name] for name in names]


@dataclass(frozen=True, slots=True)
class ParaphraseParams(ParamGroup):
    """A model that says rows in other words, behind an OpenAI-compatible server: the rows' text leaves this machine."""

    url: str
    """As `http://localhost:8000/v1`."""
    model: str
    share: Share
    """Of the rows."""
    of: Literal["text", "titles"] = "text"
    key_env: str = ""
    """The environment variable that holds the server's key; empty where it asks for none."""

    def __post_init__(self) -> None:
        """Raises BadInput where the key would be sent unencrypted."""
        parts = urlsplit(self.url)
        if self.key_env and parts.scheme == "http" and not is_this_machine(parts.hostname or ""):
            raise BadInput("params.yaml: augment.paraphrase would send its key unencrypted; give it an https:// url")


@dataclass(frozen=True, slots=True)
class AugmentParams(ParamGroup):
    share: NotNegative
    """Altered copies, as a share of the rows, half of them unpunctuated and half begun late; `alterations` overrides
    it."""
    seed: Seed
    alterations: dict[AlterationName, Share] = field(default_factory=dict)
    """For each that is wanted, the share of the rows that get a copy altered so."""
    copies: Count = 2
    """Of one row, at most, however many are drawn."""
    sources: dict[str, Annotated[float, Ge(0), Le(1)]] = field(default_factory=dict)
    """How much of these shares holds for the rows of a source, by the name that its import gave, or else its channel: 0
    alters none of them. Others are altered in full."""
    paraphrase: ParaphraseParams | None = None
    """None: nobody is asked."""


@dataclass(frozen=True, slots=True)
class ReplayShares(ParamGroup):
    """Which of the rows that the starting model has trained on come again, as shares of the replay that needn't sum to
    1: what there are too few of is drawn evenly."""

    uniform: NotNegative = 1.0
    hardest: NotNegative = 0.0
    """Those that the champion finds hardest, without the hardest hundredth: it is likely to be mislabelled."""
    on_policy: NotNegative = 0.0
    """What the champion itself said and reviewers left as it was, or nearly so."""


@dataclass(frozen=True, slots=True)
class MixParams(ParamGroup):
    replay: NotNegative
    """Rows that the starting model has trained on, for each new one."""
    least: int
    """With fewer rows than this, a night trains nothing."""
    seed: Seed
    replay_by: ReplayShares = ReplayShares()
    trust: bool = False
    """Whether a row weighs as much as its reviewer is to be trusted, by adjudicated items."""
    half_age: NotNegative = 0.0
    """After so many nights with corrections a row weighs half; 0: age doesn't count."""
    most: Count = 50_000
    """Rows at most that are new to the starting model: a candidate from base would else learn all there ever were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe(ParamGroup):
    """`train`: how the candidate is made."""

    backend: Literal["transformers", "unsloth"]
    method: Literal["lora", "qlora", "full"]
    start: Literal["champion", "base"]
    rank: Count
    alpha: Count
    learning_rate: Positive
    epochs: Positive
    max_steps: Count = 200
    """However many rows there are: bounds what a night costs."""
    border_weight: Positive = 2.0
    """Of the label that says "a chapter begins", where the template has a token for it; others weigh 1."""
    entry_weight: Positive = 1.0
    """The same where the template lists chapters: of the first label of each line of the list."""
    stream_loss_weight: NotNegative = 1.0
    """Of the labels after frames, where a model learns when to speak; others weigh 1."""
    silence_balance: Annotated[float, Ge(0), Lt(1)] = 0.0
    """β of the class-balanced loss of silence against speech after frames; 0 is off."""
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    """See `retrain.precision`; the same bits after a kill are promised for fp32."""
    layers: Annotated[int, Ge(0)] = 0
    """The last so many get an adapter, which is cheaper; 0: all."""
    dora: bool = False
    """A weight's size apart from its direction (DoRA)."""
    rslora: bool = False
    """`alpha` over the root of `rank` (rsLoRA)."""
    lora_plus: Annotated[float, Ge(1)] = 1.0
    """The learning rate of an adapter's second matrix over that of its first (LoRA+)."""
    batch: Count
    """Rows a step; they pass one at a time, so that none is padded."""
    warmup: NotNegative
    """Share of the steps."""
    seed: Seed
    fresh_every: Annotated[int, Ge(0)] = 0
    """Each so many-th night makes a candidate from base besides, and the better one on dev is the night's; 0: none."""
    interpolate: Annotated[tuple[Share, ...], MinLen(1)] = (1.0,)
    """How far from the champion to what was trained: the best on dev of these."""
    objective: Literal["sft", "sft+dpo"] = "sft"
    """`sft+dpo`: besides the right chapters, rather them than the draft that they were made from."""
    dpo_beta: Positive = 0.1
    """Of `sft+dpo`: DPO's temperature,"""
    dpo_weight: NotNegative = 0.25
    """what a pair's loss counts beside a label's mean,"""
    kl_weight: NotNegative = 0.05
    """and what the divergence from the champion does."""


@dataclass(frozen=True, slots=True)
class TrainerParams(ParamGroup):
    """Where the candidate is trained: it comes out the same, up to the order in which floats are added."""

    engine: Literal["local", "ray"] = "local"
    """`ray`: on the cluster that the environment variable RAY_ADDRESS names."""
    workers: Count = 1
    """With `ray`: processes that share out the rows of each step."""
    sharding: Literal["none", "full"] = "none"
    """With `ray`: `full` has each process hold a part of the weights, their gradients and the optimiser's state."""

    def __post_init__(self) -> None:
        """Raises BadInput where there is nobody to share with."""
        if self.engine == "local" and self.sharding != "none":
            raise BadInput(
                "params.yaml: trainer.sharding shares a model out among processes; set trainer.engine to ray, or "
                "trainer.sharding to none"
            )

    @property
    def parts(self) -> int:
        """Into how many the model is shared out."""
        return self.workers if self.sharding == "full" else 1


@dataclass(frozen=True, slots=True)
class EvaluateParams(ParamGroup):
    seed: Seed
    vintage_items: Count = 20
    """Of each earlier night's fresh items, asked again."""
    vintages: Count = 16
    """Earlier nights, at most. Without any, `forgetting` would be waived without a word."""
    engine: EngineName = "transformers"
    """`llama.cpp`: every model that is scored answers by its own .gguf export, where that agrees with it."""


@dataclass(frozen=True, slots=True)
class GateParams(ParamGroup):
    preset: str
    """See `registry.policy`."""
    min_effect: Annotated[float, Ge(0)] = 0.0
    """Points of F1: a candidate must be shown to gain more than this."""
    waive: tuple[str, ...] = ()
    """Guardrails that may pass where their items can't tell: by name, since whoever ships answers for it."""
    blind_share: Annotated[float, Ge(0), Le(1)] = 0.2
    """Of the fresh items' labels; with fewer blind ones, the report says how far the verdict may lean."""

    def tests_as(self, other: GateParams) -> bool:
        """Whether a contender is put to the same test, so that evidence gathered for the one holds for the other."""
        return (self.preset, self.min_effect) == (other.preset, other.min_effect)


UNKNOWN_GATE = GateParams(preset="")
"""By which an older Errata decided: its nights didn't keep it."""


@dataclass(frozen=True, slots=True)
class ReleaseParams(ParamGroup):
    hand_moves: Literal["restore", "adopt"] = "restore"
    """What becomes of a champion that somebody moved in MLflow. `adopt`: it stays, where a tag of the version names who
    approves, and where the gate said `promote` of it or it was champion before."""
    approval: ApprovalRule = "none"
    """Of people, before what the gate said `promote` of ships. `two`: different ones."""


@dataclass(frozen=True, slots=True)
class ExportParams(ParamGroup):
    targets: tuple[Target, ...]
    server: NumberType = "base"
    device: Precision = "int8"
    gguf: GgufPrecision = "q8_0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Params(ParamGroup):
    curate: CurateParams | None = None
    """None: no reviewer's share is bounded."""
    review: ReviewParams = ReviewParams()
    augment: AugmentParams
    mix: MixParams
    train: Recipe
    trainer: TrainerParams = TrainerParams()
    evaluate: EvaluateParams
    judges: JudgesParams = NO_JUDGES
    gate: GateParams
    export: ExportParams
    release: ReleaseParams = ReleaseParams()

    def by_name(self) -> dict[str, object]:
        """Every parameter under `group.name`."""
        groups = {group: values for group, values in asdict(self).items() if values is not None}
        return {f"{group}.{name}": value for group, values in groups.items() for name, value in values.items()}


GROUPS = tuple(field.name for field in fields(Params))
REMEDY = "mend it, or copy the project's own"


def read_params(path: Path) -> Params:
    """Raises BadInput, in one sentence that names it, for a parameter that is missing, unknown or of the wrong kind."""
    groups = _read_as_dvc(path)
    if not isinstance(groups, dict):
        raise BadInput(f"{path} holds no parameters; {REMEDY}")
    return params_of(groups)


def _read_as_dvc(path: Path) -> Any:
    """By the YAML that DVC compares parameters in, 1.2: `1e-4` is a number, and no name may stand twice."""
    from ruamel.yaml import YAML
    from ruamel.yaml.constructor import DuplicateKeyError
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise NotFound(f"{path} can't be read ({error.strerror}); {REMEDY}") from error
    except DuplicateKeyError as error:
        what, line = str(error.problem).partition(" with ")[0], error.problem_mark.line + 1
        raise BadInput(f"{path}, line {line}: {what}; remove one of the two") from error
    except YAMLError as error:
        raise BadInput(f"{path} isn't YAML ({_first_words(error)}); {REMEDY}") from error
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError) as error:
        # of bytes that aren't UTF-8, and of ruamel's makers of values: a day like 2026-02-30
        raise BadInput(f"{path} isn't YAML ({error}); {REMEDY}") from error


def _first_words(error: Exception) -> str:
    """What ruamel says, and where, without its picture of the place and its advice."""
    problem, mark = getattr(error, "problem", None), getattr(error, "problem_mark", None)
    return f"line {mark.line + 1}: {problem}" if problem and mark else " ".join(str(error).split())


def params_of(groups: JsonObject) -> Params:
    """Of what `params.yaml` holds; raises as `read_params` does."""
    from pydantic import ValidationError

    own = {name: values for name, values in groups.items() if name != "judges"}
    for name, values in own.items():  # a group whose lines are all commented out is no group that was left out
        if not isinstance(values, dict):
            raise BadInput(f"params.yaml: {name} is {values!r}, no group of parameters; mend it")
    judges = judges_of(groups.get("judges"))
    try:
        # as JSON and strictly: a number in quotes is none, and a list may be a tuple
        params = type_adapter(Params).validate_json(json.dumps(own, default=str), strict=True)
    except ValidationError as error:
        raise BadInput(_complaint(min(error.errors(), key=_order))) from error
    except (TypeError, ValueError) as error:  # of JSON: a day as a name, an anchor within itself
        raise BadInput(f"params.yaml holds what no parameter can be ({error}); mend it") from error
    return replace(params, judges=judges)


def _order(error: ErrorDetails) -> bool:
    """Names that are none come first: what seems to be missing may be there, misspelt."""
    return error["type"] != "unexpected_keyword_argument"


def _complaint(error: ErrorDetails) -> str:
    group, *names = map(str, error["loc"] or ("a character",))
    place = ".".join((group, *names))
    match error["type"]:
        case "unexpected_keyword_argument" if names:
            within = ".".join((group, *names[:-1]))
            return f"params.yaml: {within} has no parameter {names[-1]!r}{meant(names[-1], _names(group))}; remove it"
        case "unexpected_keyword_argument":
            return f"params.yaml has no group {group!r}{meant(group, GROUPS)}; remove it"
        case "literal_error" if names[-1:] == ["[key]"]:
            known = get_args(AlterationName)
            return f"params.yaml: {group}.{names[0]} has no {names[1]!r}{meant(names[1], known)}; remove it"
        case "missing" if names:
            return f"params.yaml: {place} is missing; give it a value"
        case "missing":
            return f"params.yaml lacks the group {group}; copy it from the project's own"
    return f"params.yaml: {place} is {short(error['input'])}: {error['msg']}; mend it"


def _names(group: str) -> list[str]:
    """The parameters that a group has."""
    kind = get_type_hints(Params)[group]
    # a group that may be left out is one or None
    return [field.name for choice in (kind, *get_args(kind)) if is_dataclass(choice) for field in fields(choice)]
