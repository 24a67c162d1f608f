"""What the tests of `docket serve` share: one PostgreSQL for a class, a database for each test."""

import contextlib
import os
import pathlib
import subprocess
import tempfile

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from case import Case
from house import Authority, Issuer, Postgres, Serve

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


class Operated(Case):
    """`self.serve(...)` runs a server over the test's own database."""

    @classmethod
    def setUpClass(cls) -> None:
        stack = contextlib.ExitStack()
        cls.addClassCleanup(stack.close)
        cls.folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="docket-serve-")))
        cls.folder.chmod(0o711)
        cls.authority = Authority(cls.folder, "authority")
        cls.postgres = stack.enter_context(Postgres(cls.folder, cls.authority))
        cls.issuer = Issuer(cls.folder)
        (cls.folder / "secret").write_bytes(os.urandom(32))
        (cls.folder / "secret").chmod(0o600)

    def setUp(self) -> None:
        self.tenant = self.database = self.id().rsplit(".", 1)[-1]
        self.migrator_url = self.postgres.database(self.database)
        self.url = self.postgres.url(self.database, "docket_server")

    def settings(self, **more) -> dict:
        settings = {
            "tokens.keys": [str(self.issuer.public)],
            "tokens.operator_keys": [str(self.issuer.public)],
            "page_token_secret_file": str(self.folder / "secret"),
            "database.url": self.url,
            "database.migrator_url": self.migrator_url,
        }
        settings |= {name.replace("__", "."): value for name, value in more.items()}
        return {name: value for name, value in settings.items() if value is not None}

    def serve(self, name: str = "", environment: dict | None = None, **more) -> Serve:
        return Serve(self.folder, f"{self.database}{name}", self.settings(**more), environment)

    def reload(self, server: Serve):
        """Rules concern every tenant: an operator reloads them."""
        return server.api(self.schema, self.issuer.operator()).ReloadWorkflows()

    def run_docket(self, *words: str, **environment: str) -> subprocess.CompletedProcess:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("DOCKET_")}
        command = [os.environ["DOCKET_BIN"], *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, env=kept | environment)

    def health(self, server: Serve) -> int:
        health = health_pb2_grpc.HealthStub(grpc.insecure_channel(server.address))
        return health.Check(health_pb2.HealthCheckRequest(), timeout=5, wait_for_ready=True).status
