//! Exact LRU stack distances in memory proportional to the distinct lines.
