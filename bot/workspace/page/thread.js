// The thread pane on the right.

import { composer } from './composer.js';
import { h, replace } from './dom.js';
import { icon } from './icons.js';
import { drawMessages, split } from './messages.js';
import { directory, feed, openThread, state } from './store.js';
import { showStatus } from './status.js';
import { placeholderFor } from './completion.js';

let shown = '';
let parts = null;
let before = 0;

/** Bring the pane in line with the state; hidden when no thread is open. */
export function drawThread(root) {
  const { thread, place } = state;
  root.hidden = !thread;
  document.body.classList.toggle('thread-open', Boolean(thread));
  if (!thread) {
    shown = '';
    root.replaceChildren();
    return;
  }
  const identity = `${state.me.id} ${place.key} ${thread}`;
  if (identity !== shown) {
    shown = identity;
    build(root, place.key, thread);
  }
  update(place.key, thread);
}

/** Close it and go back to the message it hangs on. */
export function closeThread() {
  const ts = state.thread;
  openThread(null);
  document.querySelector(`#main .msg[data-ts="${CSS.escape(ts)}"]`)?.focus({ preventScroll: true });
}

function build(root, key, thread) {
  const channel = directory.channel(key);
  before = 0;
  parts = {
    root: h('div', { class: 'messages' }),
    count: h('div', { class: 'thread-count', role: 'separator' }),
    list: h('div', { class: 'messages', role: 'feed', 'aria-label': 'Replies' }),
    status: h('div', { class: 'status-slot' }),
  };
  parts.scroll = h('div', { class: 'scroll', tabindex: '-1' }, parts.root, parts.count, parts.list);
  const close = h(
    'button',
    { class: 'icon-button', type: 'button', 'aria-label': 'Close thread', title: 'Close (Esc)', onclick: closeThread },
    icon('close'),
  );
  const where = channel ? `#${channel.name}` : placeholderFor(key).replace('Message ', '');
  const writing = composer({
    key,
    thread,
    placeholder: 'Reply…',
    onUpAtStart: () => parts.list.querySelector('.msg:last-of-type')?.focus(),
  });
  replace(
    root,
    h('header', { class: 'head' }, h('h2', null, 'Thread', h('span', { class: 'head-note' }, where)), close),
    parts.scroll,
    h('div', { class: 'foot' }, parts.status, writing),
  );
  requestAnimationFrame(() => root.querySelector('.composer-field')?.focus());
}

function update(key, thread) {
  const data = feed(key);
  const { roots, replies } = split(data.messages);
  const answers = replies.get(thread) ?? [];
  const view = { key, channel: data.channel, inThread: true };
  drawMessages(
    parts.root,
    roots.filter((message) => message.ts === thread),
    view,
  );
  drawMessages(parts.list, answers, view);
  replace(
    parts.count,
    answers.length ? h('span', null, answers.length === 1 ? '1 reply' : `${answers.length} replies`) : null,
  );
  showStatus(parts.status, key, data, thread);
  const streaming = answers.some((message) => message.streaming);
  if (answers.length !== before || streaming) parts.scroll.scrollTop = parts.scroll.scrollHeight;
  before = answers.length;
}
