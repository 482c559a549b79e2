"""The Celery app, one way for every process, and the publisher of hints.

Every setting below answers a failure that was seen; `docs/decisions/0002-ledger-is-the-truth.md` tells more.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from celery import Celery
from kombu import Producer, Queue

# The package's stubs are older than batches.
from kombu.exceptions import BatchPublishError, OperationalError  # type: ignore[attr-defined]
from redis.exceptions import RedisError

from shared.connection import KEEPALIVE, is_outage, redis_address, redis_tls
from shared.errors import LedgerUnavailable
from shared.messages import Message, UnitHint
from shared.routing import QUEUES, STAGE_TASKS
from shared.settings import CommonSettings
from shared.transport import register as register_transport

log = logging.getLogger(__name__)

KEY_PREFIX = "doppel:"


def make_celery(name: str, settings: CommonSettings, *, publisher_only: bool = False) -> Celery:
    """Return a Celery app; `publisher_only` gives up quickly when Redis is away, for the gateway."""
    transport: dict[str, Any] = {
        "visibility_timeout": settings.visibility_timeout_s,
        # Without these two a message of a killed worker comes back only after some 100 s.
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        # Whoever died while bringing messages back holds this lock; kombu would keep it for five minutes.
        "unacked_mutex_expire": 10,
        "health_check_interval": 10,
        "socket_connect_timeout": 2,
        "socket_keepalive": True,
        "socket_keepalive_options": KEEPALIVE,
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0.2,
        "interval_max": 0.5,
        "global_keyprefix": KEY_PREFIX,
    }
    if publisher_only:
        # Never on a worker: when an acknowledgement times out, Celery 5.7 swallows it and stops consuming.
        transport["socket_timeout"] = 2
    register_transport()
    app = Celery(name, broker=redis_address(settings), set_as_current=False)
    retry = {"max_retries": 1, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.5}
    app.conf.update(
        broker_transport_options=transport,
        broker_use_ssl=redis_tls(settings) or False,
        visibility_timeout=settings.visibility_timeout_s,
        task_queues=[Queue(queue) for queue in QUEUES],
        # A mistyped queue is an error, not a place where messages vanish.
        task_create_missing_queues=False,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_retry_on_worker_lost=True,
        task_annotations={"*": {"max_retries": 2, "default_retry_delay": 5}},
        # An exception in time saves the process, and its models; the process pool alone knows either.
        task_soft_time_limit=settings.task_limit_s * 0.75,
        task_time_limit=settings.task_limit_s,
        task_ignore_result=True,
        task_serializer="json",
        result_serializer="json",
        accept_content=["json"],
        task_publish_retry_policy=retry,
        worker_prefetch_multiplier=1,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_soft_shutdown_timeout=30,
        # An idle worker has nothing to hand back: the ledger knows what waits.
        worker_enable_soft_shutdown_on_idle=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        # Loading torch in a spawned child takes longer than billiard's four seconds.
        worker_proc_alive_timeout=120,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
    )
    return app


class Publisher:
    """Sends messages by task name; nothing of ours depends on their arrival but speed."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def send(self, task: str, queue: str, message: Message) -> None:
        """Publish one message.

        Raises:
            LedgerUnavailable: Redis did not take it.
        """
        with _outage_as_error():
            self._send(task, queue, message)

    def hint(self, *hints: UnitHint) -> None:
        """Publish hints to the queue of each one's stage, many in one round trip.

        Raises:
            LedgerUnavailable: Redis did not take all of them.
        """
        if len(hints) > 1:
            try:
                with _outage_as_error(), self._app.producer_or_acquire() as producer, producer.batch():
                    for hint in hints:
                        self._send(*STAGE_TASKS[hint.stage], hint, producer)
                return
            except BatchPublishError:
                # A batch is not repeated over another connection, as one message is. A hint may come twice.
                log.info("hints are published one by one")
        for hint in hints:
            self.send(*STAGE_TASKS[hint.stage], hint)

    def _send(self, task: str, queue: str, message: Message, producer: Producer | None = None) -> None:
        # The representations, which nobody reads here, would cost more than the message itself.
        self._app.send_task(
            task,
            args=[message.model_dump(mode="json")],
            queue=queue,
            argsrepr="",
            kwargsrepr="",
            producer=producer,
            # A message goes straight into its queue's list; a consumer says for itself that there is a queue.
            declare=(),
        )


@contextmanager
def _outage_as_error() -> Iterator[None]:
    try:
        yield
    except (OperationalError, RedisError) as error:
        if isinstance(error, RedisError) and not is_outage(error):
            raise
        raise LedgerUnavailable(f"Redis did not take a message: {error}") from error
