"""An integration for the tests: an app's page behind Core's own ingress view.

Runs inside Core. Its service `open` has Core offer the very view that leads browsers to the
Supervisor (`homeassistant.components.hassio.ingress`), with a stand-in for that behind it.
As the Supervisor does, the stand-in wants the cookie of a session, says who asks, and passes a body
on without Content-Encoding and a Content-Type without charset: whole, or bit by bit where it has no
length.
"""

from importlib import import_module
from types import SimpleNamespace
from typing import Any

DOMAIN = "ingress_standin"
TOKEN = "a-token"
SESSION = "a-session"
PATH = f"/api/hassio_ingress/{TOKEN}/"

NOT_PASSED_ON = frozenset(("content-length", "content-encoding", "transfer-encoding"))
USER = {
    "X-Remote-User-Id": "0123456789abcdef",
    "X-Remote-User-Name": "guest",
    "X-Remote-User-Display-Name": "Guest",
}


async def async_setup(hass: Any, config: object) -> bool:  # noqa: ANN401, ARG001 - as Core calls it
    """Offer the service."""
    aiohttp = import_module("aiohttp")
    web = import_module("aiohttp.web")
    clients = import_module("homeassistant.helpers.aiohttp_client")
    app = SimpleNamespace(port=0)
    opened = False

    async def forward(request: Any) -> Any:  # noqa: ANN401 - of aiohttp
        if request.cookies.get("ingress_session") != SESSION:
            raise web.HTTPUnauthorized
        headers = {
            name: value
            for name, value in request.headers.items()
            if name.lower() not in NOT_PASSED_ON and not name.lower().startswith("x-remote-user-")
        }
        url = f"http://127.0.0.1:{app.port}/{request.match_info['path']}"
        async with clients.async_get_clientsession(hass).get(
            url,
            headers=headers | USER,
            params=request.query,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=None),
        ) as answer:
            passed_on = {
                name: value
                for name, value in answer.headers.items()
                if name.lower() not in {*NOT_PASSED_ON, "content-type", "connection"}
            }
            kind = answer.content_type
            if "content-length" in answer.headers:
                body = await answer.read()
                return web.Response(
                    body=body, headers=passed_on, status=answer.status, content_type=kind
                )
            response = web.StreamResponse(status=answer.status, headers=passed_on)
            response.content_type = kind
            await response.prepare(request)
            async for data, _ in answer.content.iter_chunks():
                await response.write(data)
            return response

    async def open_page(call: Any) -> None:  # noqa: ANN401 - as Core calls it
        nonlocal opened
        app.port = call.data["port"]
        if opened:
            return
        opened = True
        supervisor = web.Application()
        supervisor.router.add_get(f"/ingress/{TOKEN}/{{path:.*}}", forward)
        runner = web.AppRunner(supervisor)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        ingress = import_module("homeassistant.components.hassio.ingress")
        session = clients.async_get_clientsession(hass)
        hass.http.register_view(ingress.HassIOIngress(f"127.0.0.1:{port}", session))

    hass.services.async_register(DOMAIN, "open", open_page)
    return True
