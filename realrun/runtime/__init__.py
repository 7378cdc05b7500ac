"""Starting an image: what is asked for (spec), how it is done (plan), who does it (spawner)."""
