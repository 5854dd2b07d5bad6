"""Waiting on events. Whatever happens in a house (a push arrives, a message is published, a line is
logged, a program ends) rings the house's bell; a test waits for the bell, with a deadline."""

import threading
import time


class NotInTime(AssertionError):
    pass


class Bell:
    def __init__(self):
        self._rung = 0
        self._condition = threading.Condition()

    def ring(self):
        with self._condition:
            self._rung += 1
            self._condition.notify_all()

    def until(self, what, holds, within=10.0):
        """Returns what holds() gives as soon as that is true; looks again at each ring (and, for
        what rings nowhere, such as a row in the store, a few times a second)."""
        deadline = time.monotonic() + within
        while True:
            before = self._rung
            value = holds()
            if value:
                return value
            left = deadline - time.monotonic()
            if left <= 0:
                raise NotInTime(f"did not happen within {within:g} s: {what}")
            with self._condition:
                self._condition.wait_for(lambda: self._rung != before, min(left, 0.1))

    def until_passed(self, moment):
        """Waits for a moment of time.monotonic() itself: for deadlines that must run out."""
        with self._condition:
            while (left := moment - time.monotonic()) > 0:
                self._condition.wait(left)
