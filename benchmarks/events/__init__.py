"""Events: what open streams leave of the hub for everybody else."""
