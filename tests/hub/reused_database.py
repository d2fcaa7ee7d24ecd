"""One database of PostgreSQL for many tests, each of which finds it as new."""

from __future__ import annotations

from typing import LiteralString

import psycopg
from psycopg import sql

from testing.postgres import PostgresCluster

# What a test may have changed of the schema: then emptying the tables would not do.
_SCHEMA: LiteralString = """
SELECT (SELECT md5(string_agg(concat_ws(' ', oid, relname, relkind), ',' ORDER BY oid))
          FROM pg_class WHERE relnamespace = 'public'::regnamespace),
       (SELECT md5(string_agg(concat_ws(' ', attrelid, attname, atttypid, atttypmod, attnotnull), ','
                              ORDER BY attrelid, attnum))
          FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid WHERE relnamespace = 'public'::regnamespace),
       (SELECT concat_ws(' ', count(*), max(oid::bigint)) FROM pg_constraint),
       (SELECT concat_ws(' ', count(*), max(oid::bigint)) FROM pg_trigger),
       (SELECT concat_ws(' ', count(*), max(oid::bigint)) FROM pg_proc),
       (SELECT count(*) FROM pg_db_role_setting)
"""
_SEQUENCES: LiteralString = """
SELECT sequencename, coalesce(last_value, start_value), last_value IS NOT NULL
  FROM pg_sequences WHERE schemaname = 'public'
"""
_OTHERS: LiteralString = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_MAX_GROWTH = 2  # what is larger than so many times a new one is made anew: rows that are deleted leave their room

_Row = tuple[object, ...]


class ReusedDatabase:
    """Emptying its tables and filling them again takes a fifth of what making a database does."""

    def __init__(self, cluster: PostgresCluster, name: str, template: str) -> None:
        """template: the database that it is like; it stays as it is."""
        self._cluster, self._name, self._template = cluster, name, template
        self._schema: _Row | None = None  # None: there is no database yet
        self._size = 0
        self._rows: dict[str, bytes] = {}  # of each table, as COPY writes them
        self._sequences: list[_Row] = []

    @property
    def url(self) -> str:
        """As the setting DATABASE_URL has it."""
        return self._cluster.url(self._name)

    def renew(self) -> None:
        """Has it be as its template is, and nobody else be connected to it."""
        if self._schema is not None:
            with psycopg.connect(self.url) as connection:
                connection.execute(_OTHERS)
                if self._is_as_made(connection):
                    self._fill(connection)
                    return
            self._cluster.drop(self._name)
        self._cluster.create(self._name, template=self._template)
        with psycopg.connect(self.url) as connection:
            self._learn(connection)

    def _is_as_made(self, connection: psycopg.Connection) -> bool:
        return _one(connection, _SCHEMA) == self._schema and _size(connection) <= _MAX_GROWTH * self._size

    def _learn(self, connection: psycopg.Connection) -> None:
        self._schema, self._size = _one(connection, _SCHEMA), _size(connection)
        self._sequences = connection.execute(_SEQUENCES).fetchall()
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (table,) in tables:
            with connection.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))) as rows:
                self._rows[table] = b"".join(map(bytes, rows))

    def _fill(self, connection: psycopg.Connection) -> None:
        connection.execute("SET LOCAL session_replication_role = replica")  # no constraint minds the order
        connection.execute(
            sql.SQL("; ").join(sql.SQL("DELETE FROM {}").format(sql.Identifier(one)) for one in self._rows)
        )
        for table, rows in self._rows.items():
            if rows:
                with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))) as copy:
                    copy.write(rows)
        for sequence in self._sequences:
            connection.execute("SELECT setval(quote_ident(%s), %s, %s)", sequence)


def _one(connection: psycopg.Connection, query: LiteralString) -> _Row:
    found = connection.execute(query).fetchone()
    assert found is not None
    return found


def _size(connection: psycopg.Connection) -> int:
    [size] = _one(connection, "SELECT pg_database_size(current_database())")
    assert isinstance(size, int)
    return size
