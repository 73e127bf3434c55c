// The main pane: the header of the open place, an app's tabs, the messages and the composer.

import { say } from './actions.js';
import { placeholderFor, waysToAsk } from './completion.js';
import { composer } from './composer.js';
import { h, replace } from './dom.js';
import { drawAbout, drawHome } from './home.js';
import { icon } from './icons.js';
import { drawMessages, split } from './messages.js';
import { appBadge, avatar, nameOf } from './people.js';
import { appAt, directory, feed, openPlace, personAt, state } from './store.js';
import { showStatus } from './status.js';
import { compose } from './switcher.js';
import { inert } from './text.js';

const NEAR_END_PX = 90;
const MOST_BESIDE_PROMPTS = 2;
let shown = '';
let parts = null;

/** Bring the pane in line with the state. */
export function drawPlace(root) {
  const { key, tab } = state.place;
  const identity = `${state.me.id} ${key} ${tab}`;
  if (identity !== shown) {
    shown = identity;
    build(root, key, tab);
  }
  const app = appAt(key);
  if (app && tab === 'home') drawHome(parts.content, app);
  else if (!app || tab === 'messages') update(key);
}

function build(root, key, tab) {
  const app = appAt(key);
  parts = { content: h('div', { class: 'scroll', tabindex: '-1' }) };
  const head = h('header', { class: 'head' }, title(key, app), app ? tabs(key, tab) : null);
  if (app && tab !== 'messages') {
    parts.content.classList.add('pane');
    if (tab === 'about') drawAbout(parts.content, app);
    replace(root, head, parts.content);
    return;
  }
  parts.list = h('div', { class: 'messages', role: 'feed', 'aria-label': 'Messages', id: 'messages' });
  parts.intro = h('div', { class: 'intro' });
  parts.status = h('div', { class: 'status-slot' });
  parts.prompts = h('div', { class: 'prompts' });
  parts.jump = h('button', { class: 'jump', type: 'button', hidden: true, onclick: () => toEnd() }, '↓ New messages');
  parts.fresh = true;
  parts.newFrom = state.newFrom;
  parts.content.append(parts.intro, parts.list);
  parts.content.addEventListener('scroll', () => nearEnd() && (parts.jump.hidden = true));
  parts.composer = composer({
    key,
    placeholder: placeholderFor(key),
    onUpAtStart: () => parts.list.querySelector('.msg:last-of-type')?.focus(),
  });
  replace(
    root,
    head,
    parts.content,
    h('div', { class: 'foot' }, parts.jump, parts.status, parts.prompts, parts.composer),
  );
}

function title(key, app) {
  const channel = directory.channel(key);
  if (channel)
    return h(
      'h1',
      null,
      icon(channel.is_private ? 'lock' : 'hash', 18),
      h('span', null, inert(channel.name)),
      h(
        'span',
        { class: 'head-note' },
        `${channel.members.filter((id) => state.workspace.people.some((one) => one.id === id)).length} people`,
        channel.topic ? ` · ${inert(channel.topic)}` : '',
      ),
    );
  const who = app ? directory.user(app.bot_user_id) : personAt(key);
  return h('h1', null, who ? avatar(who, 26) : null, who ? nameOf(who) : inert(key), app ? appBadge() : null);
}

function tabs(key, current) {
  const names = [
    ['home', 'Home'],
    ['messages', 'Messages'],
    ['about', 'About'],
  ];
  const move = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const at = names.findIndex(([name]) => name === current);
    openPlace(key, names[(at + step + names.length) % names.length][0]);
    document.querySelector('#main [role="tab"][aria-selected="true"]')?.focus();
  };
  return h(
    'div',
    { class: 'tabs', role: 'tablist', 'aria-label': 'App', onkeydown: move },
    names.map(([name, label]) =>
      h(
        'button',
        {
          class: 'tab',
          type: 'button',
          role: 'tab',
          'aria-selected': String(name === current),
          tabindex: name === current ? '0' : '-1',
          onclick: () => openPlace(key, name),
        },
        label,
      ),
    ),
  );
}

const nearEnd = () => parts.content.scrollHeight - parts.content.scrollTop - parts.content.clientHeight < NEAR_END_PX;

function toEnd() {
  parts.content.scrollTop = parts.content.scrollHeight;
  parts.jump.hidden = true;
}

function update(key) {
  const data = feed(key);
  const { roots, replies } = split(data.messages);
  const stay = !parts.fresh && !nearEnd();
  const before = parts.list.childElementCount;
  drawIntro(key, data, roots);
  drawMessages(parts.list, roots, { key, channel: data.channel, replies, newFrom: parts.newFrom });
  showStatus(parts.status, key, data, null);
  replace(parts.prompts, prompts(key, data, roots));
  if (!stay) toEnd();
  else if (parts.list.childElementCount > before) parts.jump.hidden = false;
  if (data.messages.length) parts.fresh = false;
}

function drawIntro(key, data, roots) {
  const app = appAt(key);
  const channel = directory.channel(key);
  const who = app ? directory.user(app.bot_user_id) : personAt(key);
  if (data.error) {
    replace(
      parts.intro,
      h(
        'p',
        { class: 'note' },
        who && !app
          ? `Direct messages between people aren’t part of this workspace (${inert(data.error)}).`
          : `These messages can’t be loaded (${inert(data.error)}).`,
      ),
    );
    return;
  }
  const words = channel
    ? [
        h('h2', null, `#${inert(channel.name)}`),
        h(
          'p',
          null,
          channel.is_private
            ? 'A private channel: only its members see what is said here.'
            : 'The very beginning of this channel.',
        ),
      ]
    : [
        avatar(who, 56),
        h('h2', null, inert(who?.name ?? key)),
        h(
          'p',
          null,
          app
            ? `This is your own conversation with ${inert(who.name)}. Nobody else sees it.`
            : `This is the very beginning of your conversation with ${inert(who?.name ?? key)}.`,
        ),
      ];
  replace(parts.intro, words, app && !roots.length ? h('div', { class: 'try' }, waysToAsk(app).map(tryButton)) : null);
}

const tryButton = (text) =>
  h('button', { class: 'command', type: 'button', onclick: () => compose(text) }, inert(text));

function prompts(key, data, roots) {
  const offered = data.prompts?.prompts ?? appAt(key)?.suggested_prompts ?? [];
  if (!offered.length || roots.length > MOST_BESIDE_PROMPTS) return null;
  return [
    data.prompts?.title ? h('div', { class: 'prompts-title' }, inert(data.prompts.title)) : null,
    h(
      'div',
      { class: 'prompts-list' },
      offered.map((one) =>
        h('button', { class: 'prompt', type: 'button', onclick: () => void say(key, one.message) }, inert(one.title)),
      ),
    ),
  ];
}
