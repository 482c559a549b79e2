"""What browsers are told: security headers, and whether they may send a key."""

from tests.gate import ORIGIN, Gate


def test_browsers_may_send_a_key_from_the_configured_origins(gate: Gate) -> None:
    asked = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    answer = gate.http.options("/api/dedup", headers=asked)
    assert answer.status_code == 200
    assert "authorization" in answer.headers["Access-Control-Allow-Headers"].lower()
    refused = gate.http.get("/api/jobs", headers={"Origin": ORIGIN})
    assert (refused.status_code, refused.headers["Access-Control-Allow-Origin"]) == (401, ORIGIN)
    assert "WWW-Authenticate" in refused.headers["Access-Control-Expose-Headers"]


def test_every_response_has_the_security_headers(gate: Gate) -> None:
    @gate.app.get("/broken")
    def broken() -> None:
        raise RuntimeError("on purpose")

    for path, status in (
        ("/api/jobs", 401),
        ("/docs", 200),
        ("/metrics", 200),
        ("/none", 404),
        ("/broken", 500),
    ):
        answer = gate.http.get(path)
        assert answer.status_code == status
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Referrer-Policy"] == "no-referrer"
