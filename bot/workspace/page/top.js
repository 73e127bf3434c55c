// The bar on top: finding a place, light and dark, help, and who one is.

import { h, replace } from './dom.js';
import { showKeys } from './help.js';
import { icon } from './icons.js';
import { avatar } from './people.js';
import { openMenu } from './popover.js';
import { become, directory, state } from './store.js';
import { openSwitcher } from './switcher.js';
import { inert } from './text.js';
import { setTheme, theme } from './theme.js';
import { clock } from './time.js';

/** Draw the bar into its element. */
export function drawTop(root) {
  const focused = root.contains(document.activeElement) ? document.activeElement.id : null;
  const tool = (name, label, onclick) =>
    h(
      'button',
      { class: 'icon-button top-tool', type: 'button', 'aria-label': label, title: label, onclick },
      icon(name),
    );
  const themeButton = tool({ system: 'system', light: 'sun', dark: 'moon' }[theme()], `Theme: ${theme()}`, () =>
    openThemes(themeButton, root),
  );
  const menu = h(
    'button',
    {
      class: 'icon-button top-tool top-menu',
      type: 'button',
      'aria-label': 'Show or hide the sidebar',
      onclick: () => document.body.classList.toggle('sidebar-open'),
    },
    icon('menu'),
  );
  const find = h(
    'button',
    { class: 'top-find', type: 'button', onclick: () => openSwitcher() },
    icon('search', 16),
    h('span', null, `Jump to… in ${inert(state.workspace.team.name)}`),
    h('kbd', null, navigator.platform.startsWith('Mac') ? '⌘K' : 'Ctrl K'),
  );
  const who = h(
    'button',
    {
      class: 'top-who',
      id: 'who',
      type: 'button',
      'aria-haspopup': 'menu',
      'aria-expanded': 'false',
      title: 'Be somebody else',
      onclick: () => openPeople(who),
    },
    avatar(state.me, 26),
    h(
      'span',
      { class: 'top-who-text' },
      h('span', { class: 'top-who-are' }, 'You are '),
      h('strong', null, inert(state.me.name)),
    ),
    h('span', { 'aria-hidden': 'true' }, '▾'),
  );
  replace(
    root,
    menu,
    h('span', { class: 'top-space' }),
    find,
    h('span', { class: 'top-space' }),
    h('span', { class: 'top-tools' }, themeButton, tool('keyboard', 'Keyboard shortcuts', showKeys), who),
  );
  if (focused) document.getElementById(focused)?.focus();
}

function openPeople(anchor) {
  const now = Date.now() / 1000;
  const role = (one) => (one.is_stranger ? 'another company' : one.is_admin ? 'admin' : one.is_guest ? 'guest' : '');
  openMenu(
    anchor,
    'Be somebody else',
    directory.people().map((one) => ({
      label: inert(one.name),
      hint: [`${clock(now, one)} in ${String(one.tz).split('/').at(-1).replaceAll('_', ' ')}`, role(one)]
        .filter(Boolean)
        .join(' · '),
      icon: avatar(one, 28),
      checked: one.id === state.me.id,
      run: () => void become(one),
    })),
    { align: 'end' },
  );
}

function openThemes(anchor, root) {
  const choice = (name, label, figure) => ({
    label,
    icon: icon(figure, 16),
    checked: theme() === name,
    run: () => (setTheme(name), drawTop(root)),
  });
  openMenu(
    anchor,
    'Theme',
    [choice('light', 'Light', 'sun'), choice('dark', 'Dark', 'moon'), choice('system', 'Like the system', 'system')],
    { align: 'end' },
  );
}
