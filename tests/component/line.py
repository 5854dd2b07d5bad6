"""The line between the daemon and its broker, which can stand for one connection alone."""

import contextlib
import re
import socket
import threading


class Line:
    """Listens in the broker's place. Connections are told apart by the client id of their CONNECT;
    holds(client) keeps back what the broker says to that one, goes(client) lets it through."""

    def __init__(self, broker, bell):
        self._port = broker.port
        self._bell = bell
        self._held = set()
        self._changed = threading.Condition()
        self._open = []  # (client id, the daemon's side, the broker's side)
        self.seen = []   # client ids, in the order in which they came
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def holds(self, client):
        with self._changed:
            self._held.add(client)

    def goes(self, client):
        with self._changed:
            self._held.discard(client)
            self._changed.notify_all()

    def cuts(self, client):
        for name, *ends in list(self._open):
            for end in ends if name == client else []:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def close(self):
        self._server.close()
        for name, *_ends in list(self._open):
            self.goes(name)
            self.cuts(name)

    def _accept(self):
        while True:
            try:
                daemon, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._connect, args=(daemon,), daemon=True).start()

    def _connect(self, daemon):
        hello = daemon.recv(4096)
        name = re.search(rb"MQTT\x04.\0.\0.([\w-]+)", hello, re.DOTALL)
        name = name[1].decode() if name else ""
        broker = socket.create_connection(("127.0.0.1", self._port))
        broker.sendall(hello)
        self._open.append((name, daemon, broker))
        self.seen.append(name)
        self._bell.ring()
        threading.Thread(target=self._carry, args=(daemon, broker), daemon=True).start()
        self._carry(broker, daemon, name)

    def _carry(self, source, target, name=None):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                with self._changed:
                    self._changed.wait_for(lambda: name not in self._held)
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
