"""Several models or versions behind one service: shares, shadows, and taking over new versions."""
