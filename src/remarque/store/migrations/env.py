"""What Alembic runs: on the connection and inside the transaction it is given."""

from alembic import context

from remarque.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter most of a table in place
)
context.run_migrations()
