"""When the title of a chat and each of its tags were changed last: by that two machines agree that back up here.

The triggers tell what a program does here itself: what a backup brings has its time already. Only an SQLite store is
backed up, and only its triggers write down what is new.

Pairs with the file of the same name in the other tree; see migrations/README.md.
"""

from __future__ import annotations

from alembic import op

revision = "20261122060000"
down_revision = "20261122050000"
branch_labels = None
depends_on = None

UP = (
    """\
CREATE TABLE chat_changes (
    chat_id UUID NOT NULL REFERENCES chats(id) ON DELETE CASCADE,
    name VARCHAR(54) NOT NULL,
    value VARCHAR(255),
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (chat_id, name)
)""",
    """\
CREATE FUNCTION primer_note_title() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO chat_changes (chat_id, name, value, changed_at)
    SELECT NEW.id, name, value, NEW.updated_at
    FROM (VALUES ('title', OLD.title, NEW.title), ('model', OLD.model, NEW.model)) AS changed (name, before, value)
    WHERE value IS DISTINCT FROM before
    ON CONFLICT (chat_id, name) DO UPDATE SET value = EXCLUDED.value,
        changed_at = greatest(EXCLUDED.changed_at, chat_changes.changed_at + interval '1 microsecond')
    WHERE chat_changes.value IS DISTINCT FROM EXCLUDED.value;
    RETURN NULL;
END $$""",
    """\
CREATE TRIGGER primer_note_title AFTER UPDATE OF title, model ON chats
FOR EACH ROW WHEN ((OLD.title, OLD.model) IS DISTINCT FROM (NEW.title, NEW.model))
EXECUTE FUNCTION primer_note_title()""",
    # the tags of a deleted chat go with it: then there is nothing to tell
    """\
CREATE FUNCTION primer_note_tag() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND EXISTS (SELECT FROM chats WHERE id = OLD.chat_id) THEN
        INSERT INTO chat_changes (chat_id, name, changed_at) VALUES (OLD.chat_id, 'tag:' || OLD.tag, now())
        ON CONFLICT (chat_id, name) DO UPDATE SET value = NULL,
            changed_at = greatest(EXCLUDED.changed_at, chat_changes.changed_at + interval '1 microsecond')
        WHERE chat_changes.value IS NOT NULL;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO chat_changes (chat_id, name, value, changed_at)
        VALUES (NEW.chat_id, 'tag:' || NEW.tag, 'on', NEW.created_at)
        ON CONFLICT (chat_id, name) DO UPDATE SET value = EXCLUDED.value,
            changed_at = greatest(EXCLUDED.changed_at, chat_changes.changed_at + interval '1 microsecond')
        WHERE chat_changes.value IS NULL;
    END IF;
    RETURN NULL;
END $$""",
    """\
CREATE TRIGGER primer_note_tag AFTER INSERT OR UPDATE OR DELETE ON chat_tags
FOR EACH ROW EXECUTE FUNCTION primer_note_tag()""",
)
DOWN = (
    "DROP TRIGGER primer_note_tag ON chat_tags",
    "DROP FUNCTION primer_note_tag()",
    "DROP TRIGGER primer_note_title ON chats",
    "DROP FUNCTION primer_note_title()",
    "DROP TABLE chat_changes",
)


def upgrade() -> None:
    """Apply."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """Undo, in the opposite order."""
    for statement in DOWN:
        op.execute(statement)
