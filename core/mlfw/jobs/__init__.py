"""Running jobs in this process or in others of this machine."""
