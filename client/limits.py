"""How many candidates each channel may give, as the client's methods and commands take it."""

from typing import Annotated, TypedDict

import typer


class Limits(TypedDict, total=False):
    """Candidates per listing: `k` from each channel, `k_…` in its place for one; 0 switches it off."""

    k: int | None
    k_image: int | None
    k_text: int | None
    k_lexical: int | None


K = Annotated[int | None, typer.Option("--k", min=1, max=100, help="Candidates per channel.")]
KImage = Annotated[
    int | None, typer.Option("--k-image", min=0, max=100, help="Candidates by image; 0: none.")
]
KText = Annotated[
    int | None, typer.Option("--k-text", min=0, max=100, help="Candidates by the title's meaning; 0: none.")
]
KLexical = Annotated[
    int | None, typer.Option("--k-lexical", min=0, max=100, help="Candidates by the title's words; 0: none.")
]
