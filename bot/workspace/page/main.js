// The start of the page: reads the workspace, draws the parts, follows the event stream, keeps the address in step.

import { follow } from './api.js';
import { h, replace, throttle } from './dom.js';
import { listenToKeys } from './keyboard.js';
import { drawModals } from './modal.js';
import { author } from './messages.js';
import { drawPlace } from './place.js';
import { drawSidebar } from './sidebar.js';
import {
  become,
  changed,
  feed,
  loadFeed,
  loadFeeds,
  loadHome,
  loadModals,
  loadWorkspace,
  markRead,
  openPlace,
  places,
  state,
  subscribe,
  unread,
} from './store.js';
import { inert, spoken } from './text.js';
import { applyTheme } from './theme.js';
import { drawThread } from './thread.js';
import { announce } from './toast.js';
import { drawTop } from './top.js';

const RELOAD_MS = 90;
const part = (id) => document.getElementById(id);
const reloads = new Map();
let heard = '';

/** Reload one thing, at most every RELOAD_MS however many events ask for it. */
function soon(name, task) {
  if (!reloads.has(name))
    reloads.set(
      name,
      throttle(() => task().catch(() => null), RELOAD_MS),
    );
  reloads.get(name)();
}

function draw(topics) {
  const any = (...names) => names.some((name) => topics.has(name));
  if (any('me', 'workspace')) drawTop(part('top'));
  if (any('me', 'workspace', 'place', 'feed', 'connection')) drawSidebar(part('sidebar'));
  if (any('me', 'workspace', 'place', 'feed', 'home')) drawPlace(part('main'));
  if (any('me', 'place', 'thread', 'feed')) drawThread(part('thread'));
  if (any('me', 'modals')) drawModals();
  if (any('me', 'place', 'thread')) keepAddress();
  if (any('feed')) speak();
  document.title = title();
  if (any('place')) document.body.classList.remove('sidebar-open');
}

function title() {
  const count = places().reduce((sum, key) => sum + unread(key), 0);
  return `${count ? `(${count}) ` : ''}${inert(state.workspace.team.name)} · ${inert(state.me.name)}`;
}

// Read the newest message of the open place to screen readers, once, and not one's own.
function speak() {
  const last = feed().messages.at(-1);
  const mark = `${state.me.id} ${state.place.key} ${last?.ts ?? ''}`;
  const known = heard.startsWith(`${state.me.id} ${state.place.key} `);
  if (last && known && mark !== heard && last.user !== state.me.id && !last.streaming)
    announce(`${inert(author(last).name)}: ${spoken(last)}`);
  if (!last?.streaming) heard = mark;
}

function keepAddress() {
  const words = [state.me.handle, state.place.key, state.place.tab, state.thread].filter(Boolean);
  const next = `#/${words.map(encodeURIComponent).join('/')}`;
  if (location.hash === next) return;
  if (location.hash.startsWith('#/')) history.pushState(null, '', next);
  else history.replaceState(null, '', next);
}

// The address was changed by the browser: back, forward, or another one typed.
async function followAddress() {
  const { handle, key, tab, thread } = addressed();
  const person = state.workspace.people.find((one) => one.handle === handle);
  if (!person) return;
  if (person.id !== state.me.id) await become(person);
  if (places().includes(key)) openPlace(key, tab, thread);
}

function addressed() {
  const [handle, key, tab, thread] = location.hash.replace(/^#\//, '').split('/').map(decodeURIComponent);
  return { handle, key, tab: ['home', 'messages', 'about'].includes(tab) ? tab : 'messages', thread: thread ?? null };
}

function onEvent(event) {
  if (event.person && event.person !== state.me.id) return;
  if (event.kind === 'modal') soon('modals', loadModals);
  else if (event.kind === 'home') soon('home', () => (state.home === undefined ? Promise.resolve() : loadHome(false)));
  else if (event.kind === 'workspace') soon('workspace', async () => (await loadWorkspace(), await loadFeeds()));
  else if (event.kind === 'message' || event.kind === 'status') reloadChannel(event.channel);
  else soon('all', reloadShown);
}

function reloadChannel(channel) {
  const key = places().find((one) => one === channel || feed(one).channel === channel);
  if (key) soon(`feed ${state.me.id} ${key}`, () => loadFeed(key));
  else
    soon(`feeds ${state.me.id}`, () =>
      Promise.all(
        places()
          .filter((one) => !feed(one).channel)
          .map(loadFeed),
      ),
    );
}

const reloadShown = () => Promise.all([loadFeeds(), loadModals()]);

function onState(now) {
  const wasLost = state.connection === 'lost';
  if (state.connection === now) return;
  state.connection = now;
  changed('connection');
  if (now === 'open' && wasLost) soon('all', async () => (await loadWorkspace(), await reloadShown()));
}

async function start() {
  applyTheme();
  try {
    await loadWorkspace();
  } catch (error) {
    replace(
      part('main'),
      h(
        'div',
        { class: 'empty' },
        h('p', null, `The workspace can’t be reached (${inert(error.code ?? 'unknown')}).`),
        h('button', { class: 'button', type: 'button', onclick: () => location.reload() }, 'Try again'),
      ),
    );
    return;
  }
  const wanted = addressed();
  const { people } = state.workspace;
  const kept = localStorage.getItem('meshclaw.me');
  state.me = people.find((one) => one.handle === wanted.handle) ?? people.find((one) => one.id === kept) ?? people[0];
  if (wanted.key && places().includes(wanted.key))
    Object.assign(state, { place: { key: wanted.key, tab: wanted.tab } });
  subscribe(draw);
  listenToKeys();
  follow(state.workspace.log_id ?? null, onEvent, onState);
  window.addEventListener('popstate', () => void followAddress());
  await become(state.me);
  if (wanted.thread && state.place.key === wanted.key) openPlace(wanted.key, wanted.tab, wanted.thread);
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState !== 'visible') return;
    if (state.place.tab === 'messages') markRead();
    changed('feed');
  });
}

void start();
