// What may complete the word before the cursor: commands, people, channels, emoji.

import { findEmoji } from './emoji.js';
import { h } from './dom.js';
import { icon } from './icons.js';
import { avatar } from './people.js';
import { appKey, directory, myChannels, state } from './store.js';
import { inert } from './text.js';

const MOST = 8;

/** Every slash command of every app, as {command, description, usage, app}. */
export function allCommands() {
  const described = (app) => new Map((app.slash_commands ?? []).map((one) => [one.command, one]));
  return state.workspace.apps.flatMap((app) =>
    (app.commands ?? []).map((command) => {
      const more = described(app).get(command);
      return { command, description: more?.description ?? '', usage: more?.usage_hint ?? '', app };
    }),
  );
}

/** Texts to try with an app: its commands, with each alternative its usage hint names (`triage | help`). */
export function waysToAsk(app) {
  const commands = allCommands().filter((one) => one.app === app);
  return commands.flatMap(({ command, usage }) => {
    const words = usage.split('|').map((part) => part.trim());
    return words.every((part) => /^[\w -]+$/.test(part)) ? words.map((part) => `${command} ${part}`) : [command];
  });
}

/** `{offers, range}` for the text up to the cursor, or null. An offer is {label, hint, insert, form?, figure}. */
export function completionsFor(text, cursor, key) {
  const head = text.slice(0, cursor);
  const slash = /^(\/[\w-]*)$/.exec(head);
  if (slash) return { offers: commands(slash[1]), range: [0, cursor] };
  if (text.startsWith('/')) return null;
  const word = /(^|[\s(])([@#:])([\p{L}\p{N}._+-]*)$/u.exec(head);
  if (!word) return null;
  const [, , sign, query] = word;
  const range = [cursor - query.length - 1, cursor];
  const lower = query.toLocaleLowerCase();
  if (sign === '@') return { offers: people(lower, key), range };
  if (sign === '#') return { offers: channels(lower), range };
  return query.length >= 2 ? { offers: symbols(lower), range } : null;
}

function commands(typed) {
  const lower = typed.toLocaleLowerCase();
  return allCommands()
    .filter((one) => one.command.toLocaleLowerCase().startsWith(lower))
    .slice(0, MOST)
    .map((one) => ({
      label: inert(one.command),
      usage: inert(one.usage),
      hint: inert(one.description || one.app.name),
      insert: `${one.command} `,
      figure: () => avatar({ id: one.app.bot_user_id, name: one.app.name, isApp: true }, 24),
    }));
}

function people(query, key) {
  const matches = (who) =>
    `${who.name} ${who.handle ?? ''}`
      .toLocaleLowerCase()
      .split(/[\s._-]+/)
      .some((part) => part.startsWith(query)) || (who.handle ?? '').startsWith(query);
  const apps = state.workspace.apps.map((app) => directory.user(app.bot_user_id));
  const found = [...directory.people(), ...apps].filter(matches).map((who) => ({
    label: inert(who.name),
    hint: who.isApp ? 'App' : `@${who.handle}${who.id === state.me.id ? ' (you)' : ''}`,
    insert: `@${who.name} `,
    form: `<@${who.id}>`,
    figure: () => avatar(who, 24),
  }));
  const groups = state.workspace.groups.filter((one) => one.handle.startsWith(query)).map((one) => ({
    label: `@${one.handle}`,
    hint: inert(one.name),
    insert: `@${one.handle} `,
    form: `<!subteam^${one.id}>`,
    figure: () => h('span', { class: 'option-icon' }, '@'),
  }));
  const everyone = key.startsWith('@')
    ? []
    : [
        ['here', 'Notify everyone online'],
        ['channel', 'Notify everyone in this channel'],
      ];
  const ranges = everyone
    .filter(([name]) => name.startsWith(query))
    .map(([name, hint]) => ({
      label: name,
      hint,
      insert: `@${name} `,
      form: `<!${name}>`,
      figure: () => h('span', { class: 'option-icon' }, icon('bolt', 16)),
    }));
  return [...found, ...groups, ...ranges].slice(0, MOST);
}

function channels(query) {
  return myChannels()
    .filter((one) => one.name.includes(query))
    .slice(0, MOST)
    .map((one) => ({
      label: inert(one.name),
      hint: '',
      insert: `#${one.name} `,
      form: `<#${one.id}|${one.name}>`,
      figure: () => h('span', { class: 'option-icon' }, icon(one.is_private ? 'lock' : 'hash', 16)),
    }));
}

const symbols = (query) =>
  findEmoji(query, MOST).map(([name, symbol]) => ({
    label: `:${name}:`,
    hint: '',
    insert: `${symbol} `,
    figure: () => h('span', { class: 'option-icon' }, symbol),
  }));

/** What the composer calls a place. */
export function placeholderFor(key) {
  const channel = directory.channel(key);
  if (channel) return `Message #${inert(channel.name)}`;
  const app = state.workspace.apps.find((one) => appKey(one) === key);
  const person = state.workspace.people.find((one) => `@${one.handle}` === key);
  return `Message ${inert(app?.name ?? person?.name ?? key)}`;
}
