"""Starting from trained weights, and which of them learn."""
