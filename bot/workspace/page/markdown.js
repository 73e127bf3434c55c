// Standard Markdown, as `markdown` blocks and streamed answers carry it, as DOM nodes. Raw HTML stays text.

import { append, h } from './dom.js';
import { emoji, entity, link } from './entities.js';
import { fromShortcode } from './emoji.js';
import { inert, safeUrl, unescape } from './text.js';

const DEEPEST = 6;
const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])(\s+)(.*)$/;
const FENCE = /^\s{0,3}(```+|~~~+)\s*([\w+#.-]*)/;
const RULE = /^\s{0,3}([-*_])(\s*\1){2,}\s*$/;

/** Nodes for a Markdown text. */
export function markdown(text, lookup) {
  return blocks(String(text ?? '').split('\n'), lookup, 0);
}

function blocks(rows, lookup, depth) {
  const nodes = [];
  let at = 0;
  while (at < rows.length) {
    const [node, next] = block(rows, at, lookup, depth);
    if (node) nodes.push(node);
    at = next;
  }
  return nodes;
}

function block(rows, at, lookup, depth) {
  const row = rows[at];
  if (!row.trim()) return [null, at + 1];
  if (FENCE.test(row)) return fence(rows, at);
  const heading = /^\s{0,3}(#{1,6})\s+(.*?)\s*#*\s*$/.exec(row);
  if (heading)
    return [
      h(
        'div',
        { class: `md-h md-h${heading[1].length}`, role: 'heading', 'aria-level': heading[1].length + 2 },
        inline(heading[2], lookup),
      ),
      at + 1,
    ];
  if (RULE.test(row)) return [h('hr', { class: 'divider' }), at + 1];
  if (depth < DEEPEST && /^\s{0,3}(>|&gt;)/.test(row)) return quote(rows, at, lookup, depth);
  if (depth < DEEPEST && ITEM.test(row)) return list(rows, at, lookup, depth);
  if (row.includes('|') && /^[\s|:-]*-[\s|:-]*$/.test(rows[at + 1] ?? '') && rows[at + 1].includes('|'))
    return table(rows, at, lookup);
  return paragraph(rows, at, lookup);
}

function fence(rows, at) {
  const mark = FENCE.exec(rows[at])[1];
  let end = at + 1;
  while (end < rows.length && !rows[end].trim().startsWith(mark)) end += 1;
  const body = inert(unescape(rows.slice(at + 1, end).join('\n')));
  return [h('pre', { class: 'pre', tabindex: '0' }, h('code', null, body)), end + 1];
}

function quote(rows, at, lookup, depth) {
  let end = at;
  while (end < rows.length && /^\s{0,3}(>|&gt;)/.test(rows[end])) end += 1;
  const inner = rows.slice(at, end).map((row) => row.replace(/^\s{0,3}(>|&gt;) ?/, ''));
  return [h('blockquote', null, blocks(inner, lookup, depth + 1)), end];
}

function list(rows, at, lookup, depth) {
  const first = ITEM.exec(rows[at]);
  const base = first[1].length;
  const ordered = /\d/.test(first[2]);
  const node = h(ordered ? 'ol' : 'ul', { class: 'md-list', start: ordered ? Number.parseInt(first[2], 10) : null });
  let next = at;
  while (next < rows.length) {
    const match = ITEM.exec(rows[next]);
    if (!match || match[1].length < base || match[1].length > base + 1 || /\d/.test(match[2]) !== ordered) break;
    const width = match[1].length + match[2].length + 1;
    const inner = [match[4]];
    next += 1;
    while (next < rows.length && belongs(rows, next, base)) {
      inner.push(rows[next].slice(Math.min(width, rows[next].length - rows[next].trimStart().length)));
      next += 1;
    }
    node.append(item(inner, lookup, depth));
  }
  return [node, next];
}

function belongs(rows, index, base) {
  const row = rows[index];
  const indent = row.length - row.trimStart().length;
  if (!row.trim())
    return index + 1 < rows.length && /^\s{2,}\S/.test(rows[index + 1]) && rows[index + 1].search(/\S/) > base + 1;
  return indent > base + 1;
}

function item(inner, lookup, depth) {
  const task = /^\[([ xX])\]\s+(.*)$/.exec(inner[0]);
  const content = task ? [task[2], ...inner.slice(1)] : inner;
  const nodes = blocks(content, lookup, depth + 1);
  if (nodes[0]?.tagName === 'P') nodes.splice(0, 1, ...nodes[0].childNodes);
  const box =
    task &&
    h(
      'span',
      { class: 'md-task', role: 'img', 'aria-label': task[1] === ' ' ? 'open' : 'done' },
      task[1] === ' ' ? '☐' : '☑',
    );
  return append(h('li', { class: task ? 'md-task-item' : null, dir: 'auto' }), [box, nodes]);
}

function cells(row) {
  return row
    .trim()
    .replace(/^\||\|$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll('\\|', '|'));
}

function table(rows, at, lookup) {
  const align = cells(rows[at + 1]).map((rule) => (/^:-+:$/.test(rule) ? 'center' : /-:$/.test(rule) ? 'right' : null));
  const line = (row, tag) =>
    h(
      'tr',
      null,
      cells(row).map((cell, index) =>
        h(tag, { class: align[index] && `align-${align[index]}`, dir: 'auto' }, inline(cell, lookup)),
      ),
    );
  let end = at + 2;
  while (end < rows.length && rows[end].includes('|')) end += 1;
  const body = rows.slice(at + 2, end).map((row) => line(row, 'td'));
  return [
    h(
      'div',
      { class: 'table-scroll', tabindex: '0' },
      h('table', { class: 'table' }, h('thead', null, line(rows[at], 'th')), h('tbody', null, body)),
    ),
    end,
  ];
}

function paragraph(rows, at, lookup) {
  let end = at + 1;
  while (end < rows.length && rows[end].trim() && !startsBlock(rows[end])) end += 1;
  const node = h('p', { class: 'md-p', dir: 'auto' });
  rows.slice(at, end).forEach((row, index) => {
    if (index) node.append(h('br'));
    append(node, inline(row.trim(), lookup));
  });
  return [node, end];
}

const startsBlock = (row) =>
  FENCE.test(row) || RULE.test(row) || ITEM.test(row) || /^\s{0,3}(#{1,6}\s|>|&gt;)/.test(row);

// Alternatives in order: escape, code, image or link, Slack entity, autolink, emoji, strong, strike, emphasis.
const INLINE = new RegExp(
  [
    String.raw`\\(?<escaped>[\\\x60*_{}[\]()#+.!~|<>-])`,
    String.raw`(?<tick>\x60+)(?<code>.+?)\k<tick>(?!\x60)`,
    String.raw`!?\[(?<label>[^\]\n]{0,500})\]\(<?(?<address>[^()\s<>]{1,2000}(?:\([^()\s]*\))?)>?(?:\s+"[^"]*")?\)`,
    String.raw`<(?<inside>[^<>\n]+)>`,
    String.raw`(?<bare>https?:\/\/[^\s<>()]*[^\s<>().,;:!?'"])`,
    String.raw`:(?<shortcode>[a-z0-9_+'-]+):`,
    String.raw`(?<twice>\*\*|__)(?=\S)(?<strong>.+?\S|\S)\k<twice>`,
    String.raw`~~(?=\S)(?<strike>.+?)~~`,
    String.raw`(?<![\p{L}\p{N}*_])(?<once>[*_])(?=[^\s*_])(?<emphasis>.*?[^\s])\k<once>(?![\p{L}\p{N}])`,
  ].join('|'),
  'gu',
);

function inline(text, lookup, depth = 0) {
  if (depth > DEEPEST || text.length > 20000) return [inert(unescape(text))];
  const nodes = [];
  let last = 0;
  for (const match of text.matchAll(INLINE)) {
    const node = inlinePiece(match, lookup, depth);
    if (node === null) continue;
    if (match.index > last) nodes.push(inert(unescape(text.slice(last, match.index))));
    nodes.push(node);
    last = match.index + match[0].length;
  }
  if (last < text.length) nodes.push(inert(unescape(text.slice(last))));
  return nodes;
}

function inlinePiece(match, lookup, depth) {
  const { escaped, code, label, address, inside, bare, shortcode, strong, strike, emphasis } = match.groups;
  if (escaped) return escaped;
  if (code) return h('code', { class: 'code' }, inert(unescape(code)));
  if (address) return safeUrl(address) ? link(address, inline(label || address, lookup, depth + 1)) : null;
  if (inside) return entity(inside, lookup);
  if (bare) return link(bare);
  if (shortcode) return fromShortcode(shortcode) ? emoji(shortcode) : null;
  if (strong) return h('strong', null, inline(strong, lookup, depth + 1));
  if (strike) return h('s', null, inline(strike, lookup, depth + 1));
  return emphasis ? h('em', null, inline(emphasis, lookup, depth + 1)) : null;
}
