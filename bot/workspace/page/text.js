// Outside text as it may be shown: unescaped once, and with nothing left that could rearrange or hide its neighbours.

import { fromShortcode } from './emoji.js';

// Direction overrides, isolates and invisible characters. Joiners used inside emoji and scripts stay.
const DECEPTIVE = /[\u202a-\u202e\u2066-\u2069\u200b\u2060\ufeff\u00ad]/gu;

/** Replace direction controls and invisible characters with a visible note such as `[U+202E]`. */
export function inert(text) {
  return String(text ?? '').replace(
    DECEPTIVE,
    (character) => `[U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}]`,
  );
}

/** Undo Slack's three escapes, once: `&amp;lt;` becomes `&lt;`, never `<`. */
export function unescape(text) {
  const names = { amp: '&', lt: '<', gt: '>' };
  return String(text ?? '').replace(/&(amp|lt|gt);/g, (_, name) => names[name]);
}

/** The text of a `plain_text` object (or a bare string): unescaped, inert, with emoji when the object allows it. */
export function plain(object) {
  if (object === null || object === undefined) return '';
  const text = typeof object === 'string' ? object : String(object.text ?? '');
  const shown = inert(unescape(text));
  return object.emoji === false
    ? shown
    : shown.replace(/:([a-z0-9_+'-]+):/g, (whole, name) => fromShortcode(name) ?? whole);
}

/** The address if it may be followed from here (http, https, mailto), else null. */
export function safeUrl(address) {
  try {
    const url = new URL(unescape(String(address)));
    return ['http:', 'https:', 'mailto:'].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** What a screen reader or a notification hears of a message: its text without any markup. */
export function spoken(message) {
  const source = String(message.text ?? '').slice(0, 400);
  return inert(
    unescape(
      source
        .replace(/<[@#!][^>|]*\|?([^>]*)>/g, '$1')
        .replace(/<[^>|]+\|([^>]+)>/g, '$1')
        .replace(/[*_~`]/g, ''),
    ),
  );
}
