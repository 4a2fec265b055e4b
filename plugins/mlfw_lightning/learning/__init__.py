"""How a network learns: optimisers, schedules, initial weights, averages."""
