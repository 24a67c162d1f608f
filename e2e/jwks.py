"""A server of a JWK set, as an issuer of tokens has it, that can be made to misbehave."""

import http.server
import json
import pathlib
import ssl
import threading

from house import Issuer


class Jwks:
    """`publish` says which keys the set has from now on. Each fetch is counted when it begins."""

    def __init__(self, tls: tuple[pathlib.Path, pathlib.Path] | None = None):
        self.body, self.status, self.headers = b"", 200, {}
        self.fetches = 0
        # Cleared, answers wait until it is set again.
        self.open = threading.Event()
        self.open.set()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.server.daemon_threads = True
        # A client that refuses the certificate is what a test wants.
        self.server.handle_error = lambda *_: None
        self.port = self.server.server_address[1]
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"{'https' if tls else 'http'}://localhost:{self.port}/jwks"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self) -> "Jwks":
        self.thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.open.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def publish(self, issuers: list[Issuer]) -> None:
        self.answer(json.dumps({"keys": [issuer.jwk() for issuer in issuers]}).encode())

    def answer(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.body, self.status, self.headers = body, status, headers

    def handler(jwks) -> type:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                jwks.fetches += 1
                jwks.open.wait()
                self.send_response(jwks.status)
                for name, value in {"content-length": str(len(jwks.body)), **jwks.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(jwks.body)

            def log_message(self, *_) -> None:
                pass

        return Handler
