"""Starting Streamlit: every setting is given here, none comes from a file beside the program."""

import errno
import gc
import os
import socket
from importlib import import_module
from ipaddress import ip_address
from pathlib import Path
from pkgutil import iter_modules
from urllib.parse import urlsplit

from costwatch.config import UI, load_config
from costwatch.errors import CostwatchError
from dashboards import views
from dashboards.reading import CONFIG_VARIABLE
from dashboards.theme import OPTIONS

_APP = Path(__file__).with_name("app.py")
_SETTINGS = {
    "browser_gatherUsageStats": False,
    "client_disableDataExport": True,  # our own CSV keeps every digit and holds no formula
    "client_showErrorDetails": "none",
    "client_showErrorLinks": False,
    "client_toolbarMode": "viewer",
    "logger_hideWelcomeMessage": True,  # to print it, Streamlit asks a web service for our address
    "logger_level": "warning",
    "server_enableCORS": True,
    "server_enableXsrfProtection": True,
    "server_fileWatcherType": "none",
    "server_headless": True,
    "server_showEmailPrompt": False,
}


def serve(config_file: Path, host: str, port: int) -> int:
    """Serve the pages of ``config_file`` on ``host:port`` until interrupted; returns the exit code.

    Raises ConfigError for mistakes in the file, and CostwatchError where the port cannot be had.
    """
    config = load_config(config_file)
    _refuse_taken(host, port)
    os.environ[CONFIG_VARIABLE] = str(config.file)
    _warm()
    _run({**_SETTINGS, **OPTIONS, **_address(host, port, config.ui)})
    return 0


def _refuse_taken(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                what = "the port is taken; stop what listens there, or choose another with --port"
            else:
                what = f"cannot listen there ({error.strerror}); choose another with --host or --port"
            raise CostwatchError(f"{host}:{port}: {what}") from None


def _address(host: str, port: int, ui: UI) -> dict[str, object]:
    """Where to listen, and by which names readers may come (others may be DNS rebinding)."""
    public = [urlsplit(ui.public_url).hostname or host] if "public_url" in ui.model_fields_set else []
    closed = public or _is_loopback(host)
    return {
        "server_address": host,
        "server_port": port,
        "server_allowedHosts": [*public, host, "127.0.0.1", "localhost", "::1"] if closed else [],
        "browser_serverAddress": public[0] if public else host,
    }


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _warm() -> None:
    """Import before the first reader comes, and leave all that out of garbage collection.

    Streamlit collects garbage after every run of a page: frozen, one process serves four to five
    times as many readers.
    """
    for module in iter_modules(views.__path__, f"{views.__name__}."):
        import_module(module.name)
    import_module("pandas")
    import_module("streamlit.elements.vega_charts")
    gc.collect()
    gc.freeze()


def _run(flags: dict[str, object]) -> None:
    """The one place that touches what Streamlit does not document: ``streamlit run`` in this process."""
    from streamlit import config, net_util
    from streamlit.web import bootstrap

    # A page of a foreign origin that calls on us would otherwise make it ask a web service for our address.
    net_util.get_external_ip = lambda: None
    config._main_script_path = str(_APP)
    bootstrap.load_config_options(flags)
    bootstrap.run(str(_APP), False, [], flags)
