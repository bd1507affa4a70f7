"""The page's own files, and their sentences."""

import re

from app.page.download import Contents
from app.page.files import FOLDER, Files, sentences


def test_a_language_that_the_page_is_not_in_gives_english() -> None:
    assert Files("nl").get("index.html") == Files("en").get("index.html")


def test_the_languages_say_the_same() -> None:
    english, german = sentences("en"), sentences("de")
    assert english.keys() == german.keys()
    for group, said in english.items():
        assert german[group].keys() == said.keys(), group
        for name, text in said.items():
            parameters = re.findall(r"\{\w+\}", text)
            assert sorted(re.findall(r"\{\w+\}", german[group][name])) == sorted(parameters), name


def test_the_script_says_only_what_there_is() -> None:
    said = sentences("en")
    scripts = "".join(path.read_text("utf-8") for path in (FOLDER / "assets").glob("*.js"))
    for group, name in re.findall(r"""say\(["`](\w+)\.(\w+)["`]""", scripts):
        assert name in said[group], (group, name)


def test_each_sentence_is_said_by_its_name_or_by_a_word_that_is_told() -> None:
    assets = "".join(path.read_text("utf-8") for path in (FOLDER / "assets").iterdir())
    told = {f"report.{contents}_note" for contents in Contents}
    told |= {f"telegram.tag_{tag}" for tag in ("none", "unchecked", "fits", "wrong")}
    words = {"condition", "event", "output", "step", "trouble", "waiting"}
    for group, said in sentences("en").items():
        for name in said if group not in words else ():
            found = f"{group}.{name}"
            assert found in told or found in assets or f'"{name}"' in assets, found


def test_the_files_are_small_and_load_nothing_from_elsewhere() -> None:
    for language in ("en", "de"):
        files = Files(language)
        found = [files.get(path.name) for path in (FOLDER / "assets").iterdir()]
        assert sum(len(answer.body) for answer in found if answer) < 60_000
    for path in (FOLDER / "assets").iterdir():
        text = path.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?:|//[a-z]+\.|url\(|eval\(|innerHTML =|style=", text), path
    page = (FOLDER / "assets/index.html").read_text("utf-8")
    assert not re.search(r"(src|href)=\"/", page)  # ingress puts a prefix before paths
    assert '<meta charset="utf-8">' in page
