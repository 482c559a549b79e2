"""The loop of a notebook: open_clip and sentence-transformers over the same files, batches of 64.

`python -m benchmarks.encoders.loop IMAGE_WEIGHTS TEXT_WEIGHTS GOODS` does a round for each line it reads;
GOODS is a JSON file of paths and titles.
"""

import json
import sys
import time
from pathlib import Path

import open_clip
import torch
from PIL import Image
from sentence_transformers import SentenceTransformer

BATCH = 64


def main() -> None:
    """Load, say so, and do what is asked."""
    image_weights, text_weights, goods = sys.argv[1:]
    photos, titles = json.loads(Path(goods).read_text())
    torch.set_num_threads(1)
    # The activation that OpenAI's weights need, and open_clip takes for them by itself.
    model, _, preprocess = open_clip.create_model_and_transforms(
        "ViT-B-32", pretrained=image_weights, force_quick_gelu=True
    )
    model.eval()
    texts = SentenceTransformer(text_weights, device="cpu")

    def work(photos: list[str], titles: list[str]) -> None:
        for start in range(0, len(photos), BATCH):
            pixels = [preprocess(Image.open(p).convert("RGB")) for p in photos[start : start + BATCH]]
            with torch.inference_mode():
                vectors = model.encode_image(torch.stack(pixels))
                vectors /= vectors.norm(dim=-1, keepdim=True)
        texts.encode(titles, batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False)

    # First times are slow.
    work(photos[:BATCH], titles[:BATCH])
    print("ready", flush=True)
    for _ in sys.stdin:
        cpu, wall = time.process_time(), time.monotonic()
        work(photos, titles)
        cost = {"cpu_s": time.process_time() - cpu, "wall_s": time.monotonic() - wall}
        print(json.dumps(cost), flush=True)


if __name__ == "__main__":
    main()
