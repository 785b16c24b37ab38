"""Recording, training, export and evaluation of perfvec's foundation models."""
