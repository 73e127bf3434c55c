"""What models cost each person: counted for them alone, and held to the ceilings they and the operator set."""
