"""Finding the size of batches and the learning rate."""
