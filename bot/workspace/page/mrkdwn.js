// Slack's mrkdwn as DOM nodes. Outside text ends in text nodes; markup in it is only ever what this grammar knows.

import { append, h } from './dom.js';
import { emoji, entity } from './entities.js';
import { fromShortcode } from './emoji.js';
import { inert, unescape } from './text.js';

const MARKS = { '*': 'strong', _: 'em', '~': 's' };
const DEEPEST = 5;

/** Nodes for a mrkdwn text: paragraphs, quotes, listed lines and preformatted parts. */
export function mrkdwn(text, lookup) {
  const nodes = [];
  const parts = String(text ?? '').split('```');
  if (parts.length % 2 === 0) parts.push(parts.splice(-2).join('```')); // the last fence is never closed: plain text
  parts.forEach((part, index) => {
    if (index % 2 === 1) nodes.push(preformatted(part));
    else nodes.push(...lines(part, lookup));
  });
  return nodes;
}

/** Nodes for one line of mrkdwn, without any block structure. */
export function mrkdwnInline(text, lookup) {
  return format(units(String(text ?? ''), lookup), 0);
}

function preformatted(text) {
  const body = unescape(
    text
      .replace(/^\n/, '')
      .replace(/\n$/, '')
      .replace(/<(https?:[^|>]*)(\|[^>]*)?>/g, '$1'),
  );
  return h('pre', { class: 'pre', tabindex: '0' }, h('code', null, inert(body)));
}

function lines(text, lookup) {
  const nodes = [];
  let quote = null;
  const rows = text.replace(/^\n|\n$/g, '').split('\n');
  if (rows.length === 1 && rows[0] === '') return nodes;
  for (const row of rows) {
    const quoted = /^(?:&gt;|>) ?/.exec(row);
    if (quoted && !row.startsWith('&gt;&gt;&gt;')) {
      if (!quote) nodes.push((quote = h('blockquote', null)));
      quote.append(line(row.slice(quoted[0].length), lookup));
    } else {
      quote = null;
      nodes.push(line(row, lookup));
    }
  }
  return nodes;
}

function line(row, lookup) {
  const listed = /^(\s*)([•◦▪‣-]|\d{1,3}\.)(\s+)(?=\S)/.exec(row);
  if (!listed) return append(h('div', { class: row ? 'ln' : 'ln ln-empty', dir: 'auto' }), mrkdwnInline(row, lookup));
  const item = h('div', {
    class: 'ln ln-item',
    dir: 'auto',
    style: { '--depth': String(Math.min(listed[1].length / 2, 6)) },
  });
  item.append(h('span', { class: 'ln-mark' }, `${listed[2]} `));
  return append(item, h('span', null, mrkdwnInline(row.slice(listed[0].length), lookup)));
}

// A line becomes units: single characters, and finished nodes (code, links, mentions, emoji) that marks may enclose.
function units(text, lookup) {
  const result = [];
  const pattern = /`([^`\n]+)`|<([^<>\n]+)>|:([a-z0-9_+'-]+(?:::skin-tone-[2-6])?):/g;
  let last = 0;
  const plain = (until) => result.push(...inert(unescape(text.slice(last, until))));
  for (const match of text.matchAll(pattern)) {
    const node = piece(match, lookup);
    if (!node) continue;
    plain(match.index);
    result.push(node);
    last = match.index + match[0].length;
  }
  plain(text.length);
  return result;
}

function piece([, code, inside, shortcode], lookup) {
  if (code !== undefined) return h('code', { class: 'code' }, inert(unescape(code)));
  if (inside !== undefined) return entity(inside, lookup);
  return fromShortcode(shortcode) ? emoji(shortcode) : null;
}

const isNode = (unit) => typeof unit === 'object';
const isSpace = (unit) => unit === undefined || (!isNode(unit) && /\s/.test(unit));
const isEdge = (unit) => unit === undefined || isNode(unit) || !/[\p{L}\p{N}]/u.test(unit);

function format(list, depth) {
  const nodes = [];
  const hopeless = new Set();
  let run = '';
  const flush = () => {
    if (run) nodes.push(document.createTextNode(run));
    run = '';
  };
  for (let index = 0; index < list.length; index += 1) {
    const unit = list[index];
    const end = depth < DEEPEST && MARKS[unit] && !hopeless.has(unit) ? closing(list, index) : -1;
    if (end > 0) {
      flush();
      nodes.push(append(h(MARKS[unit]), format(list.slice(index + 1, end), depth + 1)));
      index = end;
    } else if (isNode(unit)) {
      flush();
      nodes.push(unit);
    } else {
      if (end === -2) hopeless.add(unit);
      run += unit;
    }
  }
  flush();
  return nodes;
}

// Where the mark opened at `start` closes; -1 if it does not open here, -2 if nothing further on closes it.
function closing(list, start) {
  if (!isEdge(list[start - 1]) || isSpace(list[start + 1]) || list[start + 1] === list[start]) return -1;
  for (let index = start + 2; index < list.length; index += 1) {
    if (list[index] === list[start] && !isSpace(list[index - 1]) && isEdge(list[index + 1])) return index;
  }
  return -2;
}
