"""What files cost on their way in and out."""
