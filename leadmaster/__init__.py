"""The front door: `leadmaster up | demo | user | doctor …`. Starts the other packages, imports them only then."""
