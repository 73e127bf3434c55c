// The quick switcher: one field that jumps anywhere.

import { shortcut } from './actions.js';
import { allCommands } from './completion.js';
import { showDialog } from './dialog.js';
import { h, replace, uniqueId } from './dom.js';
import { icon } from './icons.js';
import { avatar } from './people.js';
import { appKey, become, directory, myChannels, openPlace, state, unread } from './store.js';
import { inert } from './text.js';

/** Open it; a second call while it is open does nothing. */
export function openSwitcher() {
  if (document.querySelector('.switcher')) return;
  void showDialog('Jump to', build, 'switcher');
}

function build(finish) {
  const listId = uniqueId('jump');
  const list = h('div', { class: 'listbox switcher-list', role: 'listbox', id: listId, 'aria-label': 'Places' });
  let active = 0;
  let shown = [];
  const run = (target) => {
    finish();
    target.run();
  };
  const mark = () => {
    [...list.children].forEach((row, index) => {
      row.classList.toggle('active', index === active);
      row.setAttribute('aria-selected', String(index === active));
    });
    field.setAttribute('aria-activedescendant', `${listId}-${active}`);
    list.children[active]?.scrollIntoView({ block: 'nearest' });
  };
  const draw = () => {
    const query = field.value.trim().toLocaleLowerCase().replace(/^[#@]/, '');
    shown = targets().filter((one) => one.words.toLocaleLowerCase().includes(query));
    active = 0;
    replace(
      list,
      shown.map((one, index) =>
        h(
          'div',
          { class: 'option', role: 'option', id: `${listId}-${index}`, onclick: () => run(one) },
          h('span', { class: 'option-icon' }, one.figure()),
          h('span', { class: 'menu-text' }, h('span', null, one.label), h('span', { class: 'menu-hint' }, one.hint)),
        ),
      ),
    );
    if (!shown.length) list.append(h('div', { class: 'listbox-none' }, 'Nothing of that name'));
    else mark();
  };
  const field = h('input', {
    class: 'listbox-search switcher-field',
    type: 'text',
    placeholder: 'Channel, person, app, command…',
    autocomplete: 'off',
    role: 'combobox',
    'aria-controls': listId,
    'aria-expanded': 'true',
    'aria-label': 'Jump to',
    'data-autofocus': true,
    oninput: () => draw(),
  });
  field.addEventListener('keydown', (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      active = (active + step + shown.length) % Math.max(1, shown.length);
      mark();
    } else if (event.key === 'Enter' && shown[active]) run(shown[active]);
    else return;
    event.preventDefault();
  });
  draw();
  return h('div', null, field, list);
}

function targets() {
  const others = state.workspace.people.filter((one) => one.id !== state.me.id);
  const apps = state.workspace.apps;
  const bot = (app) => directory.user(app.bot_user_id);
  const place = (key, label, hint, figure, tab) => ({
    label,
    hint: unread(key) ? `${hint} · ${unread(key)} unread` : hint,
    words: `${label} ${hint}`,
    figure,
    run: () => openPlace(key, tab),
  });
  return [
    ...apps.map((app) => place(appKey(app), inert(app.name), 'App, messages', () => avatar(bot(app), 20))),
    ...myChannels().map((one) =>
      place(one.id, inert(one.name), one.is_private ? 'Private channel' : 'Channel', () =>
        icon(one.is_private ? 'lock' : 'hash', 16),
      ),
    ),
    ...others.map((one) => place(`@${one.handle}`, inert(one.name), 'Direct messages', () => avatar(one, 20))),
    ...apps.flatMap((app) => [
      place(appKey(app), `${inert(app.name)}: Home`, 'App Home', () => icon('home', 16), 'home'),
      place(appKey(app), `${inert(app.name)}: About`, 'About this app', () => icon('info', 16), 'about'),
    ]),
    ...apps.flatMap((app) =>
      (app.shortcuts ?? [])
        .filter((one) => one.type === 'global')
        .map((one) => ({
          label: inert(one.name),
          hint: `${inert(app.name)} shortcut`,
          words: one.name,
          figure: () => icon('bolt', 16),
          run: () => shortcut(one.callback_id, one.name),
        })),
    ),
    ...allCommands().map((one) => ({
      label: inert(one.command),
      hint: inert(one.description || 'Command'),
      words: one.command,
      figure: () => icon('bolt', 16),
      run: () => compose(`${one.command} `),
    })),
    ...others.map((one) => ({
      label: `Be ${inert(one.name)}`,
      hint: 'Look through their eyes',
      words: `be ${one.name}`,
      figure: () => avatar(one, 20),
      run: () => void become(one),
    })),
  ];
}

/** Put a text into the open place's composer and the cursor behind it. */
export function compose(text) {
  const field = document.querySelector('#main .composer-field');
  if (!field) return;
  field.value = text;
  field.focus();
  field.setSelectionRange(text.length, text.length);
  field.dispatchEvent(new Event('input'));
}
