"""A message to send, of whatever type: one model for each, told apart by `type`. Limits are WhatsApp's where known."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, ConfigDict, Discriminator, Field, RootModel, StrictBool, Tag

from hub_api.media.bodies import MediaInput
from hub_api.web.fields import ClienteId, IdempotencyKey, Input, MessageText, Moment, Number, Recipient, Text
from shared.protocol.content import ContentType

MAX_CAPTION = 1_024  # characters, as the ones that follow
MAX_QUESTION, MAX_OPTION, MAX_OPTIONS = 255, 100, 12
MAX_FILE_NAME = 255
MAX_MENTIONS = 256


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text


def _one_line(text: str) -> str:
    if len(text.splitlines()) > 1:
        raise ValueError("must be one line")
    return _not_blank(text)


def _different(options: list[str]) -> list[str]:
    if len({option.strip() for option in options}) < len(options):
        raise ValueError("must differ from one another")
    return options


Caption = Annotated[Text, Field(min_length=1, max_length=MAX_CAPTION)]
FileName = Annotated[
    Text,
    Field(min_length=1, max_length=MAX_FILE_NAME, description="As the recipient is to see it"),
    AfterValidator(_one_line),
]
Reference = Annotated[
    Text,
    Field(
        min_length=1, max_length=200, description="The message that is answered: our `message_id`, or a `whatsapp_id`"
    ),
]
Mentions = Annotated[
    list[Number],
    Field(max_length=MAX_MENTIONS, description="Numbers whom the text, or the caption, names as `@<digits>`"),
]
OnNotReady = Literal["reject", "queue"]
_Latitude = Annotated[float, Field(strict=True, ge=-90, le=90, allow_inf_nan=False)]
_Longitude = Annotated[float, Field(strict=True, ge=-180, le=180, allow_inf_nan=False)]
_Line = Annotated[Text, AfterValidator(_one_line)]
_Option = Annotated[Text, Field(min_length=1, max_length=MAX_OPTION), AfterValidator(_not_blank)]


class LinkPreviewBody(Input):
    """The card below a text, as it is to look: nobody is asked for it."""

    url: Annotated[Text, Field(min_length=1, max_length=2_000, pattern=r"^https?://\S+$", description="As in the text")]
    title: _Line = Field(min_length=1, max_length=300)
    description: Annotated[Text, Field(max_length=1_000)] | None = None


class AnyContent(Input):
    """What goes with every type."""

    model_config = ConfigDict(extra="allow")  # what belongs to another type is refused by its name, see `foreign`

    to: Recipient
    reply_to: Reference | None = None
    mentions: Mentions | None = None
    idempotency_key: IdempotencyKey | None = None
    on_not_ready: OnNotReady = "reject"
    expires_at: Moment | None = None
    cliente_id: ClienteId | None = Field(default=None, description="Must agree with the URL where given")

    @property
    def of(self) -> ContentType:
        """The type."""
        return ContentType(getattr(self, "type"))  # noqa: B009  every model of a type has it

    def foreign(self) -> set[str]:
        """Fields of other types that were given. Without a `type` whatever else is sent is passed over, as it was
        before there were types."""
        if "type" not in self.model_fields_set:
            return set()
        return set(self.model_extra or ()) & OWN_FIELDS


class TextBody(AnyContent):
    """A text; the type of a message that names none."""

    type: Literal["text"] = "text"
    message: MessageText
    link_preview: LinkPreviewBody | None = None


class MediaBody(AnyContent):
    """What all types of media have."""

    media: MediaInput
    file_name: FileName | None = None


class CaptionedBody(MediaBody):
    """Media under which a text may stand."""

    caption: Caption | None = None


class ImageBody(CaptionedBody):
    type: Literal["image"]


class VideoBody(CaptionedBody):
    type: Literal["video"]


class DocumentBody(CaptionedBody):
    type: Literal["document"]


class AudioBody(MediaBody):
    type: Literal["audio"]


class VoiceBody(MediaBody):
    """Shown as recorded on the phone: Ogg with Opus."""

    type: Literal["voice"]


class StickerBody(MediaBody):
    """WebP."""

    type: Literal["sticker"]


class LocationBody(AnyContent):
    type: Literal["location"]
    latitude: _Latitude = Field(description="Degrees")
    longitude: _Longitude = Field(description="Degrees")
    name: _Line | None = Field(default=None, min_length=1, max_length=200)
    address: _Line | None = Field(default=None, min_length=1, max_length=300)


class ContactBody(AnyContent):
    """A person's card."""

    type: Literal["contact"]
    name: _Line = Field(min_length=1, max_length=100)
    phone_number: Number


class PollBody(AnyContent):
    type: Literal["poll"]
    question: Annotated[Text, Field(min_length=1, max_length=MAX_QUESTION), AfterValidator(_not_blank)]
    options: Annotated[list[_Option], Field(min_length=2, max_length=MAX_OPTIONS), AfterValidator(_different)]
    multiple: StrictBool = Field(default=False, description="More than one may be chosen")


BODIES: tuple[type[AnyContent], ...] = (
    TextBody,
    ImageBody,
    VideoBody,
    AudioBody,
    VoiceBody,
    DocumentBody,
    StickerBody,
    LocationBody,
    ContactBody,
    PollBody,
)
OWN_FIELDS = frozenset(name for body in BODIES for name in body.model_fields) - frozenset(AnyContent.model_fields)


def _type_of(given: Any) -> str | None:
    """The tag by which the model is chosen."""
    if not isinstance(given, dict):
        return getattr(given, "type", None)
    found = given.get("type", "text")
    return found if isinstance(found, str) else str(found)


def _with_discriminator(schema: dict[str, Any]) -> None:
    mapping = {one.value: f"#/components/schemas/{one.value.capitalize()}Body" for one in ContentType}
    schema["discriminator"] = {"propertyName": "type", "mapping": mapping}


class SendBody(
    RootModel[
        Annotated[
            Annotated[TextBody, Tag("text")]
            | Annotated[ImageBody, Tag("image")]
            | Annotated[VideoBody, Tag("video")]
            | Annotated[AudioBody, Tag("audio")]
            | Annotated[VoiceBody, Tag("voice")]
            | Annotated[DocumentBody, Tag("document")]
            | Annotated[StickerBody, Tag("sticker")]
            | Annotated[LocationBody, Tag("location")]
            | Annotated[ContactBody, Tag("contact")]
            | Annotated[PollBody, Tag("poll")],
            Discriminator(_type_of),
        ]
    ]
):
    """One message to send. Without `type` it is a text."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, json_schema_extra=_with_discriminator)

    TAGS: ClassVar[frozenset[str]] = frozenset(ContentType)

    @property
    def cliente_id(self) -> int | None:
        """The tenant, where the body names it."""
        return self.root.cliente_id
