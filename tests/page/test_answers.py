"""What each answer says of itself."""

from app.page.answers import HEADERS
from tests.support.asking import ask
from tests.support.serving import Site, serving


async def test_an_answer_is_whole_and_keeps_to_itself() -> None:
    site = Site()
    async with serving(site) as server:
        said = await ask(server.port, "/a/b?line=1&empty=")
    assert (said.status, said.body) == (200, b"hello")
    assert said.headers["content-length"] == "5"
    assert {name.lower(): value for name, value in HEADERS.items()}.items() <= said.headers.items()
    assert "content-encoding" not in said.headers
    assert site.asked == [("a/b", {"line": "1"})]


async def test_nothing_inline_or_foreign_may_run() -> None:
    policy = HEADERS["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert HEADERS["Cache-Control"] == "no-store"
