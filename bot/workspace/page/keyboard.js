// Keys that work anywhere on the page; each part keeps its own keys beside its own code.

import { showKeys } from './help.js';
import { places, openPlace, openThread, state } from './store.js';
import { openSwitcher } from './switcher.js';
import { closeThread } from './thread.js';

const REGIONS = [
  '.sidebar [aria-current="page"]',
  '#main .msg[tabindex="0"]',
  '#main .composer-field',
  '#thread:not([hidden]) .composer-field',
  '#who',
];

/** Start listening. */
export function listenToKeys() {
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    if (anywhere(event) || onMessage(event)) event.preventDefault();
  });
  document.addEventListener('focusin', (event) => {
    const message = event.target.closest?.('.msg');
    if (!message) return;
    for (const other of message.parentElement.querySelectorAll('.msg[tabindex="0"]')) other.tabIndex = -1;
    message.tabIndex = 0;
  });
}

function anywhere(event) {
  const mod = event.ctrlKey || event.metaKey;
  const inDialog = document.querySelector('dialog[open]');
  const typing = event.target.closest?.('input, textarea, select, [contenteditable]');
  if (mod && event.key.toLowerCase() === 'k') openSwitcher();
  else if (mod && event.key === '/') void showKeys();
  else if (inDialog) return false;
  else if (event.altKey && (event.key === 'ArrowDown' || event.key === 'ArrowUp'))
    step(event.key === 'ArrowDown' ? 1 : -1);
  else if (event.key === 'F6') cycle(event.shiftKey ? -1 : 1);
  else if (event.key === 'Escape') return escape();
  else if (event.key === '/' && !typing && !mod) document.querySelector('#main .composer-field')?.focus();
  else return false;
  // The slash itself is still to be typed into the composer.
  return !(event.key === '/' && !mod);
}

function escape() {
  if (document.body.classList.contains('sidebar-open')) document.body.classList.remove('sidebar-open');
  else if (state.thread) closeThread();
  else return false;
  return true;
}

function step(direction) {
  const all = places();
  const at = all.indexOf(state.place.key);
  openPlace(all[(at + direction + all.length) % all.length]);
}

function cycle(direction) {
  const stops = REGIONS.map((selector) => document.querySelector(selector)).filter(Boolean);
  const at = stops.findIndex(
    (stop) => stop === document.activeElement || stop.parentElement.contains(document.activeElement),
  );
  stops[(at + direction + stops.length) % stops.length]?.focus();
}

// Arrows and letters on a message that has the focus itself (not on a button inside it).
function onMessage(event) {
  const message = event.target;
  if (!message.classList?.contains('msg') || event.ctrlKey || event.metaKey || event.altKey) return false;
  const all = [...message.closest('.scroll').querySelectorAll('.msg')];
  const at = all.indexOf(message);
  const press = (label) => message.querySelector(`.toolbar [aria-label="${label}"]`)?.click();
  switch (event.key) {
    case 'ArrowUp':
      all[at - 1]?.focus();
      return true;
    case 'ArrowDown':
      if (at + 1 < all.length) all[at + 1].focus();
      else message.closest('#main, #thread').querySelector('.composer-field')?.focus();
      return true;
    case 'Home':
      all[0].focus();
      return true;
    case 'End':
      all.at(-1).focus();
      return true;
    case 'Enter':
    case 't':
    case 'T':
      if (message.closest('#main') && !message.classList.contains('ephemeral')) openThread(message.dataset.ts);
      return true;
    case 'r':
    case 'R':
      press('Add reaction');
      return true;
    case 'm':
    case 'M':
      press('More actions');
      return true;
    default:
      return false;
  }
}
