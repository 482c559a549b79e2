"""What each part of the tower's recipe is worth: short runs that differ in one thing, measured alike."""
