"""Templates, lists of recipients, keywords, the guard and message ids: all pure."""

from __future__ import annotations

import pytest

from hub_api.campaigns.optouts.answers import answer_id
from hub_api.campaigns.optouts.keywords import asks_to_stop
from hub_api.campaigns.planning import guard
from hub_api.campaigns.recipients.entries import SheetError
from hub_api.campaigns.recipients.message import message_id
from hub_api.campaigns.recipients.sheet import MAX_TOLD, read_csv, read_rows
from hub_api.campaigns.recipients.template import EmptyVariable, TemplateError, draw, parse, parse_all, required_by
from hub_api.campaigns.tenants.service import DEFAULT_KEYWORDS
from shared.transitions.message import MessageStatus


class TestTemplate:
    def test_variables_and_fallbacks(self):
        template = parse("Hola {nombre|amigo}, turno {Día} {{no}}")
        assert template.render({"nombre": "Ana", "dia": "lunes"}) == "Hola Ana, turno lunes {no}"
        assert template.render({"nombre": "  ", "dia": "lunes"}) == "Hola amigo, turno lunes {no}"
        assert (template.variables, template.required) == ({"nombre", "dia"}, {"dia"})

    def test_never_an_empty_hole(self):
        with pytest.raises(EmptyVariable):
            parse("Hola {nombre}").render({"nombre": ""})

    @pytest.mark.parametrize("text", ["", "  ", "{", "a } b", "{}", "{1x}", "{a b}", "{nombre|}", "{a{b}}", "{a|b}c}"])
    def test_what_is_no_template(self, text):
        with pytest.raises(TemplateError):
            parse(text)

    def test_an_unknown_variable_is_an_error_even_with_a_fallback(self):
        assert parse_all(["{nombre} {ciudad}"], ["ciudad"])
        with pytest.raises(TemplateError, match=r"variant 2: unknown variable \{ciudad\}"):
            parse_all(["hola", "{ciudad|x}"], [])

    def test_variants_are_drawn_by_recipient_and_stay(self):
        templates = parse_all(["a", "b", "{nombre}"], [])
        drawn = [draw(templates, f"c/{n}") for n in range(60)]
        assert set(drawn) == set(templates)
        assert drawn == [draw(templates, f"c/{n}") for n in range(60)]
        assert required_by(templates) == {"nombre"}

    def test_too_long_once_filled_in(self):
        with pytest.raises(TemplateError):
            parse("{nombre}").render({"nombre": "x" * 4_097})


CSV = """Teléfono;Nombre;Fecha de turno
11 2345-6789;Ana;lunes
+54 9 11 2345 6789;;martes
no es;Bruno;martes

011 4567-8901;"Carla
Díaz";
1123456780;Diego;viernes;de más
"""


class TestRecipients:
    def test_a_list_as_people_bring_it(self):
        sheet = read_csv(CSV.encode(), "AR", ["fecha_de_turno"])
        assert [(one.number, one.values) for one in sheet.recipients] == [
            ("541123456789", {"nombre": "Ana", "fecha_de_turno": "lunes"}),
        ]
        assert (sheet.columns, sheet.rows, sheet.merged, sheet.rejected) == (("fecha_de_turno",), 5, 1, 3)
        assert [(error.line, error.column, error.code) for error in sheet.errors] == [
            (4, "telefono", "INVALID_TO"),
            (6, "fecha_de_turno", "EMPTY_VARIABLE"),
            (8, "", "BAD_ROW"),
        ]

    def test_duplicates_are_merged(self):
        raw = "telefono,nombre,ciudad\n5491123456789,Ana,\n+54 9 11 2345-6789,Anita,Rosario\n"
        sheet = read_csv(raw.encode(), "AR", [])
        assert (sheet.merged, sheet.rows) == (1, 2)
        assert sheet.recipients[0].values == {"nombre": "Ana", "ciudad": "Rosario"}

    def test_windows_text_and_other_separators(self):
        raw = "celular\tnombre\n5491123456789\tMuñoz\n".encode("cp1252")
        assert read_csv(raw, "AR", []).recipients[0].values == {"nombre": "Muñoz"}

    def test_json_rows(self):
        rows = [
            {"phone": "5491123456789", "Nombre": "Ana", "edad": 33},
            {"phone": 5491123456780, "edad": None},
            {"phone": "x"},
            {"phone": "5491123456781", "edad": [1]},
            "x",
        ]
        sheet = read_rows(rows, "AR", [])
        assert [one.values for one in sheet.recipients] == [{"nombre": "Ana", "edad": "33"}, {}]
        assert [(error.line, error.code) for error in sheet.errors] == [
            (3, "INVALID_TO"), (4, "BAD_VALUE"), (5, "BAD_ROW"),
        ]  # fmt: skip

    @pytest.mark.parametrize(
        "raw",
        ["", "\n", "nombre\nAna\n", "telefono,phone\n1,2\n", "telefono,\n1,2\n", ",".join(f"c{n}" for n in range(60))],
    )
    def test_what_is_no_list(self, raw):
        with pytest.raises(SheetError):
            read_csv(raw.encode(), "AR", [])

    def test_errors_beyond_the_told_ones_are_counted(self):
        raw = "telefono\n" + "x\n" * (MAX_TOLD + 500)
        sheet = read_csv(raw.encode(), "AR", [])
        assert (len(sheet.errors), sheet.rejected) == (MAX_TOLD, MAX_TOLD + 500)


@pytest.mark.parametrize("text", ["BAJA", "baja", " ¡Bajá! ", "stop.", "STOP"])
def test_who_asks_to_be_left_alone(text):
    assert asks_to_stop(text, DEFAULT_KEYWORDS)


@pytest.mark.parametrize("text", ["", "no me des de baja", "baja el precio", "stop " * 50, "BAJAS"])
def test_who_does_not(text):
    assert not asks_to_stop(text, DEFAULT_KEYWORDS)


class TestGuard:
    def test_a_fifth_of_the_last_fifty(self):
        assert guard.verdict("0" * 41 + "1" * 9) is None
        assert guard.verdict("0" * 40 + "1" * 10) == "CAMPAIGN_FAILURES"
        assert guard.verdict("1" * 10) == "CAMPAIGN_FAILURES"
        assert len(guard.remembered("1" * 50, "0")) == 50

    def test_refusals_in_series_are_a_restriction(self):
        assert guard.verdict("rr0r") is None
        assert guard.verdict("0rrr") == "CAMPAIGN_RESTRICTED"

    def test_what_counts(self):
        assert guard.outcome(MessageStatus.SENT, "") == "0"
        assert guard.outcome(MessageStatus.FAILED, "NOT_ON_WHATSAPP") == "1"
        assert guard.outcome(MessageStatus.FAILED, "REFUSED_BY_WHATSAPP") == "r"
        assert guard.outcome(MessageStatus.UNCERTAIN, "OUTCOME_UNKNOWN") == "1"
        assert guard.outcome(MessageStatus.FAILED, "RECIPIENT_OPTED_OUT") == ""
        assert guard.outcome(MessageStatus.CANCELLED, "CAMPAIGN_STOPPED") == ""


def test_the_same_release_makes_the_same_id():
    campaign = "01JD2ZJ5K8QH7C4V9N3M6R1T0X"
    made = message_id(campaign, 7, 0)
    assert made == message_id(campaign, 7, 0)
    assert len(made) == 26
    assert made[:10] == campaign[:10]
    assert len({message_id(campaign, recipient, turn) for recipient in range(50) for turn in range(3)}) == 150
    assert answer_id(51, "false_1") != answer_id(52, "false_1")
