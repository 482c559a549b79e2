"""What a title says about its product beside words: quantities, packs, sizes, colours, models, numbers."""
