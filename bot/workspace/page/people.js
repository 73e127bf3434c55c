// How people and apps appear: avatars, names, badges.

import { h, hash } from './dom.js';
import { mark } from './icons.js';
import { state } from './store.js';
import { inert } from './text.js';

const HUES = 8;

/** The first letter, or two, of a name; one character for names in scripts without initials. */
function initials(name) {
  const words = inert(name)
    .trim()
    .split(/[\s._-]+/)
    .filter(Boolean);
  if (!words.length) return '?';
  const first = [...words[0]][0];
  const second = words.length > 1 ? [...words.at(-1)][0] : '';
  return `${first}${second}`.toLocaleUpperCase();
}

// People of the workspace get neighbouring colours, so that two never look alike; anybody else one by id.
function hueOf(id) {
  const at = state.workspace.people.findIndex((one) => one.id === id);
  return (at < 0 ? hash(id) : at) % HUES;
}

/** A square with the initials in the person's colour; MeshClaw's own mark for the app. */
export function avatar(who, size = 36) {
  if (who.isApp && /meshclaw/i.test(who.name))
    return h('span', { class: 'avatar', style: { '--size': `${size}px` } }, mark(size));
  return h(
    'span',
    { class: `avatar hue-${hueOf(who.id)}`, style: { '--size': `${size}px` }, 'aria-hidden': 'true' },
    initials(who.name),
  );
}

/** A name that cannot spill its direction into its neighbours. */
export function nameOf(who) {
  return h('bdi', { class: 'name' }, inert(who.name));
}

/** The small APP badge. */
export function appBadge() {
  return h('span', { class: 'badge-app' }, 'APP');
}
