"""Rows in JSON with values that a field should not have."""

import json
from collections.abc import Iterator

# Values that a field may have in JSON and should not.
_VALUES = {
    "a surrogate": r'"\ud83d"',
    "two surrogates the wrong way": r'"\udc00\ud800"',
    "a NUL": r'"\u0000"',
    "an unknown escape": r'"\x41"',
    "a tab as it is": '"\t"',
    "an integer of 5,000 digits": "9" * 5000,
    "a negative integer of 5,000 digits": "-" + "9" * 5000,
    "a number with 4,301 digits": "1" + "0" * 4300,
    "an exponent of 999": "1e999",
    "an exponent of 99 digits": "1e" + "9" * 99,
    "a tiny number": "1e-999",
    "not a number": "NaN",
    "infinity": "-Infinity",
    "an octal number": "017",
    "a plus": "+1",
    "minus zero": "-0",
    "true": "true",
    "null": "null",
    "a list": "[[[]]]",
    "an object": '{"a": {"b": 1}}',
    "an empty text": '""',
    "a bell": r'"\u0007"',
    "text from right to left": '"\u202eabc\u202c"',
    "an emoji": '"\U0001f9f4"',
    "a character that is none": r'"\uffff"',
    "half an escape": r'"\u12"',
    "a single quote": "'a'",
    "nothing": "",
    "a comment": "/* a */ 1",
    "a name": "title",
    "a million spaces": " " * 1_000_000 + '"a"',
    "300 brackets": "[" * 300 + "]" * 300,
    "30,000 brackets": "[" * 30_000 + "]" * 30_000,
    "100,000 open brackets": "[" * 100_000,
    "30,000 objects": '{"a":' * 30_000 + "1" + "}" * 30_000,
}
_FIELDS = ("id", "title", "image", "brand", "attributes")


def rows() -> Iterator[tuple[str, str]]:
    """Yield rows as JSON objects; all but a few are bad."""
    for what, value in _VALUES.items():
        for field in _FIELDS:
            rest = {"id": '"7"', "title": '"A"'} | {field: value}
            yield f"{field} with {what}", "{" + ", ".join(f'"{k}": {v}' for k, v in rest.items()) + "}"
        yield (
            f"attribute in attributes with {what}",
            f'{{"id": "7", "title": "A", "attributes": {{"a": {value}}}}}',
        )
        if value.startswith('"'):
            yield f"name with {what}", f'{{"id": "7", "title": "A", {value}: 1}}'
    yield "the same key twice", '{"id": "7", "id": "8", "title": "A", "title": "B"}'
    yield "no key", '{"": "7", "id": "7", "title": "A"}'
    yield (
        "a hundred thousand keys",
        json.dumps({"id": "7", "title": "A"} | {str(i): i for i in range(100_000)}),
    )
    yield "a key of a million characters", json.dumps({"id": "7", "title": "A", "k" * 1_000_000: 1})
    yield "a comma too many", '{"id": "7", "title": "A",}'
