"""`leadmaster up`: a supervisor that starts the services, starts again what died, and stops them in order."""
