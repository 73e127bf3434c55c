// Mentions, links, dates and emoji: the inline pieces that mrkdwn, markdown and rich_text share, as DOM nodes.

import { h } from './dom.js';
import { fromShortcode } from './emoji.js';
import { inert, safeUrl, unescape } from './text.js';
import { fromTemplate, moment } from './time.js';

/** A link, or plain text when the address is not one that may be followed. */
export function link(address, label) {
  const url = safeUrl(address);
  const shown = label ?? inert(unescape(address).replace(/^mailto:/, ''));
  if (!url) return h('span', null, shown);
  return h('a', { href: url, target: '_blank', rel: 'noopener noreferrer nofollow', title: inert(url) }, shown);
}

/** @Name; highlighted when it is the person looking. `lookup` is the store's directory. */
export function userMention(id, lookup) {
  const user = lookup.user(id);
  const name = user ? user.name : id;
  const mine = id === lookup.me.id;
  return h(
    'span',
    { class: mine ? 'mention mention-me' : 'mention', dataset: { user: id } },
    h('bdi', null, `@${inert(name)}`),
  );
}

/** #channel, with its name only if that person may see it. */
export function channelMention(id, fallback, lookup) {
  const channel = lookup.channel(id);
  const name = channel ? channel.name : fallback || 'private-channel';
  if (!channel) return h('span', { class: 'mention' }, `#${inert(name)}`);
  return h(
    'button',
    { class: 'mention mention-link', type: 'button', onclick: () => lookup.open(channel.id) },
    `#${inert(name)}`,
  );
}

/** @here, @channel, @everyone. */
export function broadcast(range) {
  return h('span', { class: 'mention mention-me', dataset: { broadcast: range } }, `@${range}`);
}

/** @group by its handle, highlighted for its members; one that is not there keeps its label. */
export function groupMention(id, label, lookup) {
  const group = lookup.group(id);
  const mine = group?.members.includes(lookup.me.id);
  return h(
    'span',
    { class: mine ? 'mention mention-me' : 'mention', title: group ? inert(group.name) : null, dataset: { group: id } },
    inert(group ? `@${group.handle}` : label || '@group'),
  );
}

/** A moment in the reader's own zone, with the exact time as a tooltip. */
export function dateNode(seconds, template, address, fallback, lookup) {
  const text = fromTemplate(seconds, template, lookup.me);
  if (text === null) return h('span', null, inert(unescape(fallback ?? '')));
  const stamp = new Date(Number(seconds) * 1000);
  const node = h('time', { datetime: stamp.toISOString(), title: moment(seconds, lookup.me) }, inert(text));
  return address ? link(address, node) : node;
}

/** An emoji by shortcode; unknown names stay as they were written. */
export function emoji(name) {
  const symbol = fromShortcode(name);
  if (!symbol) return document.createTextNode(`:${inert(name)}:`);
  return h(
    'span',
    { class: 'emoji', role: 'img', 'aria-label': name.replaceAll('_', ' '), title: `:${name}:` },
    symbol,
  );
}

/** What stands between < and > in mrkdwn, as a node; null when it is not one of Slack's forms. */
export function entity(inside, lookup) {
  const bar = inside.indexOf('|');
  const target = bar < 0 ? inside : inside.slice(0, bar);
  const label = bar < 0 ? '' : inside.slice(bar + 1);
  if (/^@[A-Z0-9]{2,}$/.test(target)) return userMention(target.slice(1), lookup);
  if (/^#[A-Z0-9]{2,}$/.test(target)) return channelMention(target.slice(1), unescape(label), lookup);
  if (/^!(here|channel|everyone)$/.test(target)) return broadcast(target.slice(1));
  if (target.startsWith('!subteam^')) return groupMention(target.slice(9), unescape(label), lookup);
  if (target.startsWith('!date^')) {
    const [, seconds, template, address] = target.split('^');
    return dateNode(seconds, unescape(template ?? ''), address, label, lookup);
  }
  if (/^(https?:\/\/|mailto:)/i.test(target)) return link(target, label ? inert(unescape(label)) : undefined);
  return null;
}
