#!/usr/bin/env python3
"""kubernetes.py UDPERF MONITOR: the manifests are linted and promise no rights, their server runs and is ready
by its own probe with the image's content, and their pod measures that of another node over a link, each as that
user, without a capability, in a read-only root. UDPERF is the static binary, MONITOR the one of the package, which
has the monitor. The image is made by app/package/image where there is buildah; else the root is what the
Containerfile would copy. Needs root for the runs."""

import io
import json
import os
import pathlib
import platform
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest

import yaml

ROOM = pathlib.Path(__file__).resolve().parents[2] / "app/integrations/kubernetes"
IMAGE = ROOM.parents[1] / "package/image"
PROGRAM = "udperf"
MONITOR = "udperf"

# $1: root, $2: the server's command, $3: its probe, $4: a test that has the whole rate. Status 0: ready, without
# rights, and still so beside that test: another one as fast is refused then (4).
INSIDE = r"""
set -eu
ip link set lo up
mount --bind "$1" "$1"
mount -o remount,ro,bind "$1"
eval "exec chroot --userspec=65532:65532 '$1' $2" >"$1.out" 2>&1 &
server=$!
for try in 1 2 3 4 5 6 7 8 9 10; do
  if status=$(eval "chroot --userspec=65532:65532 '$1' $3 --wait-server=10s" 2>"$1.err"); then break; fi
done
[ "$status" = complete ] || { cat "$1.out" "$1.err" >&2; exit 1; }
grep -q '^CapEff:[[:space:]]*0*$' "/proc/$server/status"
grep -q '^Uid:[[:space:]]*65532' "/proc/$server/status"
! touch "$1/file" 2>/dev/null
whole=''
for try in 1 2 3 4 5 6 7 8 9 10; do
  eval "exec chroot --userspec=65532:65532 '$1' $4 --duration=60s --retry-busy=60s" >/dev/null 2>&1 &
  whole=$!
  refused=0
  while [ "$refused" = 0 ] && kill -0 "$whole"; do
    eval "chroot --userspec=65532:65532 '$1' $4 --packets=1" >/dev/null 2>&1 || refused=$?
  done
  status=$(eval "chroot --userspec=65532:65532 '$1' $3") || { echo "the probe beside a test: $?" >&2; exit 1; }
  [ "$status" = complete ]
  if [ "$refused" = 4 ] && kill -0 "$whole"; then break; fi
  whole=''
done
kill "$whole" "$server"
"""

# $1: the server's root, $2: its command, $3: the monitor's root, $4: its command, $5: what waits for a round.
# Two nodes, 192.0.2.1 with the whole pod and 192.0.2.2 with a server, joined by a link; the volumes are what the
# manifest says.
MESH = r"""
set -eu
unshare --net sh -c 'ip link set lo up; read -r go; ip addr add 192.0.2.2/24 dev far; ip link set far up
  eval "exec chroot --userspec=65532:65532 \"$1\" $2"' sh "$1" "$2" <"$1.go" >"$1.out" 2>&1 &
server=$!
exec 3>"$1.go"
ip link set lo up
for try in 1 2 3 4 5 6 7 8 9 10; do
  if [ "$(readlink "/proc/$server/ns/net")" != "$(readlink /proc/self/ns/net)" ]; then break; fi
  sleep 0.2
done
ip link add near type veth peer name far netns "$server"
ip addr add 192.0.2.1/24 dev near
ip link set near up
echo go >&3
mount --bind "$3" "$3"
mount --rbind /usr "$3/usr"
mount -o remount,ro,bind "$3"
mount -t tmpfs -o size=64m,uid=65532,gid=65532,mode=0770 tmpfs "$3/var/lib/udperf"
eval "exec chroot --userspec=65532:65532 '$1' $2" >/dev/null 2>&1 &
own=$!
eval "exec chroot --userspec=65532:65532 '$3' $4" >"$3.out" 2>&1 &
monitor=$!
python3 -c "$5" || { cat "$1.out" "$3.out" >&2; exit 1; }
grep -q '^CapEff:[[:space:]]*0*$' "/proc/$monitor/status"
[ -s "$3/var/lib/udperf/monitor.db" ]
kill "$monitor" "$server" "$own"
"""

