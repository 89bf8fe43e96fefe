"""People, the details staged by commands under way, and the keys of authors."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.execute("""
        create table people.person (
            id text primary key,
            display_name text,
            email text,
            title text,
            external_id text,
            changed_at timestamptz not null default now(),
            erased_at timestamptz
        )
    """)
    op.execute("create unique index person_email on people.person (lower(email))")
    op.execute("create unique index person_external_id on people.person (external_id)")
    op.execute("""
        create table people.staged (
            command_id text primary key,
            person_id text not null,
            details jsonb,
            staged_at timestamptz not null default now(),
            settled_at timestamptz,
            check ((details is null) = (settled_at is not null))
        )
    """)
    op.execute("create index staged_person on people.staged (person_id)")
    op.execute("""
        create table people.author_key (
            principal text primary key,
            wrapped bytea,
            made_at timestamptz not null default now(),
            destroyed_at timestamptz,
            check ((wrapped is null) = (destroyed_at is not null))
        )
    """)


def downgrade() -> None:
    """There is no way back: the keys would be gone, and with them every sealed text."""
    raise NotImplementedError("people are not migrated back")
