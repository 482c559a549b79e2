"""Writes a CLIP of ViT-B/32's shape with random weights, as transformers has it.

`infinity_clip.py BPE FOLDER` is run by the interpreter of infinity's environment, whose transformers are
older than ours. BPE is the file of merges that open_clip carries.
"""

import gzip
import json
import sys
from pathlib import Path

import torch
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPProcessor, CLIPTokenizerFast
from transformers.models.clip.tokenization_clip import bytes_to_unicode

_WORDS = 49152


def main() -> None:
    """Write model, image processor and tokenizer."""
    merges_file, folder = sys.argv[1], Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    with gzip.open(merges_file, "rt", encoding="utf-8") as file:
        merges = file.read().split("\n")[1 : _WORDS - 256 - 2 + 1]
    signs = list(bytes_to_unicode().values())
    words = [*signs, *(sign + "</w>" for sign in signs), *("".join(merge.split()) for merge in merges)]
    words += ["<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({word: number for number, word in enumerate(words)}))
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges]) + "\n", encoding="utf-8")
    torch.manual_seed(0)
    # The defaults are those of ViT-B/32.
    CLIPModel(CLIPConfig()).save_pretrained(folder)
    tokenizer = CLIPTokenizerFast(str(folder / "vocab.json"), str(folder / "merges.txt"))
    CLIPProcessor(CLIPImageProcessor(), tokenizer).save_pretrained(folder)


if __name__ == "__main__":
    main()
