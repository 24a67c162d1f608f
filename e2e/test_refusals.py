"""What a server does not start with: certificates and keys that are old, weak, open to all, or not each other's."""

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from operated import Operated

CONFIGURATION = 78


class Refusals(Operated):
    def told(self, **settings) -> str:
        """What both `docket serve` and `docket config check` say of the configuration."""
        server = self.serve(**settings)
        said = []
        for words in (("serve", "--config", str(server.config)), ("config", "check", str(server.config))):
            done = self.run_docket(*words)
            self.assertEqual(done.returncode, CONFIGURATION, done)
            said.append([line.strip() for line in (done.stdout + done.stderr).splitlines() if "rror: " in line or "fix: " in line])
        self.assertEqual([line for line in said[0] if "invalid" not in line], said[1])
        return "\n".join(said[1])

    def tls(self, cert, key) -> dict:
        return {"tls__cert": str(cert), "tls__key": str(key)}

    def public(self, name: str, key) -> str:
        path = self.folder / name
        form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        path.write_bytes(key.public_key().public_bytes(*form))
        return str(path)

    def test_a_certificate_out_of_its_time_is_refused(self) -> None:
        for name, validity, why, fix in (
            ("old", {"begins": -48, "ends": -1}, "expired at ", "renew it"),
            ("early", {"begins": 1}, "is not valid before ", "check this machine's clock"),
        ):
            cert, key = self.authority.certificate(name, **validity)
            told = self.told(**self.tls(cert, key))
            self.assertIn(f"{cert}: the certificate of CN={name} {why}", told)
            self.assertIn(f"fix: {fix}", told)

    def test_a_key_of_another_certificate_is_refused(self) -> None:
        (cert, _), (_, key) = self.authority.certificate("one"), self.authority.certificate("two")
        told = self.told(**self.tls(cert, key))
        self.assertIn(f"{key}: it is not the key of the certificate in {cert}", told)
        self.assertIn("fix: name a certificate and its own key", told)

    def test_weak_keys_are_refused(self) -> None:
        weak, strange = rsa.generate_private_key(65537, 1024), ec.generate_private_key(ec.SECP256K1())
        for name, key, why in (("weak", weak, "an RSA key of 1024 bits"), ("strange", strange, "a curve that is not supported")):
            told = self.told(**self.tls(*self.authority.certificate(name, key=key)))
            self.assertIn(f"the certificate of CN={name} has ", told)
            self.assertIn(why, told)
            self.assertIn("fix: issue it for an RSA key of at least 2,048 bits", told)
        keys = [self.public("weak.pem", weak), self.public("strange.pem", strange)]
        told = self.told(tokens__keys=keys)
        self.assertIn(f"{keys[0]}: block 1: an RSA key of 1024 bits is too short", told)
        self.assertIn(f"{keys[1]}: block 1: the key is on another curve than P-256", told)

    def test_every_reason_is_told_at_once(self) -> None:
        cert, key = self.authority.certificate("mixed", key=rsa.generate_private_key(65537, 1024), begins=-48, ends=-1)
        key.chmod(0o644)
        ca, _ = self.authority.certificate("authority-of-old", begins=-48, ends=-1)
        nothing = self.folder / "nothing.json"
        nothing.write_text('{"keys": []}')
        told = self.told(**self.tls(cert, key), tls__client_ca=str(ca), tokens__keys=[str(nothing), "/nowhere.pem"])
        for reason in (
            f"{cert}: the certificate of CN=mixed expired at",
            f"{cert}: the certificate of CN=mixed has an RSA key of 1024 bits",
            f"{key}: everybody on this machine can read it",
            f"{ca}: the certificate of CN=authority-of-old expired at",
            f"{nothing}: there is no signing key",
            "/nowhere.pem: ",
        ):
            self.assertIn(reason, told)
        for setting in ("tls.cert", "tls.key", "tls.client_ca", "tokens.keys"):
            self.assertIn(f"{self.serve().config}", told, setting)

    def test_files_that_hold_something_else_are_refused(self) -> None:
        cert, key = self.authority.certificate("swapped")
        locked = self.folder / "locked.key"
        secret = serialization.BestAvailableEncryption(b"passphrase")
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, secret)
        locked.write_bytes(ec.generate_private_key(ec.SECP256R1()).private_bytes(*form))
        locked.chmod(0o600)
        told = self.told(**self.tls(key, cert))
        self.assertIn(f"{key}: there is no certificate in it", told)
        self.assertIn(f"{cert}: there is no private key in it", told)
        self.assertIn("without a passphrase", self.told(**self.tls(cert, locked)))

    def test_good_ones_of_every_kind_are_taken(self) -> None:
        for name, key in (("rsa", rsa.generate_private_key(65537, 2048)), ("p384", ec.generate_private_key(ec.SECP384R1()))):
            server = self.serve(**self.tls(*self.authority.certificate(name, key=key)))
            done = self.run_docket("config", "check", str(server.config))
            self.assertEqual((done.returncode, done.stdout), (0, "The configuration is valid\n"))
