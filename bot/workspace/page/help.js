// What the keyboard can do.

import { showDialog } from './dialog.js';
import { h } from './dom.js';

const MOD = navigator.platform.startsWith('Mac') ? '⌘' : 'Ctrl';
const KEYS = [
  [`${MOD} K`, 'Jump to a channel, a person or an app; run a command'],
  ['Alt ↑ / Alt ↓', 'Previous or next place in the sidebar'],
  ['F6', 'Next part of the page: sidebar, messages, composer, thread'],
  ['↑ / ↓', 'From message to message; in an empty composer ↑ goes to the messages'],
  ['Enter or T', 'Open the thread of the message in focus'],
  ['R', 'React to the message in focus'],
  ['M', 'More actions for the message in focus'],
  ['/', 'Write a command'],
  ['Enter', 'Send'],
  ['Shift Enter', 'New line'],
  ['Esc', 'Close the menu, the modal or the thread'],
  [`${MOD} /`, 'This help'],
];

/** Show the list of keys. */
export function showKeys() {
  return showDialog('Keyboard', () =>
    h(
      'dl',
      { class: 'keys' },
      KEYS.map(([key, what]) => h('div', null, h('dt', null, h('kbd', null, key)), h('dd', null, what))),
    ),
  );
}
