"""What keeps files of the store, and the end of those that nothing keeps."""
