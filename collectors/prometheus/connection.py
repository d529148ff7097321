"""Connections that end after a time whatever drips in, and lead to no refused address."""

import socket
from contextlib import suppress
from threading import Timer
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from collectors.prometheus.addresses import is_refused


class RefusedAddressError(Exception):
    """The name of the url is that of an address which is never asked."""


class _Limited:
    """Mixed into urllib3's connections. A response has a ``watch`` that its reader cancels."""

    host: str
    port: int
    sock: Any

    def _new_conn(self) -> socket.socket:
        with suppress(OSError):  # what cannot be resolved is said below, when it is connected to
            for *_, address in socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM):
                if is_refused(str(address[0])):
                    raise RefusedAddressError
        connected: socket.socket = super()._new_conn()  # type: ignore[misc]
        if is_refused(connected.getpeername()[0]):  # the name may have come to mean another one
            connected.close()
            raise RefusedAddressError
        return connected

    def getresponse(self) -> Any:
        """The socket's own timeout only limits each silence; so long may the whole answer take, too."""
        watch = _Watch(self.sock)
        watch.start()
        try:
            response = super().getresponse()  # type: ignore[misc]
        except BaseException:
            watch.cancel()
            if watch.is_over:
                raise TimeoutError from None
            raise
        response.watch = watch
        return response


class _Watch(Timer):
    """Cuts a connection when its time is over: whoever reads from it finds its end."""

    def __init__(self, connected: socket.socket) -> None:
        super().__init__(connected.gettimeout() or 0, self._cut, [connected])
        self.daemon = True
        self.is_over = False

    def _cut(self, connected: socket.socket) -> None:
        self.is_over = True
        with suppress(OSError):
            socket.socket.shutdown(connected, socket.SHUT_RDWR)


class _HTTPConnection(_Limited, HTTPConnection):
    """Without TLS."""


class _HTTPSConnection(_Limited, HTTPSConnection):
    """With TLS."""


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


_POOLS = {"http": _HTTPPool, "https": _HTTPSPool}


class LimitedAdapter(HTTPAdapter):
    """One connection at a time, each of the kind above, through proxies too; tries nothing again itself."""

    def __init__(self) -> None:
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """See ``HTTPAdapter``."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """See ``HTTPAdapter``."""
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager


def reason(error: BaseException) -> str:
    """The innermost cause in a few words: what stands around it repeats the question."""
    inner: BaseException | None = error
    words = ""
    while inner is not None:
        if isinstance(inner, OSError) and inner.strerror:
            words = inner.strerror
        arguments = (getattr(inner, "reason", None), *inner.args)
        inner = (
            next((each for each in arguments if isinstance(each, BaseException)), None) or inner.__context__
        )
    return words or type(error).__name__
