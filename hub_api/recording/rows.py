"""Many rows at once: found by many values, read as plain ones, written without an object of the ORM for each.

SQLite is given rows one after the other, which costs nothing in a library. PostgreSQL is a server: it is given all of
them as one JSON array, and the values as one array, for it takes longer to plan a list of 500 than to look them up.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import (
    ARRAY,
    JSON,
    ColumnElement,
    FromClause,
    Insert,
    Select,
    String,
    Table,
    Update,
    any_,
    bindparam,
    column,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.orm import Session

from hub_api.database import Base

Row = Mapping[str, object]  # by the names of columns

_R = TypeVar("_R")

_GIVEN = "given_"  # before a name: the value that is handed in


def among(session: Session, column_: Any, values: Collection[object]) -> ColumnElement[bool]:
    """That a column holds one of these values."""
    if _is_server(session):
        # Of no length: PostgreSQL would cut a longer text to the column's, and find what begins like it.
        kind = String() if isinstance(column_.type, String) else column_.type
        found: ColumnElement[bool] = column_ == any_(literal(list(values), ARRAY(kind)))
        return found
    return column_.in_(values)  # type: ignore[no-any-return]


def columns_of(model: type[Base], kind: type[object]) -> tuple[Any, ...]:
    """The columns that a dataclass with slots has, in its order."""
    return tuple(getattr(model, name) for name in kind.__slots__)  # type: ignore[attr-defined]


def rows_of(session: Session, kind: type[_R], statement: Select[*tuple[Any, ...]]) -> list[_R]:
    """What a select of `columns_of` finds, as it stands in the database now."""
    return [kind(*found) for found in session.execute(statement)]


def values_of(row: object, names: Iterable[str]) -> dict[str, object]:
    """Some of its columns, to be written."""
    return {name: getattr(row, name) for name in names}


def insert_rows(session: Session, model: type[Base], rows: Sequence[Row]) -> None:
    """Adds rows, each with the same columns. Raises sqlalchemy.exc.SQLAlchemyError."""
    if not rows:
        return
    names = tuple(rows[0])
    if _is_server(session):
        session.connection().execute(_insert_given(_table(model), names), {"rows": rows})
    else:
        session.connection().execute(insert(_table(model)), list(rows))


def update_rows(session: Session, model: type[Base], key: str, rows: Sequence[Row]) -> None:
    """Changes rows, each in the same columns. key: the column by which each is found, as it stands in them.

    Raises sqlalchemy.exc.SQLAlchemyError.
    """
    if not rows:
        return
    names = tuple(rows[0])
    if _is_server(session):
        session.connection().execute(_update_given(_table(model), key, names), {"rows": rows})
    else:
        given = [{_GIVEN + name: value for name, value in row.items()} for row in rows]
        session.connection().execute(_update_one(_table(model), key, names), given)


def _is_server(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def _table(model: type[Base]) -> Table:
    assert isinstance(model.__table__, Table)
    return model.__table__


@cache
def _insert_given(table: Table, names: tuple[str, ...]) -> Insert:
    given = _given(table, names)
    return insert(table).from_select(names, select(*(given.c[name] for name in names)))


@cache
def _update_given(table: Table, key: str, names: tuple[str, ...]) -> Update:
    given = _given(table, names)
    values: dict[str, Any] = {name: given.c[name] for name in names if name != key}
    return update(table).where(table.c[key] == given.c[key]).values(values)


@cache
def _update_one(table: Table, key: str, names: tuple[str, ...]) -> Update:
    values: dict[str, Any] = {name: bindparam(_GIVEN + name) for name in names if name != key}
    return update(table).where(table.c[key] == bindparam(_GIVEN + key)).values(values)


def _given(table: Table, names: tuple[str, ...]) -> FromClause:
    """The parameter `rows` as a table."""
    columns = [column(name, table.c[name].type) for name in names]
    rows = func.json_to_recordset(bindparam("rows", type_=JSON))
    return rows.table_valued(*columns).render_derived(name="given", with_types=True)
