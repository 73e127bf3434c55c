// The sidebar: the workspace, channels, people, apps, each with its unread count.

import { h, replace } from './dom.js';
import { icon } from './icons.js';
import { avatar } from './people.js';
import { appKey, directory, myChannels, openPlace, state, unread } from './store.js';
import { inert } from './text.js';

/** Draw the sidebar into its element. */
export function drawSidebar(root) {
  const others = state.workspace.people.filter((one) => one.id !== state.me.id);
  const focused = root.contains(document.activeElement) ? document.activeElement.dataset.place : null;
  replace(
    root,
    h(
      'div',
      { class: 'sidebar-head' },
      h('span', { class: 'sidebar-team' }, inert(state.workspace.team.name)),
      connection(),
    ),
    h(
      'div',
      { class: 'sidebar-scroll' },
      section(
        'Channels',
        myChannels().map((channel) =>
          entry(channel.id, inert(channel.name), icon(channel.is_private ? 'lock' : 'hash', 16)),
        ),
      ),
      section(
        'Direct messages',
        others.map((one) => entry(`@${one.handle}`, inert(one.name), avatar(one, 20))),
      ),
      section(
        'Apps',
        state.workspace.apps.map((app) =>
          entry(
            appKey(app),
            inert(app.name),
            avatar(directory.user(app.bot_user_id), 20),
            app.connected === false ? 'not connected' : '',
          ),
        ),
      ),
    ),
  );
  if (focused) root.querySelector(`[data-place="${CSS.escape(focused)}"]`)?.focus();
}

function connection() {
  const words = { open: 'Connected', lost: 'Reconnecting…', opening: 'Connecting…' }[state.connection];
  return h('span', {
    class: `connection connection-${state.connection}`,
    title: words,
    role: 'img',
    'aria-label': words,
  });
}

function section(title, entries) {
  return h(
    'section',
    { class: 'sidebar-section' },
    h('h2', null, title),
    h(
      'ul',
      null,
      entries.map((one) => h('li', null, one)),
    ),
  );
}

function entry(key, name, figure, note = '') {
  const count = unread(key);
  const here = state.place?.key === key;
  return h(
    'button',
    {
      class: count ? 'place unread' : 'place',
      type: 'button',
      'aria-current': here ? 'page' : null,
      'aria-label': count ? `${name}, ${count} unread` : null,
      dataset: { place: key },
      onclick: () => openPlace(key),
    },
    h('span', { class: 'place-figure', 'aria-hidden': 'true' }, figure),
    h('span', { class: 'place-name', dir: 'auto' }, name),
    note ? h('span', { class: 'place-note' }, note) : null,
    count ? h('span', { class: 'place-count' }, count > 99 ? '99+' : count) : null,
  );
}
