"""What a browser gets."""

import re

from tests.support import Shop


def test_the_api_page_needs_no_other_host(shop: Shop) -> None:
    page = shop.http.get("/docs")
    assert page.status_code == 200
    loaded = re.findall(r"""(?:src|href)=["']([^"']+)""", page.text)
    assert loaded
    for address in loaded:
        assert address.startswith("/"), address
        assert shop.http.get(address).status_code == 200
