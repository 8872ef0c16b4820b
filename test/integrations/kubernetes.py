#!/usr/bin/env python3
"""kubernetes.py UDPERF: the manifests are linted and promise no rights, and their server runs and is ready
by its own probe with the image's content, as that user, without a capability, in a read-only root.
UDPERF is the static binary. The image is built with buildah where it is installed; else the root is
what the Containerfile would copy. Needs root for the runs."""

import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

import yaml

ROOM = pathlib.Path(__file__).resolve().parents[2] / "app/integrations/kubernetes"
PROGRAM = "udperf"

# $1: root, $2: the server's command, $3: its probe. Status 0: ready, without rights.
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
kill "$server"
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
        context = folder / "context"
        context.mkdir()
        shutil.copy(PROGRAM, context / "udperf")
        buildah = ["buildah", "--root", str(folder / "storage"), "--runroot", str(folder / "run"),
                   "--storage-driver", "vfs"]
        run(*buildah, "build", "--isolation", "chroot", "--pull-never", "--tag", "udperf",
            "--file", str(ROOM / "Containerfile"), str(context))
        self.settings = json.loads(run(*buildah, "inspect", "--type", "image", "udperf"))["OCIv1"]["config"]
        container = run(*buildah, "from", "--pull-never", "udperf").strip()
        shutil.copytree(run(*buildah, "mount", container).strip(), self.root)
        run(*buildah, "rm", container)


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
        for name, selector in (("udperf", service["selector"]),
                               ("udperf-monitor", kinds["PodMonitor", "udperf-monitor"]["spec"]
                                ["selector"]["matchLabels"])):
            spec = kinds["DaemonSet", name]["spec"]
            labels = spec["template"]["metadata"]["labels"]
            self.assertLessEqual(selector.items(), labels.items())
            self.assertLessEqual(spec["selector"]["matchLabels"].items(), labels.items())
        configuration = yaml.safe_load(
            kinds["ConfigMap", "udperf-monitor"]["data"]["monitor.yaml"])
        name = f"{kinds['Service', 'udperf']['metadata']['name']}.udperf.svc.cluster.local"
        self.assertEqual(configuration["targets"], [{"dns": name}])

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

    @unittest.skipIf(os.geteuid() != 0, "root is needed to change the root")
    def test_the_server_runs_with_what_the_image_holds(self):
        container = next(container for pod in self.pods() for container in pod["containers"]
                         if container["args"][0] == "server")
        with tempfile.TemporaryDirectory() as folder:
            image = Image(pathlib.Path(folder))
            os.chmod(folder, 0o755)
            self.assertEqual([file.name for file in image.root.iterdir()], ["udperf"])
            self.assertIn("\nUSER 65532:65532\n", image.containerfile)
            if image.settings is not None:
                self.assertEqual(image.settings["User"], "65532:65532")
                self.assertEqual(image.settings["Entrypoint"], ["/udperf"])
                self.assertEqual(image.settings["Cmd"], ["server"])
            run("unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c",
                INSIDE, "sh", str(image.root), shlex.join(["/udperf"] + container["args"]),
                shlex.join(container["readinessProbe"]["exec"]["command"]))


if __name__ == "__main__":
    PROGRAM = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main(verbosity=1)
