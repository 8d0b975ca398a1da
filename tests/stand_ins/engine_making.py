"""One making in a thread of its own, so that a test can stop it or take its engine away."""

from threading import Thread

from remarque.actions.orders import Listening
from remarque.errors import RemarqueError


class Making:
    def __init__(self, engine, order):
        self._engine, self._order = engine, order
        self.listening = Listening()
        self._result = None
        self._thread = Thread(target=self._run, daemon=True)

    def start(self):
        self._thread.start()

    def stopped(self):
        """Set ``stop`` and give what came of it."""
        self.listening.stop.set()
        return self.ended()

    def ended(self):
        """What was made, or the error that was raised."""
        self._thread.join(30)
        assert not self._thread.is_alive()
        return self._result

    def _run(self):
        try:
            self._result = self._engine.make(self._order, self.listening)
        except RemarqueError as error:
            self._result = error
