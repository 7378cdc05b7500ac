"""Files that are whole or absent; folders that somebody holds or nobody needs."""
