"""What travels between processes: frozen, JSON only, no unknown fields."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from shared.limits import Limits

ListingId = Annotated[str, Field(min_length=1, max_length=200)]
CatalogName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
AttributeValue = str | int | float | bool
Stage = Literal["encode", "ingest", "match", "finish"]
# Jobs that are accepted on disk, go through the stages and end with result pages.
AcceptedKind = Literal["submission", "rematch"]
Verdict = Literal["duplicate", "variant", "different"]
# Too many listings; or parts that no sure pair holds together.
ReviewReason = Literal["too_large", "weak_link"]


class Message(BaseModel):
    """Base of everything that crosses a process boundary."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Listing(Message):
    """One seller's offer as submitted.

    `image` is an http(s) URL, or a `SpooledImage` for bytes that came with the submission; or None.
    """

    id: ListingId
    title: Annotated[str, Field(max_length=2000)] = ""
    image: Annotated[str, Field(max_length=4096)] | None = None
    attributes: dict[str, AttributeValue] = {}


class Rejection(Message):
    """A listing that could not be taken: its place in the upload (from 1), a stable code and a reason."""

    row: int
    listing_id: str | None = None
    code: str
    detail: str


class Row(Message):
    """One row of an upload: exactly one of a listing and a rejection."""

    row: int
    listing: Listing | None = None
    rejection: Rejection | None = None


class Chunk(Message):
    """The rows of a job that are worked on together; kept in the spool."""

    job_id: str
    rows: tuple[Row, ...]


class CandidateLimits(Message):
    """How many candidates each channel gives a listing: `k`, or what is said for the channel.

    With 0 a channel gives none. It still counts as evidence about the candidates of the others.
    """

    k: Annotated[int, Field(ge=1, le=100)] = 10
    k_image: Annotated[int, Field(ge=0, le=100)] | None = None
    k_text: Annotated[int, Field(ge=0, le=100)] | None = None
    k_lexical: Annotated[int, Field(ge=0, le=100)] | None = None

    @model_validator(mode="after")
    def _some_channel_is_on(self) -> Self:
        if self.limits == Limits.all(0):
            raise ValueError("with k_image, k_text and k_lexical all 0 no candidates could be found")
        return self

    @property
    def limits(self) -> Limits:
        """The limit of every channel."""
        said = (self.k_image, self.k_text, self.k_lexical)
        return Limits(*(self.k if own is None else own for own in said))


class JobOptions(CandidateLimits):
    """What the client asked for.

    `against` names what the listings are matched with: the whole catalog, the other listings of the
    submission, or another catalog (`catalog:<name>`); a rematch is always against the whole catalog.
    """

    catalog: CatalogName
    against: Annotated[str, Field(pattern=r"^(catalog|submission|catalog:[a-z0-9][a-z0-9._-]{0,62})$")] = (
        "catalog"
    )
    threshold: Annotated[float, Field(ge=0, le=1)] | None = None


class AcceptedJob(Message):
    """The record of acceptance in the spool: enough to rebuild the job if Redis loses everything.

    A rematch has neither chunks nor rows.
    """

    job_id: str
    kind: AcceptedKind = "submission"
    sequence: int
    options: JobOptions
    chunks: int
    rows: int
    slice_listings: int


class UnitHint(Message):
    """A hint that a unit of a job may need work; the ledger knows whether it does."""

    job_id: str
    stage: Stage
    unit: str


class Query(CandidateLimits):
    """An interactive request: one listing to search for, or two to compare.

    A search returns at most `k` matches.
    Images of a query travel under `payload_keys` in Redis (one per listing, None without image bytes).
    """

    job_id: str
    kind: Literal["dedup", "search"]
    listings: tuple[Listing, ...]
    payload_keys: tuple[str | None, ...]
    deadline_ms: int
    catalog: CatalogName | None = None
    threshold: Annotated[float, Field(ge=0, le=1)] | None = None


class Conflict(Message):
    """Tokens of two titles that contradict each other, of one kind (size, pack, model, colour, number)."""

    kind: str
    a: str
    b: str


class Pair(Message):
    """Two listings and what was decided about them; a similarity is None where a side lacks it."""

    a: str
    b: str
    verdict: Verdict
    probability: float
    image_sim: float | None = None
    text_sim: float | None = None
    fused_sim: float | None = None
    lexical_sim: float | None = None
    conflicts: tuple[Conflict, ...] = ()


class GroupMember(Message):
    """A listing in a group, with the probability of its most probable pair inside the group."""

    id: str
    probability: float


class Group(Message):
    """Listings that are one product, under an id that lasts; with `review` a person should look first."""

    id: str
    canonical: str
    size: int
    members: tuple[GroupMember, ...]
    review: bool = False
    review_reason: ReviewReason | None = None


class FinishedJob(Message):
    """The record of a job's end in the spool: result pages stay readable if Redis loses everything."""

    job_id: str
    status: Literal["succeeded", "failed", "cancelled"]
    fields: dict[str, JsonValue] = {}
