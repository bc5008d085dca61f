"""What direct indexing would have done: history, or an invented market, replayed through the planner that users run."""
