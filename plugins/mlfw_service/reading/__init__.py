"""From the bytes of a request to rows, or to what is wrong with them."""
