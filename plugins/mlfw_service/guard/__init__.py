"""What stands before the routes and protects them."""
