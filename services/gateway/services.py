"""What the routes work with, made once in `main.py`."""

from dataclasses import dataclass
from typing import Annotated, cast

from anyio import CapacityLimiter
from fastapi import Depends, Request

from services.gateway.access.store import KeyStore
from services.gateway.admission import Admission
from services.gateway.cancellation import Canceller
from services.gateway.idempotency import Idempotency
from services.gateway.metrics import Metrics
from services.gateway.queries.asker import Asker
from services.gateway.readiness import Readiness
from services.gateway.reading import JobReader
from services.gateway.rematcher import Rematcher
from services.gateway.results.pages import Pages
from services.gateway.upload.receiver import Receiver
from services.gateway.waiting import JobWaiter
from shared.ledger import Ledger
from shared.settings import GatewaySettings


@dataclass(frozen=True, slots=True)
class Services:
    """The use cases of the gateway.

    `uploads` bounds how many submissions are received at once: each holds a thread, and gives a sign of life
    every `alive_every_s`. `keys` is None where no API keys are configured, and everything is open.
    """

    settings: GatewaySettings
    ledger: Ledger
    reader: JobReader
    waiter: JobWaiter
    receiver: Receiver
    rematcher: Rematcher
    idempotency: Idempotency
    asker: Asker
    pages: Pages
    canceller: Canceller
    readiness: Readiness
    metrics: Metrics
    admission: Admission
    uploads: CapacityLimiter
    alive_every_s: float
    keys: KeyStore | None


async def services_of(request: Request) -> Services:
    """Return the services of the app that serves the request.

    Asynchronous, as all that is not costs a trip to a thread.
    """
    return cast(Services, request.app.state.services)


Injected = Annotated[Services, Depends(services_of)]
