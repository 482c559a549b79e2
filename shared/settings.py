"""Every setting of every process, typed, with its unit in its name; read from `DOPPEL_…` variables.

Objects are made in a process's `main.py` and passed down; a value that does not fit stops the process.
"""

import ssl
from pathlib import Path
from typing import Literal, Self
from urllib.parse import parse_qs, urlsplit

from pydantic import Field, FilePath, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class _Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="DOPPEL_",
        # `DOPPEL_KEYS_FILE=`, as .env.example has it, is no path.
        env_ignore_empty=True,
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
    )


class CommonSettings(_Settings):
    """What all processes share."""

    redis_url: SecretStr = Field(
        SecretStr("redis://127.0.0.1:6379/0"),
        description="Redis: Celery broker, ledger, embeddings in flight",
    )
    redis_password_file: FilePath | None = Field(
        None, description="File that holds the password of Redis, instead of one in the address"
    )
    redis_ca_file: FilePath | None = Field(
        None,
        description="Certificates (PEM) that a rediss:// server's must come from, instead of the system's",
    )
    redis_cert_file: FilePath | None = Field(
        None, description="Certificate (PEM) that this process shows to a rediss:// server"
    )
    redis_key_file: FilePath | None = Field(None, description="Private key (PEM) of that certificate")
    spool_url: str = Field(
        "data/spool", description="Blob storage: a folder, or an s3://, az:// or gs:// address"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least level that is logged"
    )
    lease_s: float = Field(
        30,
        ge=1,
        le=3600,
        description="Seconds without a heartbeat after which a unit of work is given to another worker",
    )
    max_attempts: int = Field(
        3,
        ge=1,
        le=10,
        description="Attempts at a unit of work that kill their worker or fail, before its job fails",
    )
    task_limit_s: float = Field(
        120, gt=0, description="Seconds after which an encoder that is still at one task is killed"
    )
    wedged_s: float = Field(
        180,
        gt=0,
        description="Seconds after which a worker that takes nothing from a queue with messages ends itself",
    )
    retention_s: int = Field(
        7 * 86400, ge=60, description="Seconds for which a finished job, its results and its uploads are kept"
    )
    visibility_timeout_s: int = Field(
        300, ge=5, description="Seconds after which Redis redelivers a message that no worker acknowledged"
    )

    @model_validator(mode="after")
    def _check_redis(self) -> Self:
        """Refuse what later would look like an outage, or would quietly not be encrypted or checked."""
        address = urlsplit(self.redis_url.get_secret_value())
        if address.scheme not in ("redis", "rediss"):
            raise ValueError("the address of Redis has to begin with redis:// or rediss://")
        if any(name.startswith("ssl") for name in parse_qs(address.query, keep_blank_values=True)):
            raise ValueError(
                "certificates are always checked: use DOPPEL_REDIS_CA_FILE, no ssl_… in the address"
            )
        if self.redis_password_file and address.password:
            raise ValueError("the password of Redis is in its address and in DOPPEL_REDIS_PASSWORD_FILE")
        if bool(self.redis_cert_file) != bool(self.redis_key_file):
            raise ValueError("DOPPEL_REDIS_CERT_FILE and DOPPEL_REDIS_KEY_FILE go together")
        if address.scheme == "redis" and (self.redis_ca_file or self.redis_cert_file):
            raise ValueError("with certificates, the address of Redis has to begin with rediss://")
        if address.scheme == "redis":
            return self
        try:
            context = ssl.create_default_context(cafile=self.redis_ca_file)
            if self.redis_cert_file:
                # Without a password of its own OpenSSL would ask for one at the terminal.
                context.load_cert_chain(self.redis_cert_file, self.redis_key_file, password="")
        except OSError as error:
            raise ValueError(f"the certificates for Redis cannot be used: {error}") from error
        return self


class GatewaySettings(_Settings):
    """The HTTP gateway."""

    gateway_host: str = Field("127.0.0.1", description="Address the gateway listens on")
    gateway_port: int = Field(8080, ge=1, le=65535, description="Port the gateway listens on")
    cors_origins: tuple[str, ...] = Field(
        (),
        description='Origins of browser front ends that may call the API, as JSON: ["https://shop.example"]',
    )
    keys_file: Path | None = Field(
        None,
        description="File of API keys, made by `doppel keys create`; without it, anybody may do anything",
    )
    metrics_need_key: bool = Field(
        False, description="Whether /metrics, too, wants an API key where there are any"
    )
    admit_memory_share: float = Field(
        0.7, gt=0, le=1, description="Share of Redis's memory in use from which no new work is accepted (429)"
    )
    admit_units: int = Field(
        200_000, ge=1, description="Chunks and slices in work from which no submission or rematch is accepted"
    )
    admit_queries: int = Field(
        500, ge=1, description="Waiting comparisons and searches from which no more are accepted"
    )
    spool_min_free_bytes: int = Field(
        128 * 1024**2, ge=0, description="Free bytes of a spool's disk below which no upload is taken (507)"
    )
    chunk_listings: int = Field(
        64,
        ge=1,
        le=2048,
        description="Listings per chunk: about two seconds of encoding (64 on a CPU, 256 on a GPU)",
    )
    slice_listings: int = Field(
        256, ge=1, le=4096, description="Listings matched in one task of the index worker"
    )
    max_upload_bytes: int = Field(2 * 1024**3, ge=1, description="Largest body of a submission")
    max_listings: int = Field(2_000_000, ge=1, description="Most listings in one submission")
    max_row_bytes: int = Field(
        15_000_000,
        ge=1024,
        description="Largest row of a submission (an image may travel in it as a data: URI)",
    )
    max_image_bytes: int = Field(
        10_000_000, ge=1, description="Largest image in an upload or a ZIP, in bytes"
    )
    upload_idle_s: float = Field(
        60, gt=0, description="Seconds without a byte after which an upload is given up"
    )
    max_wait_s: float = Field(
        30, ge=0, le=300, description="Most seconds that `Prefer: wait` may hold a request"
    )
    stalled_s: float = Field(
        300,
        gt=0,
        description="Seconds in which work waits and none of its kind is done, until /health/ready is red",
    )
    behind_s: float = Field(
        900,
        gt=0,
        description="Seconds a job may wait for the index worker and not get on, until /health/ready is red",
    )
    query_deadline_s: float = Field(
        60, gt=0, description="Seconds after which an unanswered comparison or search is reported as failed"
    )


