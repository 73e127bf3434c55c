"""The words all rooms share: frozen values and protocols, nothing that runs. Imports no other room."""
