"""The triggers that write down what no backup may have yet; they read no row that is there already.

And what two machines need to agree on a title or a tag that both may change: when each was changed last. The time of
a chat does not tell, for each message moves it.

Pairs with the file of the same name in the other tree; see migrations/README.md.
"""

from __future__ import annotations

from alembic import op

revision = "20261122060000"
down_revision = "20261122050000"
branch_labels = None
depends_on = None

# Later than what it takes the place of, also where a clock is behind; a millisecond is the least that SQLite can add.
_LATER = """\
CASE WHEN excluded.changed_at > changed_at THEN excluded.changed_at
    ELSE strftime('%Y-%m-%dT%H:%M:%f', changed_at, '+0.001 seconds') || '000+00:00' END"""
_RENAMED = f"""\
INSERT INTO chat_changes (chat_id, name, value, changed_at)
    SELECT NEW.id, '{{0}}', NEW.{{0}}, NEW.updated_at WHERE NEW.{{0}} IS NOT OLD.{{0}}
    ON CONFLICT (chat_id, name) DO UPDATE SET value = excluded.value, changed_at = {_LATER}"""
_TAG_ADDED = f"""\
INSERT INTO chat_changes (chat_id, name, value, changed_at)
    VALUES (NEW.chat_id, 'tag:' || NEW.tag, 'on', NEW.created_at)
    ON CONFLICT (chat_id, name) DO UPDATE SET value = excluded.value, changed_at = {_LATER} WHERE value IS NULL"""  # noqa: S608
_TAG_REMOVED = f"""\
INSERT INTO chat_changes (chat_id, name, changed_at)
    VALUES (OLD.chat_id, 'tag:' || OLD.tag, strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now'))
    ON CONFLICT (chat_id, name) DO UPDATE SET value = NULL, changed_at = {_LATER} WHERE value IS NOT NULL"""  # noqa: S608

