"""The way out for addresses that a model, a mail or a person chose: what they name is looked up once, checked, and then
connected to by its number, so that no name can turn into this machine or its neighbours in between."""
