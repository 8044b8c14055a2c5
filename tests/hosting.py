"""The built book as a host serves it: below a path, compressed, with the headers of the book."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from mimetypes import guess_type
from pathlib import Path
from urllib.parse import unquote, urlsplit

COMPRESSED = (".html", ".js", ".css", ".svg", ".json", ".xml", ".md", ".ipynb", ".txt")
COMPRESSED += (".safetensors",)


def headers_of(site: Path) -> dict[str, str]:
    """Read the `_headers` file that lies in the book."""
    lines = (site / "_headers").read_text(encoding="utf-8").splitlines()
    pairs = (line.strip().split(": ", 1) for line in lines if line.startswith(" "))
    return dict(pairs)


@cache
def _compress(path: Path) -> bytes:
    return gzip.compress(path.read_bytes(), mtime=0)


@contextmanager
def host(site: Path, path: str) -> Iterator[str]:
    """Serve the book below a path that ends in a slash; yields its address."""
    headers = headers_of(site)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            asked = unquote(urlsplit(self.path).path)
            file = site / asked.removeprefix(path)
            found = asked.startswith(path) and file.is_file()
            self.answer(200, file) if found else self.answer(404, site / "404.html")

        def answer(self, status: int, file: Path) -> None:
            small = file.suffix in COMPRESSED
            body = _compress(file) if small else file.read_bytes()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", guess_type(file)[0] or "application/octet-stream")
            self.send_header("Content-Length", str(len(body)))
            if small:
                self.send_header("Content-Encoding", "gzip")
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{path}"
    finally:
        server.shutdown()
