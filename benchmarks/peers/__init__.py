"""LeadMaster beside other libraries, unmodified, on the same page and browser."""
