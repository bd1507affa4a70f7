"""The changelog has the form of Keep a Changelog 1.1.0."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "smartmeter_addon" / "CHANGELOG.md").read_text(encoding="utf-8")
KINDS = ("Upgrading", "Added", "Changed", "Deprecated", "Removed", "Fixed", "Security")
"""Those of Keep a Changelog, and before them what a user has to know and to do."""
UNRELEASED = "Unreleased"

BODY, _, LINKS = TEXT.partition("\n\n[")
INTRODUCTION, *SECTIONS = re.split(r"^## ", BODY, flags=re.MULTILINE)
RELEASE = re.compile(r"\[((?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*)){2})\] - (\d{4}-[01]\d-[0-3]\d)")


def test_it_says_what_form_it_has() -> None:
    assert INTRODUCTION.startswith("# Changelog\n")
    assert "(https://keepachangelog.com/en/1.1.0/)" in INTRODUCTION
    assert "(https://semver.org/)" in INTRODUCTION


def test_each_version_has_its_day_and_the_newest_comes_first() -> None:
    unreleased, *headings = [section.splitlines()[0] for section in SECTIONS]
    assert unreleased == f"[{UNRELEASED}]"
    releases = [RELEASE.fullmatch(heading) for heading in headings]
    assert releases
    assert None not in releases
    versions = [tuple(map(int, found[1].split("."))) for found in releases if found]
    days = [found[2] for found in releases if found]
    assert versions == sorted(set(versions), reverse=True)
    assert days == sorted(days, reverse=True)


def test_changes_are_listed_by_kind_in_one_order() -> None:
    for section in SECTIONS:
        heading, *groups = re.split(r"^### ", section, flags=re.MULTILINE)
        assert len(heading.splitlines()) <= 2, "a change stands under no kind"
        kinds = [group.splitlines()[0] for group in groups]
        assert kinds == [kind for kind in KINDS if kind in kinds]
        for group in groups:
            lines = group.splitlines()[1:]
            assert any(line.startswith("- ") for line in lines), group
            assert [line for line in lines if not re.match(r"$|- \S|  \S", line)] == []


def test_each_version_links_to_its_tag_and_what_is_new_to_the_comparison() -> None:
    versions = re.findall(r"^## \[(.+?)\]", BODY, re.MULTILINE)
    links = dict(re.findall(r"^\[(.+?)\]: (\S+)$", f"[{LINKS}", re.MULTILINE))
    url = yaml.safe_load((ROOT / "repository.yaml").read_text("utf-8"))["url"]
    assert links == {
        UNRELEASED: f"{url}/compare/v{versions[1]}...HEAD",
        **{version: f"{url}/releases/tag/v{version}" for version in versions[1:]},
    }
    assert len(f"[{LINKS}".splitlines()) == len(links)
