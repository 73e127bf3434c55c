"""The demo: the local workspace and MeshClaw in one process, with sample mail for a few people."""
