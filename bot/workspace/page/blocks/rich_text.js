// rich_text: Slack's own editor format.

import { append, h } from '../dom.js';
import { broadcast, channelMention, dateNode, emoji, groupMention, link, userMention } from '../entities.js';
import { fromUnicode } from '../emoji.js';
import { inert } from '../text.js';

const STYLES = { bold: 'strong', italic: 'em', strike: 's', underline: 'u', code: 'code' };
const DEEPEST = 8;

/** Nodes for a rich_text block's elements. */
export function richText(block, ctx) {
  const nodes = [];
  for (const part of block.elements ?? []) place(nodes, part, ctx.lookup);
  return h('div', { class: 'rich' }, nodes);
}

// Slack writes a nested list as a following list with a deeper indent; here it goes inside the item before it.
function place(nodes, part, lookup) {
  if (part.type !== 'rich_text_list') {
    nodes.push(section(part, lookup));
    return;
  }
  const list = listNode(part, lookup);
  let into = nodes.at(-1);
  let depth = Math.min(part.indent ?? 0, DEEPEST);
  while (depth > 0 && into?.matches?.('.rich-list')) {
    const inner = into.lastElementChild?.querySelector(':scope > .rich-list:last-child');
    if (!inner || depth === 1) {
      (into.lastElementChild ?? into).append(list);
      return;
    }
    into = inner;
    depth -= 1;
  }
  list.style.setProperty('--indent', String(depth));
  nodes.push(list);
}

function listNode(part, lookup) {
  const ordered = part.style === 'ordered';
  const list = h(ordered ? 'ol' : 'ul', {
    class: part.border ? 'rich-list bordered' : 'rich-list',
    start: ordered && part.offset ? part.offset + 1 : null,
  });
  for (const item of part.elements ?? []) list.append(append(h('li', { dir: 'auto' }), inline(item.elements, lookup)));
  return list;
}

function section(part, lookup) {
  if (part.type === 'rich_text_preformatted')
    return h(
      'pre',
      { class: part.border ? 'pre bordered' : 'pre', tabindex: '0' },
      h('code', null, inline(part.elements, lookup, true)),
    );
  const tag = part.type === 'rich_text_quote' ? 'blockquote' : 'div';
  return append(h(tag, { class: tag === 'div' ? 'rich-section' : null, dir: 'auto' }), inline(part.elements, lookup));
}

function inline(elements, lookup, verbatim = false) {
  return (elements ?? []).map((element) => styled(piece(element, lookup, verbatim), element.style));
}

function styled(node, style) {
  let result = node;
  for (const [name, tag] of Object.entries(STYLES))
    if (style?.[name]) result = h(tag, name === 'code' ? { class: 'code' } : null, result);
  return result;
}

function piece(element, lookup, verbatim) {
  switch (element.type) {
    case 'text':
      return document.createTextNode(inert(element.text));
    case 'link':
      return verbatim
        ? document.createTextNode(inert(element.text ?? element.url))
        : link(element.url, element.text ? inert(element.text) : undefined);
    case 'emoji': {
      const symbol = fromUnicode(element.unicode);
      return symbol
        ? h('span', { class: 'emoji', role: 'img', 'aria-label': String(element.name).replaceAll('_', ' ') }, symbol)
        : emoji(String(element.name));
    }
    case 'user':
      return userMention(element.user_id, lookup);
    case 'channel':
      return channelMention(element.channel_id, '', lookup);
    case 'usergroup':
      return groupMention(element.usergroup_id, '', lookup);
    case 'broadcast':
      return ['here', 'channel', 'everyone'].includes(element.range)
        ? broadcast(element.range)
        : document.createTextNode('');
    case 'date':
      return dateNode(element.timestamp, element.format ?? '{date}', element.url, element.fallback, lookup);
    case 'color':
      return h(
        'span',
        { class: 'code' },
        /^#[0-9a-f]{3,8}$/i.test(element.value)
          ? h('span', { class: 'swatch', style: { background: element.value } })
          : null,
        inert(element.value),
      );
    default:
      return document.createTextNode(inert(element.text ?? ''));
  }
}
