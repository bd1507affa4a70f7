"""What GitHub reads: workflows, forms for issues, updates of dependencies."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").iterdir())
FORMS = sorted((GITHUB / "ISSUE_TEMPLATE").iterdir())
ZIZMOR = shutil.which("zizmor", path=str(Path(sys.executable).parent)) or shutil.which("zizmor")
FIELD_TYPES = {"markdown", "textarea", "input", "dropdown", "checkboxes"}


def read_yaml(path: Path) -> Any:  # noqa: ANN401 - as free as YAML is
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def steps(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def test_there_is_a_workflow_for_all_that_is_to_run() -> None:
    names = [path.stem for path in WORKFLOWS]
    assert names == ["audit", "codeql", "fuzz", "image", "lint", "release", "test"]


@pytest.mark.skipif(ZIZMOR is None, reason="zizmor is not installed; script/setup installs it")
def test_zizmor_finds_nothing_wrong() -> None:
    done = subprocess.run(
        [str(ZIZMOR), "--offline", "--no-progress", "--pedantic", "--strict-collection", GITHUB],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_the_image_installs_is_audited_as_it_is_pinned_every_day() -> None:
    workflow = read_yaml(GITHUB / "workflows" / "audit.yaml")
    audits = [step["run"] for step in steps(workflow) if "pip-audit -" in step.get("run", "")]
    told = "pip-audit --strict --require-hashes --disable-pip -r "
    files = [
        "smartmeter_addon/requirements.txt",
        "requirements-fleet.txt",
        "requirements-release.txt",
    ]
    assert audits == [told + file for file in files]
    assert workflow[True]["schedule"]


RIGHTS = {
    "audit": {"contents: read"},
    "codeql": {"contents: read", "actions: read", "security-events: write"},
    "fuzz": {"contents: read"},
    "image": {"contents: read", "packages: write", "id-token: write"},
    "lint": {"contents: read"},
    "release": {"contents: write"},
    "test": {"contents: read"},
}
"""By workflow, the most that one of its jobs may do."""


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_says_when_it_runs_what_it_may_and_what_it_does(path: Path) -> None:
    workflow = read_yaml(path)
    # "on" without quotes is true in YAML 1.1, which GitHub does not read.
    assert workflow.keys() <= {"name", True, "permissions", "concurrency", "env", "jobs"}
    assert workflow[True]
    assert workflow["permissions"] == {}
    assert workflow["concurrency"]["group"] == f"{path.stem}-${{{{ github.ref }}}}"
    assert steps(workflow)
    rights = set()
    for job in workflow["jobs"].values():
        assert job["runs-on"]
        assert job["timeout-minutes"] <= 120
        rights |= {f"{scope}: {access}" for scope, access in job["permissions"].items()}
        needed = job.get("needs", [])
        for other in [needed] if isinstance(needed, str) else needed:
            assert other in workflow["jobs"]
    assert rights == RIGHTS[path.stem]
    for step in steps(workflow):
        assert ("uses" in step) != ("run" in step)
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"].pop("persist-credentials") is False
            assert step["with"] in ({}, {"fetch-depth": 0})


def test_an_action_is_pinned_to_one_commit_whose_tag_is_told() -> None:
    used: dict[str, set[str]] = {}
    for path in WORKFLOWS:
        text = path.read_text(encoding="utf-8")
        lines = re.findall(r"^ +(?:- )?uses: (.+)$", text, re.MULTILINE)
        assert len(lines) == sum("uses" in step for step in steps(read_yaml(path)))
        for line in lines:
            match = re.fullmatch(r"([\w-]+/[\w-]+)(?:/[\w/-]+)?@([0-9a-f]{40} # v?\d[\w.-]+)", line)
            assert match, line
            used.setdefault(match[1], set()).add(match[2])
    assert {name: len(pins) for name, pins in used.items()} == dict.fromkeys(used, 1)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_takes_only_what_an_earlier_step_or_job_gives(path: Path) -> None:
    workflow = read_yaml(path)
    text = path.read_text(encoding="utf-8")
    ids = {step["id"] for step in steps(workflow) if "id" in step}
    outputs = {
        (name, output)
        for name, job in workflow["jobs"].items()
        for output in job.get("outputs", {})
    }
    assert set(re.findall(r"steps\.(\w+)\.outputs", text)) <= ids
    assert set(re.findall(r"needs\.(\w+)\.outputs\.(\w+)", text)) <= outputs
    assert set(re.findall(r"env\.(\w+)", text)) <= set(workflow.get("env", {}))


def test_the_tests_run_what_continuous_integration_runs_on_the_image_s_python_too() -> None:
    (job,) = read_yaml(GITHUB / "workflows" / "test.yaml")["jobs"].values()
    (command,) = [step["run"] for step in job["steps"] if "run" in step]
    assert (ROOT / command).stat().st_mode & 0o111
    dockerfile = (ROOT / "smartmeter_addon" / "Dockerfile").read_text(encoding="utf-8")
    (version,) = re.findall(r"base-python:(3\.\d+)-", dockerfile)
    assert version in job["strategy"]["matrix"]["python"]


def test_the_image_is_built_for_the_architectures_of_the_app() -> None:
    config = read_yaml(ROOT / "smartmeter_addon" / "config.yaml")
    workflow = read_yaml(GITHUB / "workflows" / "image.yaml")
    assert yaml.safe_load(workflow["env"]["ARCHITECTURES"]) == config["arch"]
    assert workflow["env"]["IMAGE"] == config["slug"]
    (build,) = [step for step in steps(workflow) if "build-image" in step.get("uses", "")]
    assert (ROOT / build["with"]["context"] / "Dockerfile").exists()


def test_the_base_image_is_the_dockerfile_s_and_home_assistant_signed_it() -> None:
    dockerfile = (ROOT / "smartmeter_addon" / "Dockerfile").read_text(encoding="utf-8")
    (base,) = re.findall(r"^ARG BUILD_FROM=(.+)$", dockerfile, re.MULTILINE)
    workflow = read_yaml(GITHUB / "workflows" / "image.yaml")
    (build,) = [step for step in steps(workflow) if "build-image" in step.get("uses", "")]
    assert build["with"]["cosign-base-verify"] == base
    signer = (
        "https://github.com/home-assistant/docker-base/.github/workflows/build.yml@refs/heads/x"
    )
    assert re.match(build["with"]["cosign-base-identity"], signer)
    assert "cosign" not in build["with"]  # the builder signs unless it is told not to


def test_a_release_gets_the_files_that_the_script_makes_after_its_check() -> None:
    workflow = read_yaml(GITHUB / "workflows" / "release.yaml")
    (check, make, upload) = [step for step in steps(workflow) if "run" in step]
    assert check["run"] == 'script/release check "$GITHUB_REF_NAME"'
    folder = make["run"].removeprefix("script/release files ")
    assert upload["run"] == f'gh release upload "$GITHUB_REF_NAME" {folder}/*'
    # What makes the files never sees the right to write.
    assert "env" not in check
    assert "env" not in make
    assert upload["env"] == {"GH_TOKEN": "${{ github.token }}"}
    assert not (ROOT / folder).exists()


def test_every_decoder_is_fuzzed_each_week_and_what_is_found_is_printed() -> None:
    workflow = read_yaml(GITHUB / "workflows" / "fuzz.yaml")
    assert workflow[True]["schedule"]
    (fuzz, told) = [step for step in steps(workflow) if "run" in step]
    assert re.match(r"script/fuzz --minutes \d+ --corpus ", fuzz["run"])
    assert told["if"] == "failure()"


def test_code_and_workflows_are_analysed() -> None:
    (job,) = read_yaml(GITHUB / "workflows" / "codeql.yaml")["jobs"].values()
    assert job["strategy"]["matrix"]["language"] == ["python", "actions"]
    first, last = job["steps"][1], job["steps"][-1]
    assert "codeql-action/init@" in first["uses"]
    assert "codeql-action/analyze@" in last["uses"]


def test_nothing_is_published_but_by_a_release() -> None:
    may_write = {
        path.stem
        for path in WORKFLOWS
        for job in read_yaml(path)["jobs"].values()
        if {"packages", "contents"} & {k for k, v in job["permissions"].items() if v == "write"}
    }
    assert may_write == {"image", "release"}
    assert read_yaml(GITHUB / "workflows" / "release.yaml")[True].keys() == {"release"}
    jobs = read_yaml(GITHUB / "workflows" / "image.yaml")["jobs"]
    assert jobs["publish"]["if"] == "github.event_name == 'release'"
    assert jobs["build"]["steps"][-1]["with"]["push"] == "${{ github.event_name == 'release' }}"


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.name)
def test_a_form_for_issues_is_one_that_github_takes(path: Path) -> None:
    form = read_yaml(path)
    assert form.keys() <= {"name", "description", "title", "labels", "body"}
    assert form["name"]
    assert form["description"]
    fields = [field for field in form["body"] if field["type"] != "markdown"]
    assert fields
    ids = [field["id"] for field in fields]
    assert len(set(ids)) == len(ids)
    for field in form["body"]:
        assert field["type"] in FIELD_TYPES
        assert field["attributes"].get("label") or field["type"] == "markdown"
        assert field["attributes"].get("options") or field["type"] != "dropdown"


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.name)
def test_a_form_for_issues_asks_for_the_listen_block_and_never_for_a_key(path: Path) -> None:
    form = read_yaml(path)
    (field,) = [field for field in form["body"] if field.get("id") == "listen"]
    assert "listen" in field["attributes"]["label"]
    wanted = field.get("validations", {}).get("required", False)
    assert wanted == (path.name == "meter_not_read.yml")
    labels = [field["attributes"].get("label", "") for field in form["body"]]
    assert [label for label in labels if re.search(r"\bkey\b", label, re.IGNORECASE)] == []
    assert re.search(r"without keys|never enter a key", path.read_text("utf-8"), re.IGNORECASE)


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.name)
def test_a_link_in_a_form_leads_somewhere(path: Path) -> None:
    links = re.findall(r"\]\(\.\./blob/main/([^)#]+)#([\w-]+)\)", path.read_text("utf-8"))
    assert links
    for file, anchor in links:
        titles = re.findall(r"^#+ (.+)$", (ROOT / file).read_text("utf-8"), re.MULTILINE)
        assert anchor in {title.lower().replace(" ", "-") for title in titles}


def test_updates_are_looked_for_where_there_is_something_to_update() -> None:
    settings = read_yaml(GITHUB / "dependabot.yml")
    assert settings["version"] == 2
    wanted = {"pip": "requirements*.txt", "docker": "Dockerfile", "github-actions": ".github"}
    for update in settings["updates"]:
        folder = ROOT / update["directory"].lstrip("/")
        assert list(folder.glob(wanted[update["package-ecosystem"]])), update
    assert {update["package-ecosystem"] for update in settings["updates"]} == set(wanted)


def test_no_name_anywhere_is_one_that_the_supervisor_looks_for() -> None:
    """Not even where it does not look: GitHub's chooser of forms would be named config.yml."""
    found = {
        str(path.relative_to(ROOT))
        for pattern in ("config.*", "build.*", "repository.*")
        for path in ROOT.rglob(pattern)
        if path.suffix in {".yaml", ".yml", ".json"}
        and not re.match(r"\.git$|\.venv", path.relative_to(ROOT).parts[0])
    }
    own = {"smartmeter_addon/config.yaml", "smartmeter_addon/build.yaml", "repository.yaml"}
    assert found == own
