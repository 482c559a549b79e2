"""Which of our forms of results a client accepts (RFC 9110 12.5.1)."""

from typing import Literal

from services.gateway.problems import Problem

Form = Literal["application/json", "application/x-ndjson", "text/csv"]

_FORMS: tuple[Form, ...] = ("application/json", "application/x-ndjson", "text/csv")


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.strip().partition("=")
        if name == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


def accepted_form(accept: str | None) -> Form:
    """Return the form the client likes best; JSON when it does not care.

    Raises:
        Problem: it accepts none of them.
    """
    wishes: dict[str, float] = {}
    for part in (accept or "*/*").lower().split(","):
        name, *parameters = part.split(";")
        wishes[name.strip()] = _quality(parameters)

    def liking(form: Form) -> float:
        ranges = (form, form.split("/")[0] + "/*", "*/*")
        return next((wishes[name] for name in ranges if name in wishes), 0.0)

    best = max(_FORMS, key=liking)
    if liking(best) <= 0:
        raise Problem(406, "not_acceptable", f"results come as {', '.join(_FORMS)}")
    return best
