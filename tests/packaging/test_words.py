"""One word for one thing, in all that a household reads."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
READ = (
    *ROOT.glob("*.md"),
    *(ROOT / "docs").glob("*.md"),
    *(ROOT / "docs").glob("*.svg"),
    *(ROOT / "smartmeter_addon").glob("*.md"),
    *(ROOT / "smartmeter_addon").glob("*.yaml"),
    *(ROOT / "smartmeter_addon").glob("translations/*.yaml"),
    *(ROOT / "smartmeter_addon" / "app").rglob("*.py"),
    *(ROOT / "smartmeter_addon" / "app").rglob("*.toml"),
)
OTHERS = re.compile(
    r"(network|distribution|system|utility)[\s-]+operator"
    r"|verteilnetzbetreiber|verteilernetzbetreiber|netzanbieter",
    re.IGNORECASE,
)


def test_the_operator_is_the_grid_operator_or_netzbetreiber() -> None:
    assert {path.suffix for path in READ} == {".md", ".svg", ".yaml", ".py", ".toml"}
    found = {
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in READ
        for match in OTHERS.finditer(path.read_text("utf-8"))
    }
    assert found == set()
