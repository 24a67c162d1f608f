"""`docket serve` as an operator runs it: a configuration file, TLS on both sides, a database that others migrate."""

import errno
import json
import socket
import time

import grpc

import client
from house import PASSWORD, Authority, Issuer, until
from operated import SERVING, Operated


def leaked(output: str, tokens: list[str]) -> list[str]:
    """The secrets that are in the output, whole or in part, as text or as a list of bytes."""
    # The header of a token is the same for all of them.
    secrets = [part for token in tokens for part in token.split(".")[1:]] + [PASSWORD, PASSWORD.replace(" ", "%20")]
    return [secret for secret in secrets if secret in output or ", ".join(str(byte) for byte in secret.encode()) in output]


class Serve(Operated):
    def test_a_configuration_that_is_unsafe_is_refused_and_tells_what_to_do(self) -> None:
        exposed = "postgres://docket:hunter2@db.example.com/docket"
        server = self.serve(listen="0.0.0.0:50051", metrics_listen="0.0.0.0:9464", database__url=exposed, lisen="x")
        for words in (("serve", "--config", str(server.config)), ("config", "check", str(server.config))):
            done = self.run_docket(*words)
            self.assertEqual(done.returncode, 78, done)
            told = done.stdout + done.stderr
            self.assertIn(f"{server.config}:1:9: error: calls to 0.0.0.0:50051 would be in plain text", told)
            self.assertIn("did you mean `listen`?", told)
            self.assertIn("could read the metrics, without a token", told)
            self.assertIn("every row would go to the database at db.example.com in plain text", told)
            self.assertNotIn("hunter2", told)
        meant = self.run_docket("config", "check", "--set", "listen=127.0.0.1:1", str(self.serve().config))
        self.assertEqual((meant.returncode, meant.stdout), (0, "The configuration is valid\n"))
        self.assertEqual(self.run_docket("config", "check", "--set", "listen").returncode, 2)
        self.assertEqual(self.run_docket("serve").returncode, 78)

    def test_a_database_that_a_crash_makes_forget_is_refused(self) -> None:
        def set_to(how: str) -> None:
            self.postgres.sql(f"ALTER SYSTEM {how}")
            self.postgres.sql("SELECT pg_reload_conf()")

        set_to("SET full_page_writes = off")
        try:
            until(lambda: self.postgres.sql("SHOW full_page_writes") == "off", "it is off")
            done = self.run_docket("serve", "--config", str(self.serve().config))
        finally:
            set_to("RESET full_page_writes")
        self.assertEqual(done.returncode, 78, done)
        self.assertIn("full_page_writes = off", done.stderr + done.stdout)
        until(lambda: self.postgres.sql("SHOW full_page_writes") == "on", "it is on again")

    def test_what_is_acknowledged_is_on_disk_whatever_the_database_says(self) -> None:
        self.postgres.sql(f"ALTER DATABASE {self.database} SET synchronous_commit = off")
        with self.serve() as server:
            api = server.ready().api(self.schema, self.issuer.token(self.tenant))
            self.postgres.sql(
                "CREATE TABLE seen (setting text); GRANT INSERT ON seen TO docket_server; CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN INSERT INTO seen VALUES (current_setting('synchronous_commit')); RETURN NULL; END $$; "
                "CREATE TRIGGER see AFTER INSERT ON activity EXECUTE FUNCTION see()",
                self.database,
            )
            api.CreateTicket(ticket={"subject": "Kept"})
            self.assertEqual(self.postgres.sql("SELECT DISTINCT setting FROM seen", self.database), "on")

    def test_tls_to_callers_and_to_the_database(self) -> None:
        cert, key = self.authority.certificate("docket")
        clients = Authority(self.folder, "clients")
        tls = {"tls__cert": str(cert), "tls__key": str(key), "tls__client_ca": str(clients.ca)}
        with self.serve(**tls) as server:
            server.ready()
            own_cert, own_key = clients.certificate("caller")
            trusted = grpc.ssl_channel_credentials(self.authority.ca.read_bytes(), own_key.read_bytes(), own_cert.read_bytes())
            with grpc.secure_channel(server.address, trusted) as channel:
                api = server.api(self.schema, self.issuer.token(self.tenant), channel)
                self.assertEqual(api.CreateTicket(ticket={"subject": "Over TLS"}).ticket.number, 1)
                with self.assertRaises(grpc.RpcError) as caught:
                    server.api(self.schema, None, channel).ListTickets()
                self.assertEqual(caught.exception.code(), grpc.StatusCode.UNAUTHENTICATED)
                with self.assertRaises(grpc.RpcError) as caught:
                    client.Schema(channel)
                self.assertEqual(caught.exception.code(), grpc.StatusCode.UNIMPLEMENTED, "reflection is off")
            nobody = grpc.ssl_channel_credentials(self.authority.ca.read_bytes())
            for channel in (grpc.secure_channel(server.address, nobody), grpc.insecure_channel(server.address)):
                with channel, self.assertRaises(grpc.RpcError) as caught:
                    server.api(self.schema, self.issuer.token(self.tenant), channel).raw("ListTickets", b"", timeout=5)
                self.assertEqual(caught.exception.code(), grpc.StatusCode.UNAVAILABLE)
            encrypted = f"SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE datname = '{self.database}'"
            self.assertEqual(self.postgres.sql(encrypted), "t")

    def test_the_command_line_over_tls(self) -> None:
        cert, key = self.authority.certificate("docket")
        clients = Authority(self.folder, "clients")
        own_cert, own_key = (str(path) for path in clients.certificate("caller"))
        tls = {"tls__cert": str(cert), "tls__key": str(key), "tls__client_ca": str(clients.ca)}
        with self.serve(**tls) as server:
            server.ready()
            caller = {"DOCKET_TOKEN": self.issuer.token(self.tenant), "DOCKET_ADDRESS": f"https://{server.address}"}
            caller["DOCKET_PROFILES"] = str(self.folder / "profiles.toml")
            shown = {"DOCKET_CLIENT_CERT": own_cert, "DOCKET_CLIENT_KEY": own_key}
            ca = ("--ca", str(self.authority.ca))
            made = self.run_docket("ticket", "create", "--subject", "Over TLS", *ca, **caller, **shown)
            self.assertEqual((made.returncode, made.stderr), (0, ""), made)

            for words, environment, exit_code, told in (
                ((), shown, 78, "TLS"),
                (("--ca", str(clients.ca)), shown, 78, f"TLS connection to https://{server.address} failed: invalid peer certificate"),
                (("--ca", own_key), shown, 78, "--ca"),
                (ca, {"DOCKET_CLIENT_CERT": own_cert}, 78, "set both --client-cert and --client-key"),
                (ca, {}, 1, "the server may require a client certificate: --client-cert"),
            ):
                with self.subTest(told):
                    done = self.run_docket("ticket", "ls", *words, **(caller | environment))
                    self.assertEqual(done.returncode, exit_code, done)
                    self.assertIn(told, done.stderr)

            keeps = ("--client-cert", own_cert, "--client-key", own_key)
            kept = self.run_docket("profile", "set", "prod", "--address", caller["DOCKET_ADDRESS"], *ca, *keeps, **caller)
            self.assertEqual(kept.returncode, 0, kept)
            listed = self.run_docket("ticket", "ls", "--profile", "prod", **caller)
            self.assertEqual(listed.returncode, 0, listed)
            self.assertIn("Over TLS", listed.stdout)

    def test_a_database_that_another_authority_vouches_for_is_not_believed(self) -> None:
        other = Authority(self.folder, "other")
        self.url = self.postgres.url(self.database, "docket_server", sslrootcert=str(other.ca))
        with self.serve() as server:
            self.assertIn("certificate", server.not_ready("schema"))

    def test_a_server_waits_for_its_schema_and_says_so(self) -> None:
        with self.serve(database__migrator_url=None) as waiting:
            self.assertIn("docket migrate", waiting.not_ready("starting", "schema", "000001"))
            with self.assertRaises(grpc.RpcError) as caught:
                waiting.api(self.schema, self.issuer.token(self.tenant)).ListTickets()
            self.assertEqual(caught.exception.code(), grpc.StatusCode.UNAVAILABLE, "no call before the schema is there")
            with socket.socket() as other, self.assertRaises(OSError) as taken:
                other.bind(("127.0.0.1", int(waiting.address.rsplit(":", 1)[1])))
            self.assertEqual(taken.exception.errno, errno.EADDRINUSE, "its port is its own already")
            with self.serve("-migrating") as migrating:
                migrating.ready()
            waiting.ready()
            self.assertEqual(self.health(waiting), SERVING)

    def test_servers_of_one_installation_read_each_others_page_tokens(self) -> None:
        with self.serve("-a") as one, self.serve("-b") as two:
            first, second = (server.ready().api(self.schema, self.issuer.token(self.tenant)) for server in (one, two))
            for number in range(3):
                first.CreateTicket(ticket={"subject": f"Ticket {number}"})
            token = first.ListTickets(page_size=2).next_page_token
            self.assertEqual(len(second.ListTickets(page_size=2, page_token=token).tickets), 1)

    def test_limits_are_those_of_the_configuration(self) -> None:
        with self.serve(limits__subject_chars=10, limits__tags=1, limits__message_bytes="1KiB") as server:
            api = server.ready().api(self.schema, self.issuer.token(self.tenant))
            with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
                api.CreateTicket(ticket={"subject": "Eleven long", "tags": ["a", "b"]})
            self.assertEqual(seen.fields, ["ticket.subject", "ticket.tags"])
            with self.refused("RESOURCE_EXHAUSTED", "LIMIT_EXCEEDED"):
                api.CreateTicket(ticket={"subject": "Ten chars!", "description": "x" * 2000})
            self.assertEqual(api.CreateTicket(ticket={"subject": "Ten chars!"}).ticket.number, 1)

    def test_only_the_tokens_that_are_trusted_are_taken(self) -> None:
        with self.serve(tokens__issuer="https://id.example", tokens__audience="docket") as server:
            server.ready()
            good = {"iss": "https://id.example", "aud": "docket"}
            server.api(self.schema, self.issuer.token(self.tenant, **good)).ListTickets()
            for claims in ({}, good | {"iss": "https://other"}, good | {"aud": "others"}):
                with self.refused("UNAUTHENTICATED", "TOKEN_INVALID"):
                    server.api(self.schema, self.issuer.token(self.tenant, **claims)).ListTickets()

    def test_only_named_keys_and_issuers_speak_for_operators(self) -> None:
        (self.folder / "ops").mkdir()
        ops = Issuer(self.folder / "ops")
        named = {"tokens__operator_keys": [str(ops.public)], "tokens__operator_issuer": "https://ops.example"}
        with self.serve(**named) as server:
            server.ready()
            as_bearer = lambda token: server.api(self.schema, token)
            operator = ops.operator(iss="https://ops.example")
            self.assertTrue(as_bearer(operator).ReloadWorkflows().diagnostics)
            for token in (self.issuer.operator(iss="https://ops.example"), ops.operator(), ops.operator(iss="https://other")):
                with self.refused("UNAUTHENTICATED", "TOKEN_INVALID"):
                    as_bearer(token).ReloadWorkflows()
            # The operators' key speaks for no tenant, and an operator reaches none.
            with self.refused("UNAUTHENTICATED", "TOKEN_INVALID"):
                as_bearer(ops.token(self.tenant, iss="https://ops.example")).ListTickets()
            with self.refused("PERMISSION_DENIED", "ROLE_MISSING"):
                as_bearer(operator).ListTickets()
            with self.refused("PERMISSION_DENIED", "ROLE_MISSING"):
                as_bearer(self.issuer.token(self.tenant, roles=("admin",))).ReloadWorkflows()

    def test_a_token_lives_no_longer_than_configured(self) -> None:
        now = int(time.time())
        with self.serve(tokens__max_life="10m") as server:
            server.ready()
            call = lambda **claims: server.api(self.schema, self.issuer.token(self.tenant, **claims)).ListTickets()
            call(exp=now + 600, iat=now)
            with self.refused("UNAUTHENTICATED", "TOKEN_INVALID") as seen:
                call(exp=now + 601, iat=now)
            self.assertIn("lives longer", seen.text)

    def test_tokens_and_passwords_are_not_logged(self) -> None:
        good = self.issuer.token(self.tenant)
        (self.folder / "stranger").mkdir()
        bad = {
            "without a role": self.issuer.token(self.tenant, roles=()),
            "changed": f"{good[:-8]}AAAAAAAA",
            "without a tenant": self.issuer.token(""),
            "of a stranger": Issuer(self.folder / "stranger").token(self.tenant),
            "no token at all": "header.s3cret-payload.s3cret-signature",
        }
        logs = []
        with self.serve(log="trace", log_format="json") as server:
            api = server.ready().api(self.schema, good)
            position = api.CreateTicket(ticket={"subject": "A ticket"}).position
            api.ListTickets()
            self.read_until(api.stream("StreamActivities", earliest=True), position)
            for what, token in bad.items():
                with self.subTest(what), self.refused("UNAUTHENTICATED", "TOKEN_INVALID"):
                    server.api(self.schema, token).ListTickets()
        logs.append(server.log.read_text())
        self.url = self.url.replace(f"/{self.database}?", "/none?")
        with self.serve("-none", log="trace", log_format="json") as server:
            server.not_ready("schema", "none")
        logs.append(server.log.read_text())
        self.url = self.url.replace("docket_server:pass", "docket_server:wrong-pass")
        with self.serve("-wrong", log="trace", log_format="json") as server:
            server.not_ready("schema", "password authentication failed")
        logs.append(server.log.read_text())

        tokens = [good, *bad.values()]
        for log in logs:
            levels = {json.loads(line)["level"] for line in log.splitlines()}
            self.assertLessEqual({"TRACE", "DEBUG", "INFO"}, levels)
            self.assertEqual(leaked(log, tokens), [])
            for secret in (good.split(".")[2], bad["of a stranger"].split(".")[1], PASSWORD, self.url):
                for form in (secret, str(list(secret.encode()))):
                    self.assertNotEqual(leaked(log + form, tokens), [], "a guilty log is found")

    def test_a_server_starts_with_the_rules_that_were_active(self) -> None:
        folder = self.folder / "kept"
        folder.mkdir()
        rule = folder / "greet.yaml"
        bad = "name: greet\non: ticket.craeted\ndo:\n  - tag: {add: [never]}\n"
        rule.write_text(bad)
        with self.serve("-never", workflows=str(folder)) as server:
            self.assertEqual(server.process.wait(30), 78, "nothing was ever active")
            self.assertIn("there is no event `ticket.craeted`", server.log.read_text())
        rule.write_text("name: greet\non: ticket.created\ndo:\n  - tag: {add: [first]}\n")
        with self.serve(workflows=str(folder)) as server:
            api = server.ready().api(self.schema, self.issuer.token(self.tenant))
            active = api.ListWorkflows().hash
            until(lambda: f'docket_rules_active{{hash="{active}"}} 1' in server.get("/metrics")[1], "the hash")
            self.assertIn("docket_rules_refused 0", server.get("/metrics")[1])
            self.assertEqual(server.get("/readyz"), (200, "ready\n"))
        rule.write_text(bad)
        with self.serve(workflows=str(folder)) as server:
            api = server.ready().api(self.schema, self.issuer.token(self.tenant))
            self.assertEqual(list(self.ticket(api).tags), ["first"])
            listed = api.ListWorkflows()
            self.assertEqual(listed.hash, active)
            self.assertIn("there is no event `ticket.craeted`", listed.last_error)
            self.assertIn("the set that was active stays active", server.log.read_text())
            until(lambda: 'docket_rules_refused{error="greet.yaml:2:5: ' in server.get("/metrics")[1], "the error")
            code, text = server.get("/readyz")
            self.assertEqual(code, 200)
            self.assertIn(f"rules: the newest files are refused, and {active} stays active: greet.yaml:2:5: ", text)
            rule.write_text("name: greet\non: ticket.created\ndo:\n  - tag: {add: [second]}\n")
            self.reload(server)
            until(lambda: server.get("/readyz") == (200, "ready\n"), "the newest are active")

    def test_rules_are_published_at_the_start_and_reloaded_when_asked(self) -> None:
        folder = self.folder / "rules"
        folder.mkdir()
        rule = folder / "greet.yaml"
        rule.write_text("name: greet\non: ticket.created\ndo:\n  - tag: {add: [first]}\n")
        with self.serve(workflows=str(folder)) as server:
            api = server.ready().api(self.schema, self.issuer.token(self.tenant))
            self.assertEqual(list(self.ticket(api).tags), ["first"])
            before = api.ListWorkflows().hash
            rule.write_text("name: greet\non: ticket.craeted\ndo:\n  - tag: {add: [never]}\n")
            refused = self.reload(server)
            self.assertEqual(refused.hash, before)
            self.assertIn("greet.yaml: there is no event", refused.diagnostics[0].message)
            self.assertEqual(list(self.ticket(api).tags), ["first"], "what was active stays")
            rule.write_text("name: greet\non: ticket.created\ndo:\n  - tag: {add: [second]}\n")
            reloaded = self.reload(server)
            self.assertNotIn(reloaded.hash, ("", before))
            self.assertEqual(list(self.ticket(api).tags), ["second"])
            self.assertIn(f"The operator olga reloaded the rules: {reloaded.hash} is active", server.log.read_text())
        with self.serve("-none") as server:
            (told,) = self.reload(server.ready()).diagnostics
            self.assertIn("set `workflows`", told.hint)
