"""What stands in deploy/ is true: manifests of the right shape, metrics that exist, commands that are taken."""

import json
import re
import shutil
import subprocess
import unittest
import urllib.parse
import urllib.request

import kubernetes_validate
import yaml

from house import free_port, until
from operated import Operated
from server import ROOT

DEPLOY = ROOT / "deploy"
KUBERNETES = "1.30"
METRIC = re.compile(r"\bdocket_[a-z_]+")
SUFFIX = re.compile(r"_(bucket|sum|count)$")


def manifests() -> list[dict]:
    files = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    return [document for file in files for document in yaml.safe_load_all(file.read_text())]


def only(kind: str) -> dict:
    (found,) = [manifest for manifest in manifests() if manifest["kind"] == kind]
    return found


class Deploy(Operated):
    def test_every_manifest_is_of_its_kinds_shape(self) -> None:
        kinds = {manifest["kind"] for manifest in manifests()}
        self.assertEqual(kinds, {"ConfigMap", "Deployment", "Job", "PodDisruptionBudget", "Service"})
        for manifest in manifests():
            kubernetes_validate.validate(manifest, KUBERNETES, strict=True)
        broken = only("Deployment")
        broken["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
        with self.assertRaises(kubernetes_validate.ValidationError):
            kubernetes_validate.validate(broken, KUBERNETES, strict=True)

    def test_the_configuration_of_the_manifest_is_one(self) -> None:
        config = self.folder / "docket.yaml"
        config.write_text(only("ConfigMap")["data"]["docket.yaml"])
        cert, key = self.authority.certificate("manifest")
        url = self.folder / "database-url"
        url.write_text(self.url)
        url.chmod(0o600)
        here = {
            "tls.cert": cert,
            "tls.key": key,
            "tokens.keys": self.issuer.public,
            "page_token_secret_file": self.folder / "secret",
            "database.url_file": url,
            "workflows": ROOT / "workflows",
        }
        words = [word for name, value in here.items() for word in ("--set", f"{name}={value}")]
        done = self.run_docket("config", "check", *words, str(config))
        self.assertEqual(done.returncode, 0, done.stdout)
        settings = yaml.safe_load(config.read_text())
        container = only("Deployment")["spec"]["template"]["spec"]["containers"][0]
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        for name, setting in (("grpc", "listen"), ("metrics", "metrics_listen")):
            self.assertTrue(settings[setting].endswith(f":{ports[name]}"), name)
        mounts = tuple(mount["mountPath"] + "/" for mount in container["volumeMounts"])
        for path in re.findall(r"/etc/docket/[\w./-]+", config.read_text()):
            self.assertTrue(path.startswith(mounts) or path == "/etc/docket/workflows", path)

    def test_the_commands_are_taken(self) -> None:
        file = (DEPLOY / "Containerfile").read_text()
        commands = [json.loads(re.search(r"^CMD (.*)$", file, re.M).group(1))]
        for kind in ("Deployment", "Job"):
            commands.append(only(kind)["spec"]["template"]["spec"]["containers"][0]["args"])
        # Nothing is configured and nothing is there, so all fail; but not for the words (2).
        for words in commands:
            done = self.run_docket(*words, DOCKET_DATABASE_URL="host=/nowhere")
            self.assertIn(done.returncode, (1, 78), (words, done.stderr))

    def test_what_the_container_copies_is_there(self) -> None:
        file = (DEPLOY / "Containerfile").read_text()
        for line in re.findall(r"^COPY (?!--from)(.*)$", file, re.M):
            for source in line.split()[:-1]:
                self.assertTrue((ROOT / source).exists(), source)
        self.assertRegex((ROOT / "Cargo.toml").read_text(), r'\nname = "docket"\n')
        (user,) = re.findall(r"^USER (\d+):\d+$", file, re.M)
        for kind in ("Deployment", "Job"):
            self.assertEqual(only(kind)["spec"]["template"]["spec"]["securityContext"]["runAsUser"], int(user))

    def test_every_metric_that_is_named_exists(self) -> None:
        with self.serve(workflows=str(ROOT / "workflows")) as server:
            api = server.ready().api(self.schema, self.issuer.token(self.tenant))
            stream = api.stream("StreamActivities", latest=True)
            next(stream)
            position = api.CreateTicket(ticket={"subject": "Counted", "priority": "PRIORITY_URGENT"}).position
            self.read_until_position(stream, position)
            there = set(METRIC.findall(until(lambda: self.with_ready(server), "the gauges")))
        for path in ("prometheus/alerts.yaml", "grafana/docket.json"):
            named = set(METRIC.findall((DEPLOY / path).read_text()))
            self.assertTrue(named)
            self.assertEqual({name for name in named if name not in there and SUFFIX.sub("", name) not in there}, set(), path)
        documented = set(METRIC.findall((ROOT / "docs/operating.md").read_text()))
        self.assertEqual({SUFFIX.sub("", name) for name in there} - documented, set(), "docs/operating.md lists all metrics")

    def with_ready(self, server) -> str:
        text = server.get("/metrics")[1]
        return text if "docket_ready 1" in text else ""

    def read_until_position(self, stream, position: int) -> None:
        for frame in stream:
            if frame.activity.position >= position:
                return stream.cancel()

    @unittest.skipUnless(shutil.which("prometheus"), "prometheus is not installed: apt-get install prometheus")
    def test_a_real_prometheus_scrapes_it(self) -> None:
        address, folder = f"127.0.0.1:{free_port()}", self.folder / "prometheus"
        folder.mkdir()
        with self.serve() as server:
            server.ready().api(self.schema, self.issuer.token(self.tenant)).CreateTicket(ticket={"subject": "Scraped"})
            scrape = {"job_name": "docket", "static_configs": [{"targets": [server.metrics]}]}
            config = {"global": {"scrape_interval": "1s", "evaluation_interval": "1s"}, "scrape_configs": [scrape]}
            config["rule_files"] = [str(DEPLOY / "prometheus/alerts.yaml")]
            (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
            command = ["prometheus", f"--config.file={folder}/prometheus.yml", f"--web.listen-address={address}"]
            command.append(f"--storage.tsdb.path={folder}/data")
            with (folder / "log").open("wb") as log:
                process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
                try:
                    self.assertEqual(until(lambda: self.ask(address, 'up{job="docket"} == 1'), "up is 1"), ["1"])
                    written = f'sum(docket_activities_total{{instance="{server.metrics}"}}) >= 1'
                    self.assertEqual(len(until(lambda: self.ask(address, written), "an activity is counted")), 1)
                    self.assertEqual(until(lambda: self.ask(address, "docket_ready"), "it is ready"), ["1"])
                finally:
                    process.terminate()
                    process.wait(30)

    def ask(self, address: str, query: str) -> list[str]:
        """The values of what the query finds; none while there is no answer."""
        try:
            url = f"http://{address}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
            with urllib.request.urlopen(url, timeout=5) as answer:
                return [found["value"][1] for found in json.load(answer)["data"]["result"]]
        except OSError:
            return []
