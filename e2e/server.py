"""One `docket dev` on free ports with a data folder of its own, started and stopped by process id."""

import itertools
import os
import pathlib
import random
import socket
import subprocess
import time

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

ROOT = pathlib.Path(__file__).resolve().parent.parent
START_SECONDS = 120
STOP_SECONDS = 60


# Below those that systems give to outgoing connections: one of the many that tests open could take it before a server does.
PORTS = itertools.cycle(random.sample(range(20_000, 32_000), 12_000))


def free_port() -> int:
    """One that nobody has, and that this process was not given lately."""
    for port in PORTS:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class Server:
    def __init__(self, folder: pathlib.Path, workflows: pathlib.Path = ROOT / "workflows"):
        self.workflows = workflows
        self.binary = os.environ["DOCKET_BIN"]
        self.data_dir = folder / "data"
        self.log = folder / "server.log"
        self.address = f"127.0.0.1:{free_port()}"
        self.metrics = f"127.0.0.1:{free_port()}"

    def __enter__(self) -> "Server":
        self.output = self.log.open("wb")
        arguments = ["dev", "--listen", self.address, "--metrics-listen", self.metrics]
        arguments += ["--data-dir", str(self.data_dir), "--workflows", str(self.workflows)]
        self.process = subprocess.Popen(
            [self.binary, *arguments], stdin=subprocess.DEVNULL, stdout=self.output, stderr=subprocess.STDOUT
        )
        try:
            self.wait_until_serving()
        except BaseException:
            self.stop()
            print(self.log_tail())
            raise
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    def wait_until_serving(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        with grpc.insecure_channel(self.address) as channel:
            health = health_pb2_grpc.HealthStub(channel)
            while True:
                if self.process.poll() is not None:
                    raise RuntimeError(f"the server ended with {self.process.returncode} before it served")
                try:
                    answer = health.Check(health_pb2.HealthCheckRequest(), timeout=2, wait_for_ready=True)
                    if answer.status == health_pb2.HealthCheckResponse.SERVING:
                        return
                except grpc.RpcError:
                    pass
                if time.monotonic() > deadline:
                    raise RuntimeError(f"the server did not serve within {START_SECONDS} s")
                time.sleep(0.1)

    def kill(self) -> None:
        """As a crash would. It can be entered again: its data are there."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise RuntimeError(f"SIGTERM did not end the server within {STOP_SECONDS} s") from None
        finally:
            self.output.close()

    def token(self, tenant: str, sub: str, roles: str, app_id: str = "", ttl: str = "1h") -> str:
        """From the program itself, as a person would get one."""
        command = [self.binary, "token", "--tenant", tenant, "--sub", sub, "--roles", roles]
        command += ["--ttl", ttl, "--data-dir", str(self.data_dir)]
        command += ["--app-id", app_id] if app_id else []
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def operator_token(self) -> str:
        command = [self.binary, "token", "--operator", "--sub", "olga", "--data-dir", str(self.data_dir)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def log_tail(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join(["--- the server's last words:", *lines[-40:]])
