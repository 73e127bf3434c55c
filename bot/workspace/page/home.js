// An app's Home and About tabs.

import { h, replace } from './dom.js';
import { allCommands } from './completion.js';
import { appBadge, avatar } from './people.js';
import { directory, openPlace, state } from './store.js';
import { compose } from './switcher.js';
import { inert } from './text.js';
import { ViewSurface } from './view.js';

let surface = null;
let shownFor = '';

/** Draw the App Home view into its element. */
export function drawHome(root, app) {
  const view = state.home;
  if (!view) {
    shownFor = '';
    replace(
      root,
      h(
        'div',
        { class: 'empty' },
        avatar(directory.user(app.bot_user_id), 64),
        h('p', null, view === undefined ? 'Opening…' : `${inert(app.name)} hasn’t put anything here yet.`),
      ),
    );
    return;
  }
  const identity = `${state.me.id} ${view.id}`;
  if (shownFor !== identity || !root.querySelector('.home-body')) {
    surface = new ViewSurface('home');
    shownFor = identity;
    replace(root, h('div', { class: 'home-body' }));
  }
  surface.draw(root.firstElementChild, view);
}

/** Draw what is known of an app. */
export function drawAbout(root, app) {
  const commands = allCommands().filter((one) => one.app === app);
  const write = (command) => {
    openPlace(state.place.key, 'messages');
    compose(`${command} `);
  };
  replace(
    root,
    h(
      'div',
      { class: 'about' },
      h(
        'div',
        { class: 'about-head' },
        avatar(directory.user(app.bot_user_id), 72),
        h(
          'div',
          null,
          h('h2', null, inert(app.name), ' ', appBadge()),
          h('p', { class: 'dim' }, app.connected === false ? 'Not connected' : 'Connected'),
        ),
      ),
      app.description ? h('p', null, inert(app.description)) : null,
      commands.length ? h('h3', null, 'Commands') : null,
      h(
        'dl',
        { class: 'keys' },
        commands.map((one) =>
          h(
            'div',
            null,
            h(
              'dt',
              null,
              h('button', { class: 'command', type: 'button', onclick: () => write(one.command) }, inert(one.command)),
            ),
            h('dd', null, inert([one.usage, one.description].filter(Boolean).join(' · ')) || 'Try it in Messages'),
          ),
        ),
      ),
      h('h3', null, 'Identity'),
      h(
        'dl',
        { class: 'keys' },
        [
          ['App', app.id],
          ['Bot user', app.bot_user_id],
        ].map(([name, value]) =>
          h('div', null, h('dt', null, name), h('dd', null, h('code', { class: 'code' }, inert(value)))),
        ),
      ),
    ),
  );
}
