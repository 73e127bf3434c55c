// What the app says it is doing, and the way to stop it.

import { stop, working } from './actions.js';
import { h, replace } from './dom.js';
import { appAt, state } from './store.js';
import { inert } from './text.js';

const TURN_MS = 3000;

/** Show the app's status for this place (thread null) or thread in `slot`; nothing when it is idle. */
export function showStatus(slot, key, data, thread) {
  const current = data.status.find((one) => (thread ? one.thread_ts === thread : true)) ?? null;
  const session = working(thread);
  const print = JSON.stringify([key, thread, current, session]);
  if (slot.dataset.print === print) return;
  slot.dataset.print = print;
  replace(slot, current?.text || session ? line(key, current, session) : null);
}

function line(key, current, session) {
  const name = inert((appAt(key) ?? state.workspace.apps[0])?.name ?? 'The app');
  const text = inert(current?.text || 'is working…');
  const spoken = /^(is|are|was|has)\b/.test(text) ? `${name} ${text}` : text;
  const turns = (current?.loading_messages ?? []).map(inert);
  const words = h('span', { class: 'status-text', dir: 'auto' }, turns[0] ?? spoken);
  if (turns.length > 1) rotate(words, turns);
  return h(
    'div',
    { class: 'status', role: 'status' },
    h('span', { class: 'dots', 'aria-hidden': 'true' }, h('i'), h('i'), h('i')),
    words,
    session
      ? h('button', { class: 'button small', type: 'button', onclick: () => void stop(key, session.thread_ts) }, 'Stop')
      : null,
  );
}

// The app's loading messages take turns for as long as the line is shown.
function rotate(words, turns) {
  let at = 0;
  const timer = setInterval(() => {
    at = (at + 1) % turns.length;
    if (words.isConnected) replace(words, turns[at]);
    else clearInterval(timer);
  }, TURN_MS);
}
