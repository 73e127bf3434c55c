// table: rows as they are; the first row is the header.

import { h } from '../dom.js';
import { inert } from '../text.js';
import { richText } from './rich_text.js';

/** What stands in a table cell. */
export function cellNode(cell, ctx) {
  if (!cell) return '';
  if (cell.type === 'rich_text') return richText(cell, ctx);
  return inert(cellText(cell));
}

/** A cell as text, for sorting, filtering and screen readers. */
export function cellText(cell) {
  if (!cell) return '';
  if (cell.type === 'raw_number') return String(cell.text ?? cell.value ?? '');
  if (cell.type === 'rich_text') return (cell.elements ?? []).map(flatText).join(' ');
  return String(cell.text ?? '');
}

const flatText = (element) =>
  element.text ?? element.url ?? element.name ?? (element.elements ?? []).map(flatText).join('');

export function table(block, ctx) {
  const [head = [], ...rows] = block.rows ?? [];
  const settings = block.column_settings ?? [];
  const shape = (index, cell) => {
    const align = settings[index]?.align ?? (cell?.type === 'raw_number' ? 'right' : 'left');
    const kept = ['left', 'center', 'right'].includes(align) ? align : 'left';
    return `align-${kept}${settings[index]?.is_wrapped ? ' wrapped' : ''}`;
  };
  const line = (row, tag) =>
    h(
      'tr',
      null,
      row.map((cell, index) =>
        h(tag, { class: shape(index, cell), scope: tag === 'th' ? 'col' : null, dir: 'auto' }, cellNode(cell, ctx)),
      ),
    );
  return h(
    'div',
    { class: 'table-scroll', tabindex: '0', role: 'region', 'aria-label': 'Table' },
    h(
      'table',
      { class: 'table' },
      h('thead', null, line(head, 'th')),
      h(
        'tbody',
        null,
        rows.map((row) => line(row, 'td')),
      ),
    ),
  );
}
