"""Texts for people, by code: Spanish first, English second. Machines read codes, never these."""

from __future__ import annotations

from typing import Literal

from shared.transitions.session import SessionStatus

Language = Literal["es", "en"]

_ERRORS: dict[str, tuple[str, str]] = {
    "VALIDATION_ERROR": ("Hay datos inválidos en la solicitud", "The request has invalid data"),
    "INVALID_CLIENTE_ID": ("cliente_id debe ser un número entero positivo", "cliente_id must be a positive integer"),
    "INVALID_TO": ("El destinatario no es un número de teléfono válido", "The recipient is not a valid phone number"),
    "INVALID_MESSAGE": (
        "El mensaje debe tener entre 1 y 4096 caracteres",
        "The message must have between 1 and 4096 characters",
    ),
    "MISSING_HEADER": ("Header X-Cliente-Id es requerido", "Header X-Cliente-Id is required"),
    "INVALID_HEADER": ("X-Cliente-Id debe ser un número positivo", "X-Cliente-Id must be a positive number"),
    "UNAUTHORIZED": ("Falta un token o una clave válida", "A valid token or key is missing"),
    "INVALID_CREDENTIALS": ("Usuario o contraseña incorrectos", "Wrong user or password"),
    "TOKEN_EXPIRED": ("El token venció, vuelve a iniciar sesión", "The token has expired, log in again"),
    "FORBIDDEN": ("No tienes permiso para este cliente", "You may not access this client"),
    "TENANT_SUSPENDED": ("El cliente está suspendido por un administrador", "An admin suspended this client"),
    "QR_NOT_AUTHORIZED": ("El cliente no está autorizado a generar un QR", "The client is not authorised to get a QR"),
    "RECIPIENT_OPTED_OUT": ("El destinatario pidió no recibir mensajes", "The recipient asked not to be written to"),
    "NOT_FOUND": ("No existe lo que buscas", "There is no such thing here"),
    "METHOD_NOT_ALLOWED": ("Método no permitido en esta ruta", "This method is not allowed here"),
    "UNSUPPORTED_MEDIA_TYPE": ("Se espera application/json", "application/json is expected"),
    "SESSION_NOT_FOUND": ("No existe una sesión para este cliente", "There is no session for this client"),
    "SESSION_ALREADY_CONNECTED": ("La sesión ya está conectada", "The session is already connected"),
    "QR_NOT_REQUIRED": ("La sesión no requiere QR en este momento", "The session needs no QR at this moment"),
    "IDEMPOTENCY_CONFLICT": (
        "La misma clave de idempotencia ya se usó con otro contenido",
        "The same idempotency key was used with another body",
    ),
    "NOT_CANCELLABLE": ("El mensaje ya no se puede cancelar", "The message can no longer be cancelled"),
    "MESSAGE_NOT_SENT": (
        "WhatsApp no tiene este mensaje, o no se sabe si lo tiene",
        "WhatsApp does not have this message, or it is not known whether it does",
    ),
    "MESSAGE_DELETED": ("El mensaje se eliminó para todos", "The message was deleted for everyone"),
    "NOT_EDITABLE": (
        "Sólo se pueden editar o eliminar mensajes propios, y editar los que tienen texto",
        "Only own messages can be edited or deleted, and only those with a text edited",
    ),
    "TOO_LATE": (
        "Ya pasó el tiempo en que WhatsApp lo permite",
        "The time in which WhatsApp allows it is over",
    ),
    "PAYLOAD_TOO_LARGE": ("La solicitud es demasiado grande", "The request is too large"),
    "IMPORT_TOO_LARGE": (
        "La lista es demasiado grande: divídela en partes de hasta 8 MiB, o impórtala en el servidor con"
        " `leadmaster campaign import`",
        "The list is too large: split it into parts of up to 8 MiB, or import it at the server with"
        " `leadmaster campaign import`",
    ),
    "PREVIEW_TOO_LARGE": (
        "La lista es demasiado grande para verla antes: envía solo el comienzo, hasta 1 MiB",
        "The list is too large to be looked at before: send its beginning only, up to 1 MiB",
    ),
    "UPLOAD_INCOMPLETE": ("La lista no llegó completa", "The list did not arrive as a whole"),
    "TOO_MANY_ROWS": (
        "La lista tiene más de un millón de filas; divídela",
        "The list has more than a million rows; split it",
    ),
    "RATE_LIMITED": ("Demasiadas solicitudes, espera un momento", "Too many requests, wait a moment"),
    "QR_GENERATION_FAILED": ("No se pudo generar el código QR", "The QR code could not be made"),
    "SEND_FAILED": ("El mensaje no se envió", "The message was not sent"),
    "INTERNAL_ERROR": ("Error interno", "Internal error"),
    "WHATSAPP_ERROR": ("WhatsApp rechazó la operación o falló", "WhatsApp refused or broke"),
    "SESSION_NOT_READY": ("La sesión no está lista", "The session is not ready"),
    "SESSION_MANAGER_UNREACHABLE": ("No se puede contactar a la cola de mensajes", "The broker can't be reached"),
    "ACCEPT_UNKNOWN": (
        "No se sabe si el mensaje se aceptó; repite la llamada con la idempotency_key de los detalles y no se duplica",
        "It is not known whether the message was accepted; repeat the call with the idempotency_key of the details, "
        "and it is not doubled",
    ),
    "TENANT_WAITS_ENOUGH": (
        "Este cliente ya tiene demasiadas llamadas esperando; nada se aceptó",
        "This client has too many calls waiting already; nothing was accepted",
    ),
    "NO_PLACE_TO_WAIT": (
        "Hay demasiadas llamadas esperando; nada se aceptó, intenta en unos segundos",
        "Too many calls are waiting; nothing was accepted, try in a few seconds",
    ),
    "QUEUE_FULL": ("La cola está llena, intenta más tarde", "The queue is full, try later"),
    "SESSION_MANAGER_TIMEOUT": ("La sesión no respondió a tiempo", "The session did not answer in time"),
    "NOT_UNCERTAIN": (
        "Sólo se puede resolver a mano un mensaje cuyo resultado es incierto",
        "Only a message whose outcome is uncertain can be resolved by hand",
    ),
    "DATABASE_UNREACHABLE": ("No se puede contactar a la base de datos", "The database can't be reached"),
    "MEDIA_STORE_UNREACHABLE": (
        "No se puede contactar al almacén de archivos recibidos",
        "The store of received media can't be reached",
    ),
    # On the media of a received message (`media.error`).
    "MEDIA_NOT_AVAILABLE": (
        "El archivo de este mensaje no está disponible; `details.media` dice por qué",
        "This message's file is not available; `details.media` says why",
    ),
    "MEDIA_NOT_FETCHABLE": (
        "El archivo ya está, supera el límite de su tipo, o ya no se sabe de dónde traerlo",
        "The file is there already, is above its type's limit, or nobody knows any more where it is to be had",
    ),
    "MEDIA_QUOTA_EXCEEDED": (
        "El cliente ya ocupa todo su espacio para archivos (MEDIA_QUOTA_MIB)",
        "The client's files take all the room that it has (MEDIA_QUOTA_MIB)",
    ),
    "MEDIA_NOT_FETCHED": (
        "WhatsApp no entregó el archivo en más de un día de intentos",
        "WhatsApp did not hand the file over in more than a day of tries",
    ),
    "MEDIA_RETENTION": (
        "El archivo se borró al cumplirse MEDIA_RETENTION_DAYS",
        "The file was deleted after MEDIA_RETENTION_DAYS",
    ),
    "MEDIA_FILE_MISSING": (
        "El archivo falta en el almacén (MEDIA_URL)",
        "The file is missing in the store (MEDIA_URL)",
    ),
    # On a message.
    "EXPIRED": ("El mensaje venció antes de poder enviarse", "The message expired before it could be sent"),
    "CANCELLED": ("El mensaje fue cancelado", "The message was cancelled"),
    "NOT_IN_GROUP": ("El número de la sesión no está en ese grupo", "The session's number is no member of that group"),
    "MEDIA_REFUSED": (
        "WhatsApp no puede enviar este archivo como este tipo de mensaje",
        "WhatsApp can't send this file as this type of message",
    ),
    "MEDIA_UPLOAD_FAILED": (
        "El archivo no se pudo subir a WhatsApp; el mensaje no salió",
        "The file could not be uploaded to WhatsApp; the message did not go out",
    ),
    "NOT_ON_WHATSAPP": ("El número no tiene WhatsApp", "The number is not on WhatsApp"),
    "REFUSED_BY_WHATSAPP": ("WhatsApp rechazó el mensaje", "WhatsApp refused the message"),
    "MEDIA_GONE": (
        "El archivo ya no está en el almacén (MEDIA_URL); no se envió nada",
        "The file is no longer in the store (MEDIA_URL); nothing was sent",
    ),
    "HELD_NUMBER_CHANGED": (
        "Retenido: se vinculó otro teléfono desde que se aceptó el mensaje",
        "Held: another phone was paired since the message was accepted",
    ),
    # On an act: a reaction, an edit or a deletion.
    "MESSAGE_NOT_FOUND": (
        "El WhatsApp vinculado ya no tiene este mensaje",
        "The linked WhatsApp does not have this message any more",
    ),
    "NO_OUTCOME": (
        "No se sabe si llegó a hacerse; repetirlo no hace daño",
        "It is not known whether it took place; repeating it does no harm",
    ),
    "ENGINE_FAILED": ("El navegador falló antes de enviar", "The browser failed before sending"),
    "OUTCOME_UNKNOWN": (
        "No se puede saber si WhatsApp recibió el mensaje; revísalo a mano",
        "It can't be known whether WhatsApp has the message; look into it",
    ),
    # On a campaign.
    "INVALID_STATE": ("No es posible en el estado actual", "Not possible in the present state"),
    "CAMPAIGN_STOPPED": ("La campaña se detuvo antes de enviarlo", "The campaign was stopped before it was sent"),
    "CAMPAIGN_WAITS": ("La campaña espera su turno", "The campaign waits for its turn"),
    "CAMPAIGN_FAILURES": (
        "Fallaron 10 de los últimos 50 mensajes; revisa la lista y reanuda a mano",
        "10 of the last 50 messages failed; look at the list and lift the hold by hand",
    ),
    "CAMPAIGN_RESTRICTED": (
        "WhatsApp rechaza los envíos de este número; espera y reanuda a mano",
        "WhatsApp refuses this number's messages; wait, then lift the hold by hand",
    ),
    "OPTOUT_ANSWER": (
        "Listo, no volveremos a escribirte. ¡Gracias por avisar!",
        "Done, we won't write to you again. Thanks for telling us!",
    ),
    # On a session (`last_error_code`).
    "BROWSER_NOT_FOUND": ("No se encontró Chromium en el servidor", "No Chromium was found on the server"),
    "BROWSER_FAILED": ("El navegador no arranca", "The browser does not start"),
    "PAGE_FAILED": (
        "WhatsApp Web no carga; revisa la conexión a internet de este servidor",
        "WhatsApp Web does not load; check this server's internet connection",
    ),
    "PROFILE_LOCKED": ("Otro navegador usa el perfil de esta sesión", "Another browser uses this session's profile"),
    "START_TIMEOUT": ("WhatsApp Web no terminó de cargar a tiempo", "WhatsApp Web did not load in time"),
    "SYNC_TIMEOUT": ("WhatsApp no terminó de sincronizar", "WhatsApp did not finish syncing"),
    "CONNECTION_TIMEOUT": ("WhatsApp no recupera la conexión", "WhatsApp does not get its connection back"),
    "QR_NOT_SCANNED": ("Nadie escaneó el código QR a tiempo", "Nobody scanned the QR code in time"),
    "LOGGED_OUT": ("El teléfono cerró la sesión", "The phone logged this session out"),
    "TAKEN_OVER": ("Otra ventana de WhatsApp Web tomó la sesión", "Another WhatsApp Web window took the session"),
    "ACCOUNT_BANNED": (
        "WhatsApp bloqueó este número; revisa la app en el teléfono",
        "WhatsApp banned this number; look at the app on the phone",
    ),
    "ACCOUNT_LOCKED": ("WhatsApp bloqueó la cuenta; revisa el teléfono", "WhatsApp locked the account; see the phone"),
    "VERSION_UNSUPPORTED": (
        "WhatsApp Web ya no acepta esta versión; actualiza LeadMaster",
        "WhatsApp Web no longer accepts this version; update LeadMaster",
    ),
    "PIN_NOT_FOUND": (
        "La versión fijada en WHATSAPP_WEB_VERSION no está en este servidor; mira `leadmaster whatsapp versions`",
        "The version pinned by WHATSAPP_WEB_VERSION is not on this server; see `leadmaster whatsapp versions`",
    ),
    "PIN_REFUSED": (
        "WhatsApp ya no acepta la versión fijada en WHATSAPP_WEB_VERSION; fija una más nueva o quita la variable",
        "WhatsApp no longer accepts the version pinned by WHATSAPP_WEB_VERSION; pin a newer one or unset it",
    ),
    "VERSION_REFUSED": (
        "WhatsApp rechaza la versión de su página y la recarga sin parar; se reintenta cada varios minutos. "
        "Si fijaste una versión, quítala; si no, actualiza LeadMaster",
        "WhatsApp refuses its page's version and reloads it without end; it is tried again every few minutes. "
        "If you pinned a version, remove the pin; if not, update LeadMaster",
    ),
    "WHATSAPP_CHANGED": (
        "WhatsApp Web cambió y esta versión no permite enviar; nada se pierde y se reintenta solo. "
        "Si dura, actualiza wa-js o LeadMaster",
        "WhatsApp Web changed and this version of it does not let us send; nothing is lost, and it is tried again by "
        "itself. If it lasts, update wa-js or LeadMaster",
    ),
    "SENDING_PAUSED": (
        "WhatsApp Web está conectado pero no abre ningún chat: los mensajes esperan y se reintenta solo. "
        "Si dura, reinicia la sesión",
        "WhatsApp Web is connected and opens no chat: messages wait, nothing is lost, and it is tried again by itself. "
        "If it lasts, restart the session",
    ),
    "PROXY_BLOCKED": ("WhatsApp bloqueó la conexión de este servidor", "WhatsApp blocked this server's connection"),
    "STORAGE_FAILED": ("El almacenamiento del perfil está dañado", "The profile's storage is damaged"),
    "HOST_LOST": (
        "El servidor que guarda esta sesión no está disponible",
        "The server that holds this session is not available",
    ),
}

_SEND_REFUSED: dict[SessionStatus, tuple[str, str]] = {
    SessionStatus.INIT: (
        "La sesión está iniciando, intenta de nuevo en unos segundos",
        "The session is starting, try again in a few seconds",
    ),
    SessionStatus.QR_REQUIRED: ("Debes escanear el código QR", "You must scan the QR code"),
    SessionStatus.AUTHENTICATED: ("Esperando conexión, intenta de nuevo", "Waiting for the connection, try again"),
    SessionStatus.DISCONNECTED: ("WhatsApp desconectado, reconecta", "WhatsApp is disconnected, reconnect"),
}


def error_text(code: str, language: Language = "es") -> str:
    """The text for an error code of a call, a message or a session; the code itself where none is known."""
    pair = _ERRORS.get(code)
    return code if pair is None else pair[0 if language == "es" else 1]


def send_refused_text(status: SessionStatus, last_error: str | None, language: Language = "es") -> str:
    """Why a send is refused in `status`.

    last_error: the session's `last_error_message`, which is the text for ERROR.
    """
    pair = _SEND_REFUSED.get(status)
    if pair is not None:
        return pair[0 if language == "es" else 1]
    return last_error or error_text("SESSION_NOT_READY", language)
