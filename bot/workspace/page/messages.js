// The list of messages: grouping, dividers, reactions, replies, and the actions that appear beside each message.

import { click, react, shortcut } from './actions.js';
import { attachment } from './blocks/attachment.js';
import { drawBlocks } from './blocks/index.js';
import { fileBlock } from './blocks/media.js';
import { append, h, reconcile } from './dom.js';
import { emoji } from './entities.js';
import { Form } from './elements/form.js';
import { icon } from './icons.js';
import { mrkdwn } from './mrkdwn.js';
import { appBadge, avatar, nameOf } from './people.js';
import { openEmojiPicker } from './picker.js';
import { openMenu } from './popover.js';
import { directory, openThread, state } from './store.js';
import { inert, spoken } from './text.js';
import { toast } from './toast.js';
import { ago, clock, dayKey, dayName, moment } from './time.js';

const GROUP_SECONDS = 300;
const forms = new Map();

/** Who wrote a message; an app may have chosen another name for it. */
export function author(message) {
  const known = directory.user(message.user) ?? directory.user(message.bot_id);
  const base = known ?? {
    id: String(message.user ?? 'unknown'),
    name: String(message.user ?? 'Unknown'),
    isApp: Boolean(message.bot_id),
  };
  return message.username ? { ...base, name: message.username } : base;
}

const isReply = (message) => message.thread_ts && message.thread_ts !== message.ts;

/** Messages of the place itself, and replies by the ts of their thread. */
export function split(messages) {
  const roots = [];
  const replies = new Map();
  for (const message of messages) {
    if (!isReply(message) || message.subtype === 'thread_broadcast') roots.push(message);
    if (isReply(message)) replies.set(message.thread_ts, [...(replies.get(message.thread_ts) ?? []), message]);
  }
  return { roots, replies };
}

/** Bring the list in line with the messages. `view` is {key, channel, inThread, replies, newFrom}. */
export function drawMessages(list, messages, view) {
  const items = [];
  let before = null;
  let marked = false;
  for (const message of messages) {
    const newDay = !before || dayKey(before.ts, state.me) !== dayKey(message.ts, state.me);
    if (newDay && !view.inThread) items.push(dayItem(message));
    const isNew = !marked && view.newFrom && Number(message.ts) > view.newFrom && message.user !== state.me.id;
    if (isNew) {
      marked = true;
      items.push({
        key: 'new',
        print: 'new',
        make: () => h('div', { class: 'divider-new', role: 'separator' }, h('span', null, 'New')),
      });
    }
    const grouped = !newDay && !isNew && follows(before, message, view);
    items.push(rowItem(message, { ...view, grouped, thread: view.replies?.get(message.ts) ?? [] }));
    before = message;
  }
  reconcile(list, items);
  if (!list.querySelector('.msg[tabindex="0"]')) list.querySelector('.msg:last-of-type')?.setAttribute('tabindex', '0');
}

function follows(before, message, view) {
  if (!before || before.user !== message.user || before.username !== message.username) return false;
  if (Boolean(before.ephemeral) !== Boolean(message.ephemeral) || view.replies?.has(before.ts)) return false;
  return Number(message.ts) - Number(before.ts) < GROUP_SECONDS;
}

function dayItem(message) {
  const name = dayName(message.ts, state.me);
  return {
    key: `day-${dayKey(message.ts, state.me)}`,
    print: name,
    make: () => h('div', { class: 'divider-day', role: 'separator', 'aria-label': name }, h('span', null, name)),
  };
}

function rowItem(message, view) {
  const last = view.thread.at(-1);
  const print = JSON.stringify([
    message,
    view.grouped,
    view.thread.length,
    last?.ts,
    view.thread.map((one) => one.user),
    state.me.id,
  ]);
  return { key: `${message.ephemeral ? 'only-' : ''}${message.ts}`, print, make: () => row(message, view) };
}

function row(message, view) {
  const who = author(message);
  const only = message.ephemeral ? ', only visible to you' : '';
  const label = `${inert(who.name)}, ${clock(message.ts, state.me)}${only}: ${spoken(message)}`;
  const classes = ['msg', view.grouped && 'grouped', message.ephemeral && 'ephemeral', message.streaming && 'streaming']
    .filter(Boolean)
    .join(' ');
  const time = h(
    'time',
    {
      class: 'msg-time',
      datetime: new Date(Number(message.ts) * 1000).toISOString(),
      title: moment(message.ts, state.me),
    },
    clock(message.ts, state.me),
  );
  const element = h(
    'div',
    {
      class: classes,
      role: 'article',
      tabindex: '-1',
      'aria-label': label,
      'aria-busy': message.streaming ? 'true' : null,
    },
    h('div', { class: 'msg-gutter' }, view.grouped ? time : avatar(who)),
    h(
      'div',
      { class: 'msg-body' },
      message.ephemeral ? h('div', { class: 'msg-only' }, icon('eye', 14), 'Only visible to you') : null,
      view.grouped ? null : h('div', { class: 'msg-head' }, nameOf(who), who.isApp ? appBadge() : null, time),
      content(message, view),
      reactions(message, view),
      view.thread.length ? repliesBar(message, view) : null,
    ),
    message.ephemeral ? null : toolbar(message, view),
  );
  element.dataset.ts = message.ts;
  return element;
}

