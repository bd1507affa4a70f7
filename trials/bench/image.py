"""How the image of a tree runs its program."""

import re
from pathlib import Path


def variables(tree: Path) -> dict[str, str]:
    """Give the environment that the image of an add-on's folder sets, such as PYTHONOPTIMIZE."""
    text = (tree / "Dockerfile").read_text("utf-8")
    return dict(re.findall(r"^ENV (\w+)=(\S+)$", text, re.MULTILINE))
