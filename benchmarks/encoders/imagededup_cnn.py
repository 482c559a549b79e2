"""imagededup's CNN over a folder: `imagededup_cnn.py FOLDER WEIGHTS` does a round for each line it reads.

Run by the interpreter of imagededup's environment. Its own weights (MobileNetV3-small) would be downloaded:
random ones of the same shape are put into WEIGHTS, where torch looks first.
"""

import json
import os
import sys
import time
from pathlib import Path

import torch
from torchvision.models import MobileNet_V3_Small_Weights, mobilenet_v3_small


def main() -> None:
    """Load, say so, and do what is asked."""
    folder, weights = sys.argv[1], Path(sys.argv[2])
    torch.set_num_threads(1)
    os.environ["TORCH_HOME"] = str(weights)
    checkpoint = weights / "hub" / "checkpoints" / Path(MobileNet_V3_Small_Weights.IMAGENET1K_V1.url).name
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    torch.save(mobilenet_v3_small(weights=None).state_dict(), checkpoint)
    from imagededup.methods import CNN

    model = CNN(verbose=False)
    # What it prints is not meant for us.
    answers, sys.stdout = sys.stdout, sys.stderr
    # First times are slow.
    model.encode_images(image_dir=folder, num_enc_workers=0)
    print("ready", file=answers, flush=True)
    for _ in sys.stdin:
        cpu, wall = time.process_time(), time.monotonic()
        vectors = model.encode_images(image_dir=folder, num_enc_workers=0)
        # Random weights find all photos alike; with this threshold they are compared, and none is reported.
        model.find_duplicates(encoding_map=vectors, min_similarity_threshold=1.0, num_sim_workers=0)
        if len(vectors) != sum(1 for _ in Path(folder).iterdir()):
            raise SystemExit("imagededup left photos out")
        cost = {"cpu_s": time.process_time() - cpu, "wall_s": time.monotonic() - wall}
        print(json.dumps(cost), file=answers, flush=True)


if __name__ == "__main__":
    main()
