// What the page knows, and who wants to hear when it changes. No DOM here.

import { get } from './api.js';

const READ_KEY = 'meshclaw.read';

export const state = {
  workspace: null,
  me: null,
  place: null, // {key, tab}: key is a channel id or @handle; tab is home, messages or about for an app
  newFrom: 0, // when the person last looked at the open place, for the line above what is new
  thread: null, // ts of the open thread's first message
  feeds: new Map(), // place key -> {channel, messages, status, sessions, prompts, error}
  modals: [],
  home: undefined, // undefined: not asked yet; null: the app has published nothing
  connection: 'opening',
};

const listeners = new Set();

/** Call `listener` with each set of changed topics: workspace, me, place, feed, thread, modals, home, connection. */
export function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Tell everybody that these topics changed. */
export function changed(...topics) {
  const set = new Set(topics);
  for (const listener of listeners) listener(set);
}

/** Names behind ids, as the person looking may know them; what mrkdwn and blocks are given as `lookup`. */
export const directory = {
  get me() {
    return state.me;
  },
  user(id) {
    const person = state.workspace.people.find((one) => one.id === id);
    if (person) return person;
    const app = state.workspace.apps.find((one) => one.bot_user_id === id || one.id === id);
    return app ? { id: app.bot_user_id, name: app.name, isApp: true, handle: handleOf(app) } : null;
  },
  group(id) {
    return state.workspace.groups.find((one) => one.id === id) ?? null;
  },
  channel(id) {
    return myChannels().find((channel) => channel.id === id) ?? null;
  },
  people() {
    return state.workspace.people.filter((one) => one.is_active);
  },
  channels() {
    return myChannels();
  },
  open(id) {
    openPlace(id);
  },
};

const handleOf = (app) => app.handle ?? app.name.toLowerCase().replace(/\s+/g, '');

/** The key of an app's direct messages. */
export const appKey = (app) => `@${handleOf(app)}`;

/** The app behind a place key, or null. */
export const appAt = (key) => state.workspace.apps.find((app) => appKey(app) === key) ?? null;

/** The other person behind a place key, or null. */
export const personAt = (key) =>
  key.startsWith('@') ? (state.workspace.people.find((one) => `@${one.handle}` === key) ?? null) : null;

/** Channels the person looking is in. */
export const myChannels = () => state.workspace.channels.filter((channel) => channel.members.includes(state.me.id));

/** All places of the person looking, in the order of the sidebar. */
export function places() {
  const others = state.workspace.people.filter((one) => one.id !== state.me.id);
  return [
    ...myChannels().map((channel) => channel.id),
    ...others.map((one) => `@${one.handle}`),
    ...state.workspace.apps.map(appKey),
  ];
}

/** The feed of the open place; empty until it has been loaded. */
export function feed(key = state.place?.key) {
  return state.feeds.get(key) ?? { channel: null, messages: [], status: [], sessions: [], prompts: null, error: null };
}

export async function loadWorkspace() {
  state.workspace = await get('workspace');
  if (state.me) state.me = state.workspace.people.find((one) => one.id === state.me.id) ?? state.me;
  changed('workspace');
}

const asked = new Map(); // place key -> number of the newest request

/** Read a place's messages again. An answer that is late, or meant for somebody else's eyes, is thrown away. */
export async function loadFeed(key) {
  const viewer = state.me.id;
  const before = feed(key);
  const number = (asked.get(key) ?? 0) + 1;
  asked.set(key, number);
  const late = () => viewer !== state.me.id || asked.get(key) !== number;
  try {
    const answer = await get('messages', { as: viewer, channel: key });
    if (late()) return;
    state.feeds.set(key, {
      channel: answer.channel ?? (key.startsWith('@') ? before.channel : key),
      messages: answer.messages,
      status: answer.status ?? [],
      sessions: answer.sessions ?? [],
      prompts: answer.prompts ?? null,
      error: null,
    });
  } catch (error) {
    if (late()) return;
    state.feeds.set(key, { ...before, error: error.code ?? 'unknown' });
  }
  if (isOpen(key)) markRead(key);
  changed('feed');
}

/** Read every place's messages, for the unread badges. */
export const loadFeeds = () => Promise.all(places().map(loadFeed));

export async function loadModals() {
  const viewer = state.me.id;
  const answer = await get('modals', { as: viewer });
  if (viewer !== state.me.id) return;
  state.modals = answer.views;
  changed('modals');
}

/** Read the App Home. `opening` tells the app that the person opened it; without it the view is only looked at. */
export async function loadHome(opening) {
  const viewer = state.me.id;
  const answer = await get('home', { as: viewer, peek: opening ? undefined : 1 });
  if (viewer !== state.me.id) return;
  state.home = answer.view;
  changed('home');
}

/** Become somebody else: nothing of the former person's view stays. */
export async function become(person) {
  Object.assign(state, { me: person, thread: null, modals: [], home: undefined, feeds: new Map() });
  localStorage.setItem('meshclaw.me', person.id);
  if (!state.place || !places().includes(state.place.key)) state.place = { key: places().at(-1), tab: 'messages' };
  state.newFrom = seenUntil(state.place.key);
  changed('me', 'place', 'thread', 'modals', 'feed', 'home');
  await Promise.all([loadFeeds(), loadModals(), openTab()]);
}

/** Show a place; for an app the tab too. */
export function openPlace(key, tab = 'messages', thread = null) {
  const target = key.startsWith('D') ? ([...state.feeds].find(([, one]) => one.channel === key)?.[0] ?? key) : key;
  const sameTab = state.place && state.place.key === target && state.place.tab === tab;
  state.place = { key: target, tab };
  state.thread = thread;
  if (!sameTab) state.newFrom = seenUntil(target);
  markRead(target);
  changed('place', 'thread', 'feed');
  void loadFeed(target);
  if (!sameTab) void openTab();
}

async function openTab() {
  if (!appAt(state.place.key)) return;
  if (state.place.tab === 'home') await loadHome(true);
  else if (state.place.tab === 'messages') await get('home', { as: state.me.id, tab: 'messages' });
}

export function openThread(ts) {
  state.thread = ts;
  changed('thread');
}

const isOpen = (key) =>
  state.place?.key === key && state.place.tab === 'messages' && document.visibilityState === 'visible';

function reads() {
  try {
    return JSON.parse(localStorage.getItem(`${READ_KEY}.${state.workspace.team.id}.${state.me.id}`) ?? '{}');
  } catch {
    return {};
  }
}

/** Remember that everything in this place has been seen. */
export function markRead(key = state.place.key) {
  const last = feed(key).messages.at(-1)?.ts;
  if (!last || reads()[key] === last) return;
  localStorage.setItem(
    `${READ_KEY}.${state.workspace.team.id}.${state.me.id}`,
    JSON.stringify({ ...reads(), [key]: last }),
  );
}

const seenUntil = (key) => Number.parseFloat(reads()[key] ?? '0');

/** How many messages of others arrived in a place since the person last looked. */
export function unread(key) {
  const since = seenUntil(key);
  return feed(key).messages.filter(
    (one) => Number.parseFloat(one.ts) > since && one.user !== state.me.id && !one.ephemeral,
  ).length;
}
