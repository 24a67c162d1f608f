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
    good = {"tenant_id": tenant, "sub": "ada", "roles": ["agent"], "exp": int(time.time()) + 600, **changes}
    return {name: value for name, value in good.items() if value is not None}


def sign(running: server.Server, claims: dict, algorithm: str = "EdDSA") -> str:
    key = load_pem_private_key((running.data_dir / "signing-key.pem").read_bytes(), password=None)
    signed = f"{encode(json.dumps({'alg': algorithm, 'typ': 'JWT'}).encode())}.{encode(json.dumps(claims).encode())}"
    return f"{signed}.{encode(key.sign(signed.encode()))}"
