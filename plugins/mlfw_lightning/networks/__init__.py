"""The networks, and the models that build them."""
