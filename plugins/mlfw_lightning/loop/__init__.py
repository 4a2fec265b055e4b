"""The training itself: batches, steps, epochs, checkpoints."""
