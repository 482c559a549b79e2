"""What the service answers, typed; fields that a newer service adds are ignored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ENDED = frozenset({"succeeded", "failed", "cancelled"})


@dataclass(frozen=True, slots=True)
class Job:
    """A request and how far it is.

    `counts` are of listings, pairs and groups; `stages` maps a stage to its units done and in total (None:
    not known yet); `progress` is 0 to 1, `rate` listings per second, `eta_seconds` what is left, each None
    when not known. `retry_after_s` is when the service wants to be asked again.
    """

    id: str
    kind: str
    status: str
    stage: str | None = None
    catalog: str | None = None
    counts: dict[str, int] = field(default_factory=dict)
    stages: dict[str, dict[str, int | None]] = field(default_factory=dict)
    progress: float | None = None
    rate: float | None = None
    eta_seconds: float | None = None
    created_at: str | None = None
    started_at: str | None = None
    ended_at: str | None = None
    result: Any = None
    error: dict[str, str] | None = None
    retry_after_s: float | None = None

    @property
    def ended(self) -> bool:
        """Whether the status is final."""
        return self.status in ENDED


@dataclass(frozen=True, slots=True)
class Conflict:
    """Tokens of two titles that contradict each other, of one kind (size, pack, model, colour, number)."""

    kind: str
    a: str
    b: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Two listings and what was decided about them; a similarity is None where a side lacks it."""

    a: str
    b: str
    verdict: str
    probability: float
    image_sim: float | None = None
    text_sim: float | None = None
    fused_sim: float | None = None
    lexical_sim: float | None = None
    conflicts: tuple[Conflict, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupMember:
    """A listing in a group, with the probability of its most probable pair inside the group."""

    id: str
    probability: float


@dataclass(frozen=True, slots=True)
class Group:
    """Listings that are one product; `canonical` stands for it.

    With `review` a person should look first, as `review_reason` says: too_large or weak_link.
    """

    id: str
    canonical: str
    size: int
    members: tuple[GroupMember, ...] = ()
    review: bool = False
    review_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Rejection:
    """A listing that could not be taken: its place in the upload (from 1), a code and a reason."""

    row: int
    code: str
    detail: str
    listing_id: str | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The answer about two listings; `evidence` maps each feature to its value, weight and contribution."""

    verdict: str
    probability: float
    threshold: float
    calibrated: bool = True
    image_sim: float | None = None
    text_sim: float | None = None
    fused_sim: float | None = None
    lexical_sim: float | None = None
    conflicts: tuple[Conflict, ...] = ()
    evidence: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Match:
    """A listing of the catalog that may be the one searched for."""

    listing_id: str
    verdict: str
    probability: float
    title: str = ""
    image: str | None = None
    image_sim: float | None = None
    text_sim: float | None = None
    fused_sim: float | None = None
    lexical_sim: float | None = None
    conflicts: tuple[Conflict, ...] = ()


def _known(kind: Any, raw: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - any of the classes above
    values = {name: raw[name] for name in kind.__slots__ if name in raw}
    if "conflicts" in values:
        values["conflicts"] = tuple(Conflict(**_known(Conflict, item)) for item in values["conflicts"])
    if "members" in values:
        values["members"] = tuple(GroupMember(**_known(GroupMember, item)) for item in values["members"])
    return values


def job_of(raw: Mapping[str, Any], retry_after_s: float | None = None) -> Job:
    """Read a job."""
    return Job(**_known(Job, raw) | {"retry_after_s": retry_after_s})


def pair_of(raw: Mapping[str, Any]) -> Pair:
    """Read a pair."""
    return Pair(**_known(Pair, raw))


def group_of(raw: Mapping[str, Any]) -> Group:
    """Read a group."""
    return Group(**_known(Group, raw))


def rejection_of(raw: Mapping[str, Any]) -> Rejection:
    """Read a rejection."""
    return Rejection(**_known(Rejection, raw))


def comparison_of(raw: Mapping[str, Any]) -> Comparison:
    """Read the result of a comparison."""
    return Comparison(**_known(Comparison, raw))


def match_of(raw: Mapping[str, Any]) -> Match:
    """Read one match of a search."""
    return Match(**_known(Match, raw))
