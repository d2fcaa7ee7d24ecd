/** What the bridge finds on the page, and what it puts there. Types only. */

import type * as WaJs from '@wppconnect/wa-js';

export interface PageObservation {
  loaded: boolean;
  registered: boolean;
  mode: string;
  socket: string;
  online: boolean;
  code: string | null;
  code_expires_at_ms: number | null;
  own_number: string | null;
  push_name: string | null;
  identity_key: string | null;
  web_version: string | null;
  progress: number;
  problem: string | null;
}

/** A message in WhatsApp's own words; see `messages/content.js`. */
export interface MessageFacts {
  key: string;
  chat: string;
  from_me: boolean;
  type: string;
  subtype: string;
  at_ms: number;
  sender: string;
  push_name: string;
  chat_name: string;
  text: string;
  reply_to: string;
  fields: Record<string, unknown>;
}

export interface EditFacts {
  key: string;
  text: string;
  change_id: string;
  at_ms: number;
}

export interface RevokeFacts {
  key: string;
  change_id: string;
  at_ms: number;
}

export interface ReactionFacts {
  key: string;
  parent: string;
  chat: string;
  from_me: boolean;
  sender: string;
  emoji: string;
  at_ms: number;
}

export interface VoteFacts {
  key: string;
  poll: string;
  chat: string;
  from_me: boolean;
  sender: string;
  options: string[];
  at_ms: number;
}

interface RowSpan {
  rows: number;
  last_row_id: number;
  more: boolean;
}

export interface RowPage extends RowSpan {
  messages: ({ row_id: number } & MessageFacts)[];
  revoked: ({ row_id: number } & RevokeFacts)[];
  placeholders: { row_id: number; key: string; at_ms: number }[];
}

export interface PlaceholderPage {
  messages: MessageFacts[];
  open: string[];
  missing: string[];
  not_asked: string;
}

export interface ChangePage extends RowSpan {
  revoked: RevokeFacts[];
  edited: EditFacts[];
  reactions: ReactionFacts[];
  votes: VoteFacts[];
}

interface SeenAct<Facts> {
  took_place: boolean;
  refused: boolean;
  absent: boolean;
  change: Facts | null;
}

export type SeenReaction = SeenAct<ReactionFacts>;
export type SeenEdit = SeenAct<EditFacts>;
export type SeenDeletion = SeenAct<RevokeFacts>;

export interface GroupFacts {
  id: string;
  subject: string;
  description: string;
  owner: string;
  created_ms: number;
  only_admins: boolean;
  size: number;
  participants: { id: string; number: string; role: string }[];
}

export interface ProfileFacts {
  chat_id: string;
  name: string | null;
  push_name: string | null;
  business: boolean;
  about: string | null;
  picture_url: string | null;
}

/** Where WhatsApp keeps a message's bytes, and what opens them; `shared/protocol/inbound.py`. */
export interface StoredSource {
  wa_type: string;
  direct_path: string;
  media_key: string;
  media_key_timestamp: number;
  filehash: string;
  enc_filehash: string;
}

export interface MediaAsked {
  token: string;
  key: string;
  source: StoredSource;
  max_bytes: number;
  timeout_ms: number;
}

/** What we hand over; the content as `shared/protocol/content.py` writes it, without what stands at its default. */
export interface Handing {
  chat_id: string;
  key: string;
  text: string;
  content: {
    type?: string;
    media?: { file_name?: string };
    location?: { latitude: number; longitude: number; name?: string; address?: string; url?: string };
    contact?: { name: string; vcard?: string };
    poll?: { question: string; options?: string[]; multiple?: boolean };
    quote?: { key: string; author?: string; type?: string; text?: string };
    mentions?: string[];
    link_preview?: { url: string; title?: string; description?: string };
  };
  upload: Uploaded | null;
}

export interface UploadBegun {
  token: string;
  type: string;
  size: number;
}

export interface UploadFinished {
  token: string;
  type: string;
  mime_type: string;
  timeout_ms: number;
}

/** What a message says of an uploaded file, by WhatsApp's names; bytes as `{bytes: base64}`. */
export type Uploaded = Record<string, unknown> & { directPath?: string; mediaKey?: string };

export type PageEvent =
  | { kind: 'document'; address: string }
  | { kind: 'observation'; observation: PageObservation }
  | { kind: 'problem'; code: string }
  | { kind: 'logout_reason'; reason: string }
  | { kind: 'logged_out' }
  | { kind: 'ack'; key: string; ack: number; refusal: string }
  | { kind: 'message'; message: MessageFacts }
  | { kind: 'edit'; edit: EditFacts }
  | { kind: 'deletion'; deletion: RevokeFacts }
  | { kind: 'reaction'; reaction: ReactionFacts }
  | { kind: 'vote'; vote: VoteFacts }
  | { kind: 'rows'; cause: string };

export type Answer<T> = { ok: true; value: T } | { ok: false; code: string; message: string };

declare global {
  interface Window {
    WPP: typeof WaJs;
    Debug?: { VERSION?: string };
    __leadmasterTell: (event: PageEvent) => Promise<void>;
    __leadmaster: object;
    __leadmasterShowOnline: boolean;
  }
}
