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

export interface InboundText {
  key: string;
  sender: string;
  text: string;
  at_ms: number;
}

export interface RowPage {
  rows: number;
  last_row_id: number;
  more: boolean;
  texts: ({ row_id: number } & InboundText)[];
  placeholders: { row_id: number; key: string; at_ms: number }[];
}

export interface PlaceholderPage {
  texts: InboundText[];
  open: string[];
  missing: string[];
  not_asked: string;
}

export type PageEvent =
  | { kind: 'document'; address: string }
  | { kind: 'observation'; observation: PageObservation }
  | { kind: 'problem'; code: string }
  | { kind: 'logout_reason'; reason: string }
  | { kind: 'logged_out' }
  | { kind: 'ack'; key: string; ack: number; refusal: string }
  | ({ kind: 'inbound' } & InboundText)
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