# The other node has been measured, by one and the same server, and the monitor's own is no target.
MEASURED = r"""
import re, sys, time, urllib.request
end, text = time.monotonic() + 120, ""
while time.monotonic() < end:
    try:
        text = urllib.request.urlopen("http://192.0.2.1:9555/metrics", timeout=10).read().decode()
    except OSError:
        pass
    if re.search(r'^udperf_rounds_total{target="[^"]*/192[.]0[.]2[.]2"[^}]*status="complete"} [2-9]', text, re.M):
        if "/192.0.2.1" in text:
            sys.exit("its own address is a target")
        restarts = re.search(r'^udperf_server_restarts_total{[^}]*} (\d+)', text, re.M)[1]
        sys.exit(f"{restarts} restarts of a server that stayed" if restarts != "0" else 0)
    time.sleep(0.5)
sys.exit("no complete round: " + text)
"""


def manifests():
    """Every object of every manifest."""
    return [item for file in sorted(ROOM.glob("*.yaml"))
            for item in yaml.safe_load_all(file.read_text(encoding="utf-8"))]


def run(*command, **options):
    """The output of a command that has to succeed."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, **options)
    assert done.returncode == 0, f"{shlex.join(command)}: {done.stdout}{done.stderr}"
    return done.stdout


class Image:
    """The image's root, in a folder, and what it says of itself."""

    def __init__(self, folder):
        self.root = folder / "root"
        self.containerfile = (ROOM / "Containerfile").read_text(encoding="utf-8")
        self.settings = None
        if shutil.which("buildah"):
            self.build(folder)
        else:
            self.root.mkdir()
            shutil.copy(PROGRAM, self.root / "udperf")

    def build(self, folder):
        """As it is handed out, by whoever lets nobody else read what he makes."""
        archive = folder / "image.tar"
        run(str(IMAGE), PROGRAM, str(archive), umask=0o077)
        with tarfile.open(archive) as files:
            def blob(digest):
                return files.extractfile("./blobs/" + digest.replace(":", "/")).read()

            index = json.load(files.extractfile("./index.json"))
            manifest = json.loads(blob(index["manifests"][0]["digest"]))
            self.settings = json.loads(blob(manifest["config"]["digest"]))
            for layer in manifest["layers"]:
                with tarfile.open(fileobj=io.BytesIO(blob(layer["digest"]))) as content:
                    content.extractall(self.root)


