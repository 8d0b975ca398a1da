"""Marked copies, made in a thread of their own after the run that made the picture."""

import logging
import queue
import threading

import remarque
from remarque.actions.checkpointing import close_sitting
from remarque.actions.publishing import PublishWishes
from remarque.errors import RemarqueError
from remarque.model.digests import digest_of
from remarque.wiring.recorder import Recorder

from .orders import Order  # noqa: TID252  ComfyUI loads the package by its path

log = logging.getLogger("remarque.comfyui")

_LONGEST_WAIT_SECONDS = 600.0


class Marking:
    """Publishes what was ordered. A copy whose marks cannot be made is not written."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._orders: queue.SimpleQueue[tuple[Order, str | None]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._idle = threading.Event()
        self._idle.set()

    def add(self, order: Order, work: str | None) -> None:
        """Make this copy as soon as its picture is in the record; returns at once."""
        self._idle.clear()
        self._orders.put((order, work))
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="remarque marks", daemon=True)
            self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Wait until every copy ordered so far is made or refused."""
        return self._idle.wait(seconds)

    def _run(self) -> None:
        while True:
            order, work = self._orders.get()
            try:
                self._publish(order, work)
            except RemarqueError as error:
                why = f"{error.message}. {error.hint}".strip()
                log.warning("Remarque made no marked copy of %s: %s", order.picture.name, why)
            except Exception as error:  # noqa: BLE001  the thread must live on for the next copy
                log.warning("Remarque made no marked copy of %s: %r", order.picture.name, error)
            finally:
                if self._orders.empty():
                    self._idle.set()

    def _publish(self, order: Order, work: str | None) -> None:
        self._recorder.flush(_LONGEST_WAIT_SECONDS)
        digest = digest_of(order.picture.read_bytes())
        wishes = PublishWishes(
            visible=order.visible,
            label_ai=order.label_ai,
            credentials=order.credentials,
            work=work,
        )
        with remarque.open_vault() as vault:
            published = remarque.publish(vault, digest, order.to, wishes)
            close_sitting(vault)
        log.info("Remarque wrote the marked copy %s", published.path.name)
        for warning in published.warnings:
            log.warning("Remarque: %s", warning)