# A key may be NULL in the documented tables; another program's row must not fail for it.
UP = (
    """\
CREATE TABLE chat_changes (
    chat_id TEXT NOT NULL REFERENCES chats(id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    value TEXT,
    changed_at TEXT NOT NULL,
    PRIMARY KEY (chat_id, name)
)""",
    """\
CREATE TRIGGER primer_message_added AFTER INSERT ON messages WHEN NEW.id IS NOT NULL BEGIN
    INSERT INTO primer_journal (kind, entity_id) VALUES ('m', NEW.id);
END""",
    # a message never changes, but one that no server would take may have been put right
    """\
CREATE TRIGGER primer_message_changed AFTER UPDATE ON messages WHEN NEW.id IS NOT NULL BEGIN
    INSERT INTO primer_journal (kind, entity_id) VALUES ('m', NEW.id);
END""",
    """\
CREATE TRIGGER primer_completion_added AFTER INSERT ON completions BEGIN
    INSERT INTO primer_journal (kind, entity_id) VALUES ('m', NEW.message_id);
END""",
    """\
CREATE TRIGGER primer_completion_changed AFTER UPDATE ON completions BEGIN
    INSERT INTO primer_journal (kind, entity_id) VALUES ('m', NEW.message_id);
END""",
    # a deleted chat that is imported again is wanted again
    """\
CREATE TRIGGER primer_chat_added AFTER INSERT ON chats WHEN NEW.id IS NOT NULL BEGIN
    INSERT INTO primer_journal (kind, entity_id) VALUES ('c', NEW.id);
    DELETE FROM primer_tombstones WHERE chat_id = NEW.id;
END""",
    """\
CREATE TRIGGER primer_chat_changed AFTER UPDATE ON chats WHEN NEW.id IS NOT NULL BEGIN
    INSERT INTO primer_journal (kind, entity_id) VALUES ('c', NEW.id);
END""",
    f"""\
CREATE TRIGGER primer_chat_renamed AFTER UPDATE OF title, model ON chats WHEN NEW.id IS NOT NULL BEGIN
    {_RENAMED.format("title")};
    {_RENAMED.format("model")};
END""",
    # to the backup of its new user everything in it is new
    """\
CREATE TRIGGER primer_chat_moved AFTER UPDATE OF user_id ON chats
WHEN NEW.id IS NOT NULL AND NEW.user_id IS NOT OLD.user_id BEGIN
    INSERT INTO primer_journal (kind, entity_id) VALUES ('d', NEW.id);
    INSERT INTO primer_journal (kind, entity_id)
    SELECT 'm', id FROM messages WHERE chat_id = NEW.id AND id IS NOT NULL;
    INSERT INTO primer_journal (kind, entity_id)
    SELECT 'a', id FROM message_attachments WHERE message_id IN (SELECT id FROM messages WHERE chat_id = NEW.id);
END""",
    """\
CREATE TRIGGER primer_chat_deleted AFTER DELETE ON chats WHEN OLD.id IS NOT NULL BEGIN
    INSERT OR REPLACE INTO primer_tombstones (chat_id, deleted_at)
    VALUES (OLD.id, strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now'));
END""",
    """\
CREATE TRIGGER primer_chat_settings_added AFTER INSERT ON chat_settings BEGIN
    INSERT INTO primer_journal (kind, entity_id) VALUES ('d', NEW.chat_id);
END""",
    """\
CREATE TRIGGER primer_chat_settings_changed AFTER UPDATE ON chat_settings BEGIN
    INSERT INTO primer_journal (kind, entity_id) VALUES ('d', NEW.chat_id);
END""",
    # the details of a deleted chat go with it: then there is nothing to tell a server
    """\
CREATE TRIGGER primer_chat_settings_deleted AFTER DELETE ON chat_settings
WHEN EXISTS (SELECT 1 FROM chats WHERE id = OLD.chat_id) BEGIN
    INSERT INTO primer_journal (kind, entity_id) VALUES ('d', OLD.chat_id);
END""",
    f"""\
CREATE TRIGGER primer_chat_tag_added AFTER INSERT ON chat_tags BEGIN
    INSERT INTO primer_journal (kind, entity_id) VALUES ('d', NEW.chat_id);
    {_TAG_ADDED};
END""",  # noqa: S608
    f"""\
CREATE TRIGGER primer_chat_tag_changed AFTER UPDATE ON chat_tags BEGIN
    INSERT INTO primer_journal (kind, entity_id) VALUES ('d', NEW.chat_id);
    {_TAG_REMOVED};
    {_TAG_ADDED};
END""",  # noqa: S608
    f"""\
CREATE TRIGGER primer_chat_tag_deleted AFTER DELETE ON chat_tags
WHEN EXISTS (SELECT 1 FROM chats WHERE id = OLD.chat_id) BEGIN
    INSERT INTO primer_journal (kind, entity_id) VALUES ('d', OLD.chat_id);
    {_TAG_REMOVED};
END""",  # noqa: S608
    """\
CREATE TRIGGER primer_attachment_added AFTER INSERT ON message_attachments BEGIN
    INSERT INTO primer_journal (kind, entity_id) VALUES ('a', NEW.id);
END""",
    """\
CREATE TRIGGER primer_user_settings_added AFTER INSERT ON user_settings BEGIN
    INSERT INTO primer_journal (kind, entity_id) VALUES ('s', NEW.user_id);
END""",
    """\
CREATE TRIGGER primer_user_settings_changed AFTER UPDATE ON user_settings BEGIN
    INSERT INTO primer_journal (kind, entity_id) VALUES ('s', NEW.user_id);
END""",
)
DOWN = (
    "DROP TRIGGER primer_user_settings_changed",
    "DROP TRIGGER primer_user_settings_added",
    "DROP TRIGGER primer_attachment_added",
    "DROP TRIGGER primer_chat_tag_deleted",
    "DROP TRIGGER primer_chat_tag_changed",
    "DROP TRIGGER primer_chat_tag_added",
    "DROP TRIGGER primer_chat_settings_deleted",
    "DROP TRIGGER primer_chat_settings_changed",
    "DROP TRIGGER primer_chat_settings_added",
    "DROP TRIGGER primer_chat_deleted",
    "DROP TRIGGER primer_chat_moved",
    "DROP TRIGGER primer_chat_renamed",
    "DROP TRIGGER primer_chat_changed",
    "DROP TRIGGER primer_chat_added",
    "DROP TRIGGER primer_completion_changed",
    "DROP TRIGGER primer_completion_added",
    "DROP TRIGGER primer_message_changed",
    "DROP TRIGGER primer_message_added",
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
