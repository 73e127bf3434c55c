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
  return new DataTable(block, ctx).root;
}

class DataTable {
  constructor(block, ctx) {
    const [head = [], ...rows] = block.rows ?? [];
    Object.assign(this, { block, ctx, rows, width: head.length });
    this.view = { query: '', column: null, descending: false, page: 0 };
    this.size = Math.max(1, Math.min(100, block.page_size ?? 5));
    this.headers = head.map((cell, index) => {
      const numeric = rows.every((row) => row[index]?.type === 'raw_number');
      return headerCell(cell, numeric, () => this.sort(index));
    });
    this.body = h('tbody', null);
    this.note = h('span', { class: 'dim', 'aria-live': 'polite' });
    this.pager = h('div', { class: 'pager' });
    this.root = this.frame(inert(block.caption ?? 'Table'));
    this.draw();
  }

  frame(caption) {
    const id = uniqueId('caption');
    const filter = h('input', {
      class: 'field data-filter',
      type: 'search',
      placeholder: 'Filter rows',
      'aria-label': `Filter ${caption}`,
      oninput: (event) => this.show({ query: event.target.value, page: 0 }),
    });
    const head = h('thead', null, h('tr', null, this.headers));
    return h(
      'div',
      { class: 'data-table' },
      h('div', { class: 'data-head' }, h('span', { class: 'data-caption', id, dir: 'auto' }, caption), filter),
      h(
        'div',
        { class: 'table-scroll', tabindex: '0', role: 'region', 'aria-labelledby': id },
        h('table', { class: 'table', 'aria-labelledby': id }, head, this.body),
      ),
      this.pager,
    );
  }

  // A third press on the same column goes back to the order the app gave.
  sort(column) {
    if (this.view.column !== column) this.show({ column, descending: false, page: 0 });
    else if (!this.view.descending) this.show({ descending: true, page: 0 });
    else this.show({ column: null, descending: false, page: 0 });
  }

  show(change) {
    Object.assign(this.view, change);
    this.draw();
  }

  draw() {
    const shown = arrange(this.rows, this.view);
    const pages = Math.max(1, Math.ceil(shown.length / this.size));
    const from = this.view.page * this.size;
    const page = shown.slice(from, from + this.size);
    const none = h('tr', null, h('td', { class: 'table-none', colspan: this.width }, 'No rows match'));
    const named = this.block.row_header_column_index ?? 0;
    replace(this.body, page.length ? page.map((row) => bodyRow(row, named, this.ctx)) : none);
    this.headers.forEach((header, index) => {
      const order = this.view.descending ? 'descending' : 'ascending';
      header.setAttribute('aria-sort', this.view.column === index ? order : 'none');
    });
    replace(this.note, shown.length ? `${from + 1}–${from + page.length} of ${shown.length}` : '0 rows');
    this.drawPager(pages);
  }

  drawPager(pages) {
    const { page } = this.view;
    const focused = this.pager.contains(document.activeElement) ? document.activeElement.ariaLabel : null;
    const turn = (label, figure, to) =>
      h(
        'button',
        {
          class: 'icon-button',
          type: 'button',
          'aria-label': label,
          disabled: to < 0 || to >= pages,
          onclick: () => this.show({ page: to }),
        },
        icon(figure, 16),
      );
    const turns = [
      turn('Previous page', 'back', page - 1),
      h('span', { class: 'dim' }, `Page ${page + 1} of ${pages}`),
      turn('Next page', 'forward', page + 1),
    ];
    replace(this.pager, this.note, pages > 1 ? turns : null);
    if (focused) this.pager.querySelector(`[aria-label="${focused}"]:not(:disabled)`)?.focus();
  }
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