function content(message, view) {
  const source = { channel: view.channel ?? view.key, ts: message.ts };
  const formKey = `${state.me.id} ${message.ts}`;
  if (!forms.has(formKey)) forms.set(formKey, new Form());
  const form = forms.get(formKey);
  const ctx = {
    surface: 'message',
    lookup: directory,
    source,
    form,
    act: (detail) => click(source, { ...detail, values: form.toJSON() }),
  };
  const text = message.blocks?.length ? drawBlocks(message.blocks, ctx) : mrkdwn(message.text, directory);
  const body = h('div', { class: 'msg-content' }, text);
  if (message.streaming) place(body, h('span', { class: 'cursor', 'aria-hidden': 'true' }));
  if (message.edited) append(tail(body), [' ', h('span', { class: 'msg-edited' }, '(edited)')]);
  append(body, [
    (message.attachments ?? []).map((one) => attachment(one, ctx)),
    (message.files ?? []).map((file) => fileBlock({ file })),
  ]);
  return body;
}

const RUNNING = [
  '.block-section, .block-markdown, .block-rich_text, .markdown, .rich, .section-body',
  '.ln, .md-p, .md-list, .rich-list, .rich-section, li, blockquote',
].join();

// The innermost last piece of running text, where a cursor or a note belongs.
function tail(body) {
  let node = body;
  while (node.lastElementChild?.matches(RUNNING)) node = node.lastElementChild;
  return node;
}

const place = (body, cursor) => tail(body).append(cursor);

function reactions(message, view) {
  if (!message.reactions?.length) return null;
  const pills = message.reactions.map((one) => {
    const users = one.users ?? [];
    const mine = users.includes(state.me.id);
    const names = users.map((id) => inert(directory.user(id)?.name ?? id)).join(', ');
    return h(
      'button',
      {
        class: 'reaction',
        type: 'button',
        'aria-pressed': String(mine),
        'aria-label': `${one.name}, ${one.count ?? users.length}`,
        title: `${names} reacted with :${one.name}:`,
        onclick: () => react(view.key, message.ts, one.name),
      },
      emoji(one.name),
      h('span', null, one.count ?? users.length),
    );
  });
  return h('div', { class: 'reactions' }, pills, reactButton(message, view, 'reaction add', 'Add a reaction'));
}

function reactButton(message, view, className, label) {
  const button = h(
    'button',
    {
      class: className,
      type: 'button',
      'aria-label': label,
      title: label,
      'aria-haspopup': 'dialog',
      'aria-expanded': 'false',
    },
    icon('smile', 16),
  );
  button.addEventListener('click', () => openEmojiPicker(button, (name) => react(view.key, message.ts, name)));
  return button;
}

function repliesBar(message, view) {
  const people = [...new Map(view.thread.map((reply) => [reply.user, author(reply)])).values()].slice(0, 4);
  const count = view.thread.length;
  return h(
    'button',
    { class: 'replies', type: 'button', onclick: () => openThread(message.ts) },
    h(
      'span',
      { class: 'replies-people' },
      people.map((who) => avatar(who, 22)),
    ),
    h('span', { class: 'replies-count' }, count === 1 ? '1 reply' : `${count} replies`),
    h('span', { class: 'dim' }, `Last reply ${ago(view.thread.at(-1).ts, state.me)}`),
  );
}

function toolbar(message, view) {
  const tool = (name, label, onclick) =>
    h(
      'button',
      { class: 'icon-button', type: 'button', tabindex: '-1', 'aria-label': label, title: label, onclick },
      icon(name),
    );
  const add = reactButton(message, view, 'icon-button', 'Add reaction');
  add.tabIndex = -1;
  const reply = view.inThread ? null : tool('thread', 'Reply in thread', () => openThread(message.ts));
  const more = tool('moreUp', 'More actions', () => openMessageMenu(more, message, view));
  return h('div', { class: 'toolbar', role: 'toolbar', 'aria-label': 'Message actions' }, add, reply, more);
}

/** Message shortcuts of the apps, and what the page itself can do with a message. */
function openMessageMenu(anchor, message, view) {
  const apps = state.workspace.apps.flatMap((app) =>
    (app.shortcuts ?? []).filter((one) => one.type === 'message').map((one) => ({ app, one })),
  );
  const entries = apps.map(({ app, one }) => ({
    label: inert(one.name),
    hint: inert(app.name),
    icon: icon('bolt', 16),
    run: () => shortcut(one.callback_id, one.name, { channel: view.channel ?? view.key, ts: message.ts }),
  }));
  const copy = async () => {
    await navigator.clipboard.writeText(spoken(message));
    toast('Copied.', 'info');
  };
  openMenu(
    anchor,
    'More actions',
    [...entries, entries.length ? null : undefined, { label: 'Copy text', icon: icon('copy', 16), run: copy }].filter(
      (entry) => entry !== undefined,
    ),
    { align: 'end' },
  );
}
