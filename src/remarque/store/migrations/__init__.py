"""The steps that bring a vault's database to the present schema, run by ``store.migrating``."""
