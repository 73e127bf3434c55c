// Short notes in the corner, read out to screen readers.

import { h } from './dom.js';
import { icon } from './icons.js';

const SHOWN_MS = 7000;
const MOST = 3;
const shelf = document.getElementById('toasts');

// An open dialog makes everything outside it unreachable, so the notes go where the person is.
function bringShelf() {
  const home = [...document.querySelectorAll('dialog[open]')].at(-1) ?? document.body;
  if (shelf.parentElement !== home) home.append(shelf);
}

/** Show a note; `kind` is 'error' or 'info'. It stays while it is hovered or focused. */
export function toast(text, kind = 'error', detail = '') {
  const note = h(
    'div',
    { class: `toast toast-${kind}`, role: kind === 'error' ? 'alert' : 'status' },
    icon(kind === 'error' ? 'warning' : 'info'),
    h('div', { class: 'toast-text' }, h('div', null, text), detail && h('div', { class: 'toast-detail' }, detail)),
    h(
      'button',
      { class: 'icon-button', type: 'button', 'aria-label': 'Dismiss', onclick: () => note.remove() },
      icon('close', 16),
    ),
  );
  bringShelf();
  shelf.append(note);
  while (shelf.children.length > MOST) shelf.firstElementChild.remove();
  const leave = () => (note.matches(':hover, :focus-within') ? setTimeout(leave, 1000) : note.remove());
  setTimeout(leave, SHOWN_MS);
}

const REASONS = {
  operation_timeout: 'The app took longer than 3 seconds to acknowledge it.',
  dispatch_failed: 'No app is connected that could take it.',
  connection_lost: 'The workspace server cannot be reached.',
};

/** Report a failed interaction the way Slack does: what was tried, and the code. */
export function failed(what, code) {
  toast(`${what} didn’t respond: ${code}`, 'error', REASONS[code] ?? '');
}

/** Say something to screen readers only. */
export function announce(text) {
  const region = document.getElementById('announcer');
  region.textContent = '';
  setTimeout(() => (region.textContent = text), 50);
}
