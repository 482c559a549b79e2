"""The encoder worker: images and titles in, embeddings out; it holds no state."""
