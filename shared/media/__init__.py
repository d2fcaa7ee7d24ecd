"""Where media lie: by tenant and by the hash of their bytes, on any file system that fsspec reaches."""
