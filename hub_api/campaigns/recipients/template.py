"""What a campaign says: `{nombre}`, `{nombre|amigo}`, several variants. Pure.

`{{` and `}}` stand for the braces themselves.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from shared.errors import ValidationFailed

MAX_MESSAGE, MAX_CAPTION = 4_096, 1_024  # characters
NUMBER, NAME = "telefono", "nombre"  # every recipient has these; further columns of a list are variables too
_PART = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_VARIABLE = re.compile(r"[^\W\d]\w{0,39}")


class TemplateError(ValueError):
    """What is wrong with a template, for a person."""


class EmptyVariable(ValueError):
    """A recipient has nothing for a variable that has no fallback."""

    def __init__(self, variable: str) -> None:
        super().__init__(f"{{{variable}}} is empty and has no fallback")
        self.variable = variable


@dataclass(frozen=True, slots=True)
class Variable:
    """fallback: None where a value must be there."""

    name: str
    fallback: str | None


@dataclass(frozen=True, slots=True)
class Template:
    """One variant, parsed. longest: characters that its message may have."""

    parts: tuple[str | Variable, ...]
    longest: int = MAX_MESSAGE

    @property
    def variables(self) -> frozenset[str]:
        return frozenset(part.name for part in self.parts if isinstance(part, Variable))

    @property
    def required(self) -> frozenset[str]:
        """Variables that must not be empty."""
        return frozenset(part.name for part in self.parts if isinstance(part, Variable) and part.fallback is None)

    def render(self, values: Mapping[str, str]) -> str:
        """The message for one recipient. Raises EmptyVariable, TemplateError where it is too long or blank."""
        text = "".join(part if isinstance(part, str) else _value(part, values) for part in self.parts)
        if not text.strip():
            raise TemplateError("the message is blank")
        if len(text) > self.longest:
            raise TemplateError(f"the message has {len(text)} characters, more than {self.longest}")
        return text


def parse(text: str, longest: int = MAX_MESSAGE) -> Template:
    """Raises TemplateError where braces or a variable's name are wrong, or where it is too long whatever they hold."""
    parts: list[str | Variable] = []
    position = 0
    for match in _PART.finditer(text):
        parts.append(text[position : match.start()])
        position = match.end()
        found = match.group()
        if found in ("{{", "}}"):
            parts.append(found[0])
        elif match.group(1) is None:
            raise TemplateError(f"a brace that stands alone at character {match.start() + 1}; write {found * 2}")
        else:
            parts.append(_variable(match.group(1)))
    parts.append(text[position:])
    kept = tuple(part for part in parts if part != "")
    if not any(isinstance(part, Variable) or part.strip() for part in kept):
        raise TemplateError("the message is blank")
    if (least := sum(len(part) for part in kept if isinstance(part, str))) > longest:
        raise TemplateError(f"the message has {least} characters, more than {longest}")
    return Template(kept, longest)


def parse_all(texts: Sequence[str], columns: Iterable[str], longest: int = MAX_MESSAGE) -> tuple[Template, ...]:
    """The variants of a campaign whose recipients have these columns. Raises TemplateError, also for unknown ones."""
    known = {NUMBER, NAME, *columns}
    templates = tuple(parse(text, longest) for text in texts)
    for index, template in enumerate(templates, 1):
        unknown = sorted(template.variables - known)
        if unknown:
            raise TemplateError(
                f"variant {index}: unknown variable {', '.join('{' + name + '}' for name in unknown)}; "
                f"known are {', '.join(sorted(known))}"
            )
    return templates


def required_by(templates: Iterable[Template]) -> frozenset[str]:
    """Variables that no recipient may lack, whichever variant is drawn."""
    return frozenset[str]().union(*(template.required for template in templates))


def draw(templates: Sequence[Template], seed: str) -> Template:
    """One variant at random; the same seed draws the same, so a preview shows what will be sent."""
    return templates[random.Random(seed).randrange(len(templates))]


def column_name(text: str) -> str:
    """A list's header as a variable: `Fecha de atención` → `fecha_de_atencion`. Raises TemplateError."""
    name = re.sub(r"\W+", "_", _plain(text)).strip("_")
    if not _VARIABLE.fullmatch(name):
        raise TemplateError(f"“{text[:40]}” can't be the name of a column")
    return name


def checked_columns(columns: Iterable[str]) -> list[str]:
    """Names of variables as a caller gives them, once each. Raises ValidationFailed."""
    try:
        return list(dict.fromkeys(column_name(column) for column in columns))
    except TemplateError as error:
        raise ValidationFailed(details={"columns": str(error)}) from None


def longest_of(content: str | None) -> int:
    """How many characters a campaign's message may have. content: of the campaign, as kept."""
    return MAX_CAPTION if content else MAX_MESSAGE


def checked_templates(texts: Sequence[str], columns: Iterable[str], longest: int = MAX_MESSAGE) -> tuple[Template, ...]:
    """The variants as a caller gives them, parsed. Raises ValidationFailed."""
    try:
        return parse_all(texts, columns, longest)
    except TemplateError as error:
        raise ValidationFailed(details={"templates": str(error)}) from None


def _variable(inside: str) -> Variable:
    name, bar, fallback = inside.partition("|")
    name = _plain(name)
    if not _VARIABLE.fullmatch(name):
        raise TemplateError(f"“{{{inside[:40]}}}” is no variable: letters, digits and _ only")
    if bar and not fallback.strip():
        raise TemplateError(f"the fallback of {{{name}}} is empty")
    return Variable(name, fallback if bar else None)


def _plain(text: str) -> str:
    """Names are compared without case and accents: people write both."""
    marks = unicodedata.normalize("NFD", text.strip().lower())
    return "".join(mark for mark in marks if not unicodedata.combining(mark))


def _value(variable: Variable, values: Mapping[str, str]) -> str:
    value = values.get(variable.name, "").strip()
    if value:
        return value
    if variable.fallback is None:
        raise EmptyVariable(variable.name)
    return variable.fallback
