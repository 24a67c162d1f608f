"""A PostgreSQL over TCP and TLS, `docket serve` over it, and the keys and certificates that both need."""

import base64
import datetime
import glob
import ipaddress
import json
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

import client
from server import START_SECONDS, STOP_SECONDS, free_port

PLACES = ["/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin"]
PASSWORD = "pass word"


def until(holds, what: str, seconds: float = 30):
    """The first true answer of `holds`."""
    deadline = time.monotonic() + seconds
    while True:
        answer = holds()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.05)


class Authority:
    """Signs certificates for this machine."""

    def __init__(self, folder: pathlib.Path, name: str):
        self.folder, self.key = folder, ec.generate_private_key(ec.SECP256R1())
        self.subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        self.ca = folder / f"{name}.pem"
        self.ca.write_bytes(self._sign(self.subject, self.key.public_key(), authority=True))

    def certificate(self, name: str, key=None, sans: tuple = (), **validity) -> tuple[pathlib.Path, pathlib.Path]:
        """`sans`: names of it beside this machine's. `begins` and `ends`: hours from now."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        cert, private = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        cert.write_bytes(self._sign(subject, key.public_key(), False, sans, **validity))
        private.write_bytes(pem(key))
        private.chmod(0o600)
        return cert, private

    def _sign(self, subject: x509.Name, public, authority: bool, sans: tuple = (), begins: int = -1, ends: int = 24) -> bytes:
        now = datetime.datetime.now(datetime.timezone.utc)
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1")), *sans]
        built = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.subject)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + datetime.timedelta(hours=begins))
            .not_valid_after(now + datetime.timedelta(hours=ends))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
        )
        return built.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def pem(key) -> bytes:
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(*form)


class Issuer:
    """Whoever signs an installation's tokens. With a `kid`, its tokens name their key by it."""

    def __init__(self, folder: pathlib.Path, kid: str = ""):
        self.key, self.kid = ed25519.Ed25519PrivateKey.generate(), kid
        self.public = folder / "tokens.pem"
        form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        self.pem = self.key.public_key().public_bytes(*form)
        self.public.write_bytes(self.pem)

    def jwk(self) -> dict:
        raw = self.key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": self.kid, "x": base64url(raw)}

    def token(self, tenant: str, sub: str = "ada", roles: tuple[str, ...] = ("agent", "admin"), **claims) -> str:
        now = int(time.time())
        return self.sign({"tenant_id": tenant, "sub": sub, "roles": roles, "iat": now, "exp": now + 3600, **claims})

    def operator(self, **claims) -> str:
        """For servers whose configuration names the key for operators."""
        now = int(time.time())
        return self.sign({"operator": True, "sub": "olga", "iat": now, "exp": now + 3600, **claims})

    def sign(self, claims: dict) -> str:
        header = {"alg": "EdDSA", "typ": "JWT"} | ({"kid": self.kid} if self.kid else {})
        parts = [base64url(json.dumps(part).encode()) for part in (header, claims)]
        return ".".join([*parts, base64url(self.key.sign(".".join(parts).encode()))])


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Postgres:
    """As an operator would run it: TLS, a password, nothing on a socket."""

    def __init__(self, folder: pathlib.Path, authority: Authority):
        self.folder, self.authority, self.port = folder / "postgres", authority, free_port()
        self.account = None
        if os.geteuid() == 0:
            names = {entry.pw_name for entry in pwd.getpwall()}
            self.account = "postgres" if "postgres" in names else "nobody"
        bins = [os.environ.get("DOCKET_POSTGRES_BIN"), os.path.dirname(os.path.realpath(shutil.which("initdb") or "/none/x"))]
        bins += sorted((found for place in PLACES for found in glob.glob(place)), reverse=True)
        self.bin = next(pathlib.Path(found) for found in bins if found and os.path.exists(f"{found}/initdb"))

    def __enter__(self) -> "Postgres":
        cert, key = self.authority.certificate("postgres")
        self.folder.mkdir()
        shutil.copy(cert, self.folder / "server.crt")
        shutil.copy(key, self.folder / "server.key")
        (self.folder / "password").write_text(PASSWORD)
        if self.account:
            for path in [self.folder, *self.folder.iterdir()]:
                shutil.chown(path, self.account)
        data = self.folder / "data"
        # SCRAM costs a debug build up to a second for each connection.
        words = ["-D", str(data), "-U", "docket", "-A", "md5", f"--pwfile={self.folder}/password", "--no-sync"]
        self._run([self.bin / "initdb", *words, "-E", "UTF8", "--locale=C.UTF-8"])
        (data / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 md5\n")
        settings = {"port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "ssl": "on"}
        settings |= {"ssl_cert_file": self.folder / "server.crt", "ssl_key_file": self.folder / "server.key"}
        lines = [f"{name} = '{value}'\n" for name, value in settings.items()]
        with (data / "postgresql.conf").open("a") as file:
            file.writelines(lines)
        self.output = (self.folder / "log").open("wb")
        command = [self.bin / "postgres", "-D", str(data)]
        self.process = subprocess.Popen(command, stdout=self.output, stderr=subprocess.STDOUT, **self._as())
        until(lambda: self.sql("SELECT 1", quiet=True) == "1", "PostgreSQL answers", START_SECONDS)
        for login in ("docket_server", "docket_prune"):
            self.sql(f"CREATE ROLE {login} LOGIN PASSWORD '{PASSWORD}'")
        return self

    def __exit__(self, *_) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(STOP_SECONDS)
        self.output.close()

    def _as(self) -> dict:
        return {"user": self.account, "group": self.account, "extra_groups": []} if self.account == "postgres" else (
            {"user": self.account, "extra_groups": []} if self.account else {}
        )

    def _run(self, command: list) -> None:
        subprocess.run(command, check=True, capture_output=True, cwd=self.folder, **self._as())

    def url(self, database: str, login: str = "docket", **words: str) -> str:
        """Of the superuser, who migrates, or of another login."""
        words = {"sslmode": "verify-full", "sslrootcert": str(self.authority.ca), **words}
        password = PASSWORD.replace(" ", "%20")
        query = "&".join(f"{name}={value}" for name, value in words.items())
        return f"postgresql://{login}:{password}@127.0.0.1:{self.port}/{database}?{query}"

    def database(self, name: str) -> str:
        self.sql(f"CREATE DATABASE {name}")
        return self.url(name)

    def sql(self, statement: str, database: str = "postgres", quiet: bool = False, login: str = "docket") -> str:
        command = ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-c", statement, self.url(database, login)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode and not quiet:
            raise AssertionError(done.stderr)
        return done.stdout.strip()

    def session(self, statement: str, database: str) -> subprocess.Popen:
        """A session that has done the statement and stays, with its transaction, until its input is closed."""
        command = ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", self.url(database)]
        session = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        session.stdin.write(f"{statement};\nSELECT 'done';\n")
        session.stdin.flush()
        if session.stdout.readline().strip() != "done":
            raise AssertionError(f"not done: {statement}")
        return session


class Serve:
    """One `docket serve`, with a configuration file of these settings."""

    def __init__(self, folder: pathlib.Path, name: str, settings: dict, environment: dict | None = None):
        self.environment = os.environ | (environment or {})
        self.address, self.metrics = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
        settings = {"listen": self.address, "metrics_listen": self.metrics, **settings}
        self.config = folder / f"{name}.yaml"
        self.config.write_text("".join(f"{key}: {json.dumps(value)}\n" for key, value in settings.items()))
        self.log = folder / f"{name}.log"

    def __enter__(self) -> "Serve":
        self.output = self.log.open("wb")
        command = [os.environ["DOCKET_BIN"], "serve", "--config", str(self.config)]
        streams = {"stdin": subprocess.DEVNULL, "stdout": self.output, "stderr": subprocess.STDOUT}
        self.process = subprocess.Popen(command, env=self.environment, **streams)
        return self

    def __exit__(self, kind, *_) -> None:
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        finally:
            self.output.close()
            if kind:
                print(f"--- {self.log.name}:\n{self.log.read_text(errors='replace')[-4000:]}")

    def get(self, path: str) -> tuple[int, str]:
        """Status and text of the second port; 0 while it is closed."""
        if self.process.poll() is not None:
            raise AssertionError(f"the server ended with {self.process.returncode}")
        try:
            with urllib.request.urlopen(f"http://{self.metrics}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def ready(self) -> "Serve":
        until(lambda: self.get("/readyz")[0] == 200, f"{self.log.name}: it is ready", START_SECONDS)
        return self

    def not_ready(self, *words: str) -> str:
        """Waits until it says all these words of what keeps it."""

        def told() -> str:
            status, text = self.get("/readyz")
            return text if status == 503 and all(word in text for word in words) else ""

        return until(told, f"{self.log.name}: not ready, with {words}")

    def api(self, schema: client.Schema, token: str | None, channel: grpc.Channel | None = None) -> client.Api:
        return client.Api(channel or grpc.insecure_channel(self.address), schema, token)
