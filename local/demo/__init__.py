"""The demonstration: a sample catalog through a whole stack, with figures and pictures of what was found."""
