"""Tokens of the server's own key, with claims that `docket token` would not write."""

import base64
import json
import time

from cryptography.hazmat.primitives.serialization import load_pem_private_key

import server


def encode(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def claims(tenant: str, **changes) -> dict:
    """A good token's; what is changed to None is left out."""
    now = int(time.time())
    good = {"tenant_id": tenant, "sub": "ada", "roles": ["agent"], "iat": now, "exp": now + 600, **changes}
    return {name: value for name, value in good.items() if value is not None}


def sign(running: server.Server, claims: dict, algorithm: str = "EdDSA", **header) -> str:
    key = load_pem_private_key((running.data_dir / "signing-key.pem").read_bytes(), password=None)
    header = {"alg": algorithm, "typ": "JWT", **header}
    signed = f"{encode(json.dumps(header).encode())}.{encode(json.dumps(claims).encode())}"
    return f"{signed}.{encode(key.sign(signed.encode()))}"
