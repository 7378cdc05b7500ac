"""Published curves: laws fitted to their small part, and what they say about the rest."""