class Kubernetes(unittest.TestCase):
    """Manifests and image."""

    def pods(self):
        for item in manifests():
            if item["kind"] == "DaemonSet":
                yield item["spec"]["template"]["spec"]

    def test_manifests_are_clean_yaml(self):
        rules = "{extends: default, rules: {line-length: {max: 120}}}"
        run("yamllint", "--strict", "-d", rules, *map(str, sorted(ROOM.glob("*.yaml"))))

    def test_objects_belong_together(self):
        kinds = {(item["kind"], item["metadata"]["name"]): item for item in manifests()}
        service = kinds["Service", "udperf"]["spec"]
        self.assertEqual(service["clusterIP"], "None")
        # A server that does not answer stays a target, and is told as down.
        self.assertIs(service["publishNotReadyAddresses"], True)
        spec = kinds["DaemonSet", "udperf"]["spec"]
        labels = spec["template"]["metadata"]["labels"]
        for selector in (service["selector"],
                         kinds["PodMonitor", "udperf"]["spec"]["selector"]["matchLabels"]):
            self.assertLessEqual(selector.items(), labels.items())
            self.assertLessEqual(spec["selector"]["matchLabels"].items(), labels.items())
        configuration = yaml.safe_load(self.configuration())
        name = f"{kinds['Service', 'udperf']['metadata']['name']}.udperf.svc.cluster.local"
        self.assertEqual(configuration["targets"], [{"dns": name}])

    def test_a_monitor_shares_its_address_with_the_server_that_it_leaves_out(self):
        for pod in self.pods():
            self.assertEqual([container["name"] for container in pod["containers"]], ["server", "monitor"])

    def test_pods_have_no_rights(self):
        found = 0
        for pod in self.pods():
            self.assertTrue(pod["securityContext"]["runAsNonRoot"])
            self.assertGreater(pod["securityContext"]["runAsUser"], 0)
            self.assertEqual(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault")
            self.assertFalse(pod["automountServiceAccountToken"])
            for container in pod["containers"]:
                rights = container["securityContext"]
                self.assertIs(rights["allowPrivilegeEscalation"], False)
                self.assertIs(rights["readOnlyRootFilesystem"], True)
                self.assertEqual(rights["capabilities"], {"drop": ["ALL"]})
                self.assertIn("memory", container["resources"]["limits"])
                found += 1
        self.assertEqual(found, 2)

    def container(self, role):
        """The container whose program has this role."""
        return next(container for pod in self.pods() for container in pod["containers"]
                    if container["args"][0] == role)

    def configuration(self):
        """The monitor's configuration, as text."""
        return next(item["data"]["monitor.yaml"] for item in manifests() if item["kind"] == "ConfigMap")

    @unittest.skipIf(os.geteuid() != 0, "root is needed to change the root")
    def test_the_monitor_measures_the_other_node(self):
        with tempfile.TemporaryDirectory() as folder:
            far, root = pathlib.Path(folder, "far"), pathlib.Path(folder, "root")
            far.mkdir()
            shutil.copy(PROGRAM, far / "udperf")
            os.mkfifo(f"{far}.go")
            for place in ("usr", "etc/udperf", "var/lib/udperf"):
                (root / place).mkdir(parents=True)
            for name in ("bin", "lib", "lib64"):
                (root / name).symlink_to(f"usr/{name}")
            shutil.copy(MONITOR, root / "udperf")
            (root / "etc/udperf/monitor.yaml").write_text(self.configuration())
            (root / "etc/host.conf").write_text("multi on\n")  # as Debian has it
            (root / "etc/hosts").write_text("192.0.2.1 udperf.udperf.svc.cluster.local\n"
                                            "192.0.2.2 udperf.udperf.svc.cluster.local\n")
            os.chmod(folder, 0o755)
            run("unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c",
                MESH, "sh", str(far), shlex.join(["/udperf"] + self.container("server")["args"]), str(root),
                shlex.join(["/udperf"] + self.container("monitor")["args"]), MEASURED)

    @unittest.skipIf(os.geteuid() != 0, "root is needed to change the root")
    def test_the_server_runs_with_what_the_image_holds(self):
        container = self.container("server")
        with tempfile.TemporaryDirectory() as folder:
            image = Image(pathlib.Path(folder))
            os.chmod(folder, 0o755)
            self.assertEqual([file.name for file in image.root.iterdir()], ["udperf"])
            self.assertIn("\nUSER 65532:65532\n", image.containerfile)
            if image.settings is not None:
                config = image.settings["config"]
                self.assertEqual(config["User"], "65532:65532")
                self.assertEqual(config["Entrypoint"], ["/udperf"])
                self.assertEqual(config["Cmd"], ["server"])
                known = {"x86_64": "amd64", "aarch64": "arm64"}
                self.assertEqual(image.settings["architecture"], known.get(platform.machine()))
                self.assertEqual((image.root / "udperf").stat().st_mode & 0o777, 0o755)
            run("unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c",
                INSIDE, "sh", str(image.root), shlex.join(["/udperf"] + container["args"]),
                shlex.join(container["readinessProbe"]["exec"]["command"]), "/udperf client 127.0.0.1 --quiet")


if __name__ == "__main__":
    PROGRAM, MONITOR = (str(pathlib.Path(sys.argv.pop(1)).resolve()) for _ in range(2))
    done = unittest.main(verbosity=1, exit=False).result
    for case, reason in done.skipped:
        print(f"not judged: {case.id()}: {reason}", file=sys.stderr)
    sys.exit(not done.wasSuccessful())