class EncoderSettings(_Settings):
    """The encoder workers."""

    profile: str = Field(
        "bundled", description="Profile: bundled, clip, deterministic (tests), or a path to a manifest"
    )
    artifacts_dir: Path = Field(Path("artifacts"), description="Folder that holds the profiles")
    image_weights: Path | None = Field(
        None, description="Local file or folder of the profile's image weights, instead of the model hub"
    )
    text_weights: Path | None = Field(
        None, description="Local folder of the profile's text model, instead of the model hub"
    )
    device: str = Field("auto", description="auto (CUDA when there, else CPU), cpu, cuda or cuda:N")
    backend: Literal["auto", "torch", "openvino"] = Field(
        "auto",
        description="What runs the models: torch, openvino (for CPUs: the same vectors, faster), or auto: "
        "that where it agrees with torch",
    )
    precision: Literal["auto", "full"] = Field(
        "auto",
        description="auto: for models whose profile allows it, float16 on GPUs, and bfloat16 on CPUs that "
        "have it where it moves similarities by at most 0.005 (catalogs never mix it); full: neither",
    )
    threads: int = Field(0, ge=0, description="CPU threads of the model (0: one per core)")
    decode_threads: int = Field(4, ge=1, le=64, description="Threads that fetch and decode images")
    image_batch: int = Field(32, ge=1, le=4096, description="Images that go through the model at once")
    text_batch: int = Field(
        32, ge=1, le=4096, description="Titles that go through the model at once (32 on a CPU, 256 on a GPU)"
    )
    cache_ttl_s: int = Field(
        86400, ge=0, description="Seconds for which an embedding is reused for identical content (0: never)"
    )
    max_image_pixels: int = Field(
        50_000_000, ge=1, description="Most pixels of an image; larger ones are rejected"
    )
    fetch_max_bytes: int = Field(15_000_000, ge=1, description="Largest image that is fetched, in bytes")
    fetch_timeout_s: float = Field(15, gt=0, description="Seconds an image may take to arrive")
    fetch_allow_hosts: tuple[str, ...] = Field(
        (),
        description="Hosts from which images may be fetched, as JSON (empty: every public host): "
        '["cdn.example", "*.shop.example", "images.example:8443"]',
    )
    fetch_headers_file: Path | None = Field(
        None,
        description="JSON file of headers for single hosts, kept secret: "
        '{"cdn.example": {"Authorization": "Bearer …"}}',
    )
    fetch_private_networks: tuple[str, ...] = Field(
        (),
        description='Private networks that images may be fetched from, as JSON: ["10.1.0.0/16"]',
    )


class IndexSettings(_Settings):
    """The index worker."""

    catalogs_dir: Path = Field(Path("data/catalogs"), description="Folder that holds the catalogs")
    classifiers_dir: Path = Field(
        Path("artifacts"), description="Folder whose profiles' classifiers are loaded"
    )
    index_limit_s: float = Field(
        900, gt=0, description="Seconds after which an index worker that is still at one task ends itself"
    )
    open_catalogs: int = Field(
        32,
        ge=2,
        description="Catalogs that are kept open, those used last: memory and three files each; "
        "any other is read anew when it is needed",
    )
    pair_floor: float = Field(
        0.05, ge=0, le=1, description="Scored pairs below this probability are not kept (variants are)"
    )
    max_group: int = Field(50, ge=2, description="Groups larger than this go to review")
    page_rows: int = Field(1000, ge=1, le=10_000, description="Rows of a result page in the spool")


class ReconcilerSettings(_Settings):
    """The reconciler."""

    reconcile_every_s: float = Field(
        5, gt=0, le=300, description="Seconds between two sweeps for lost or abandoned work"
    )


ALL_SETTINGS: tuple[type[BaseSettings], ...] = (
    CommonSettings,
    GatewaySettings,
    EncoderSettings,
    IndexSettings,
    ReconcilerSettings,
)
