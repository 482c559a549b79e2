"""The Hugging Face hub: first its cache, so that a start needs no network and revisions do not drift."""

from collections.abc import Sequence
from pathlib import Path

import httpx
from huggingface_hub import constants, hf_hub_download
from huggingface_hub.errors import HfHubHTTPError

from shared.errors import ModelUnavailable

_ANSWER_S = 5.0


def why_away() -> str | None:
    """Return why the hub cannot be asked, None when it can; takes at most 5 s."""
    if constants.HF_HUB_OFFLINE:
        return "HF_HUB_OFFLINE is set"
    try:
        httpx.get(constants.ENDPOINT, timeout=_ANSWER_S)
    except httpx.HTTPError:
        return f"{constants.ENDPOINT} did not answer within {_ANSWER_S:.0f} s"
    return None


def hub_file(repository: str, names: Sequence[str]) -> Path:
    """Return the first of the files that the cache has, or that the hub has.

    Raises:
        ModelUnavailable: neither has any; the message says where it was looked for.
    """
    for name in names:
        try:
            return Path(hf_hub_download(repository, name, local_files_only=True))
        except OSError:
            continue
    reason = why_away()
    for name in names if reason is None else ():
        try:
            return Path(hf_hub_download(repository, name))
        except (OSError, HfHubHTTPError, httpx.HTTPError) as error:
            reason = f"the hub refused it: {str(error).strip().splitlines()[0][:150]}"
    raise ModelUnavailable(f"{repository} is not in the cache {constants.HF_HUB_CACHE}, and {reason}")
