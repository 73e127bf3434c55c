// data_table: a table that sorts by any column, filters as one types, and turns pages.

import { h, replace, uniqueId } from '../dom.js';
import { icon } from '../icons.js';
import { inert } from '../text.js';
import { cellNode, cellText } from './table.js';

// Rows that contain the text in any cell, in the order asked for; a column of numbers is ordered as numbers.
function arrange(rows, { query, column, descending }) {
  const wanted = query.trim().toLocaleLowerCase();
  const kept = wanted
    ? rows.filter((row) => row.some((cell) => cellText(cell).toLocaleLowerCase().includes(wanted)))
    : [...rows];
  if (column === null) return kept;
  const numeric = rows.every((row) => row[column]?.type === 'raw_number');
  const compare = numeric
    ? (one, other) => Number(one[column].value) - Number(other[column].value)
    : (one, other) => cellText(one[column]).localeCompare(cellText(other[column]), undefined, { sensitivity: 'base' });
  return kept.sort((one, other) => (descending ? compare(other, one) : compare(one, other)));
}

export function dataTable(block, ctx) {
  const [head = [], ...rows] = block.rows ?? [];
  const view = { query: '', column: null, descending: false, page: 0 };
  const size = Math.max(1, Math.min(100, block.page_size ?? 5));
  const captionId = uniqueId('caption');
  const body = h('tbody', null);
  const pager = h('div', { class: 'pager' });
  const note = h('span', { class: 'dim', 'aria-live': 'polite' });
  const headers = head.map((cell, index) =>
    headerCell(
      cell,
      rows.every((row) => row[index]?.type === 'raw_number'),
      () => sort(index),
    ),
  );

  const sort = (index) => {
    // A third press on the same column goes back to the order the app gave.
    if (view.column !== index) Object.assign(view, { column: index, descending: false });
    else if (!view.descending) view.descending = true;
    else Object.assign(view, { column: null, descending: false });
    view.page = 0;
    draw();
  };
  const draw = () => {
    const shown = arrange(rows, view);
    const pages = Math.max(1, Math.ceil(shown.length / size));
    view.page = Math.min(view.page, pages - 1);
    const from = view.page * size;
    replace(
      body,
      shown.slice(from, from + size).map((row) => bodyRow(row, block.row_header_column_index ?? 0, ctx)),
    );
    if (!shown.length)
      body.append(h('tr', null, h('td', { class: 'table-none', colspan: String(head.length) }, 'No rows match')));
    headers.forEach((th, index) => {
      const order = view.column === index ? (view.descending ? 'descending' : 'ascending') : 'none';
      th.setAttribute('aria-sort', order);
    });
    replace(note, shown.length ? `${from + 1}–${Math.min(from + size, shown.length)} of ${shown.length}` : '0 rows');
    const turn = (step) => {
      view.page += step;
      draw();
    };
    const previous = h(
      'button',
      {
        class: 'icon-button',
        type: 'button',
        'aria-label': 'Previous page',
        disabled: view.page === 0,
        onclick: () => turn(-1),
      },
      icon('back', 16),
    );
    const next = h(
      'button',
      {
        class: 'icon-button',
        type: 'button',
        'aria-label': 'Next page',
        disabled: view.page >= pages - 1,
        onclick: () => turn(1),
      },
      icon('forward', 16),
    );
    const focused = pager.contains(document.activeElement) ? document.activeElement.getAttribute('aria-label') : null;
    replace(
      pager,
      note,
      pages > 1 ? [previous, h('span', { class: 'dim' }, `Page ${view.page + 1} of ${pages}`), next] : null,
    );
    if (focused) pager.querySelector(`[aria-label="${focused}"]:not(:disabled)`)?.focus();
  };
  const filter = h('input', {
    class: 'field data-filter',
    type: 'search',
    placeholder: 'Filter rows',
    'aria-label': `Filter ${inert(block.caption ?? 'table')}`,
    oninput: (event) => {
      Object.assign(view, { query: event.target.value, page: 0 });
      draw();
    },
  });
  draw();
  return h(
    'div',
    { class: 'data-table' },
    h(
      'div',
      { class: 'data-head' },
      h('span', { class: 'data-caption', id: captionId, dir: 'auto' }, inert(block.caption ?? '')),
      filter,
    ),
    h(
      'div',
      { class: 'table-scroll', tabindex: '0', role: 'region', 'aria-labelledby': captionId },
      h('table', { class: 'table', 'aria-labelledby': captionId }, h('thead', null, h('tr', null, headers)), body),
    ),
    pager,
  );
}

function headerCell(cell, numeric, onclick) {
  const arrow = h('span', { class: 'sort-arrow', 'aria-hidden': 'true' });
  return h(
    'th',
    { scope: 'col', class: numeric ? 'align-right' : 'align-left', 'aria-sort': 'none' },
    h('button', { class: 'sort', type: 'button', onclick }, h('span', { dir: 'auto' }, inert(cellText(cell))), arrow),
  );
}

function bodyRow(row, headerIndex, ctx) {
  return h(
    'tr',
    null,
    row.map((cell, index) => {
      const align = cell?.type === 'raw_number' ? 'align-right' : 'align-left';
      return index === headerIndex
        ? h('th', { scope: 'row', class: align, dir: 'auto' }, cellNode(cell, ctx))
        : h('td', { class: align, dir: 'auto' }, cellNode(cell, ctx));
    }),
  );
}
