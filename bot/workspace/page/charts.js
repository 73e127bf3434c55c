// data_visualization as SVG: pie, bar, line and area. Every datum is one element of class `datum` with its own title,
// and the same figures stand in a table that only screen readers see.

import { h, svg, uniqueId } from './dom.js';
import { inert } from './text.js';

const WIDTH = 560;
const HEIGHT = 280;
const MARKERS = ['circle', 'square', 'diamond', 'triangle', 'circle', 'square'];
const DASHES = [null, '7 4', '2 3', '10 4 2 4', '1 4', '12 3'];

/** Draw a data_visualization block. `locale` is the reader's, for figures. */
export function chart(block, ctx) {
  const spec = block.chart ?? {};
  const titleId = uniqueId('chart');
  const number = new Intl.NumberFormat(ctx.lookup.me.locale, { maximumFractionDigits: 2 });
  const data = spec.type === 'pie' ? pieData(spec) : seriesData(spec);
  const drawing = spec.type === 'pie' ? pie(data, number) : plot(spec.type, data, number);
  drawing.setAttribute('role', 'img');
  drawing.setAttribute('aria-labelledby', titleId);
  drawing.setAttribute('data-chart', ['pie', 'bar', 'line', 'area'].includes(spec.type) ? spec.type : 'bar');
  return h(
    'figure',
    { class: 'chart' },
    h('figcaption', { id: titleId, dir: 'auto' }, inert(block.title ?? '')),
    drawing,
    legend(data, spec.type, number),
    hiddenTable(data, number),
  );
}

function pieData(spec) {
  const segments = (spec.segments ?? []).map((one) => ({
    label: inert(one.label),
    value: Math.max(0, finite(one.value)),
  }));
  return {
    categories: segments.map((one) => one.label),
    series: [{ name: '', values: segments.map((one) => one.value) }],
    pie: true,
  };
}

function seriesData(spec) {
  const axis = spec.axis_config ?? {};
  const categories = (axis.categories ?? []).map(String);
  const series = (spec.series ?? []).map((one) => {
    const byLabel = new Map((one.data ?? []).map((point) => [String(point.label), finite(point.value)]));
    return { name: inert(one.name), values: categories.map((label) => byLabel.get(label) ?? null) };
  });
  return {
    categories: categories.map(inert),
    series,
    xLabel: inert(axis.x_label ?? ''),
    yLabel: inert(axis.y_label ?? ''),
  };
}

const finite = (value) => (Number.isFinite(Number(value)) ? Number(value) : 0);
const round = (value) => Math.round(value * 100) / 100;

function datum(tag, props, title) {
  return svg(tag, { ...props, class: `datum ${props.class}` }, svg('title', null, title));
}

function pie(data, number) {
  const values = data.series[0].values;
  const total = values.reduce((sum, value) => sum + value, 0);
  const root = svg('svg', { viewBox: '0 0 220 220', class: 'chart-pie' });
  let angle = -Math.PI / 2;
  values.forEach((value, index) => {
    const share = total ? value / total : 0;
    const title = `${data.categories[index]}: ${number.format(value)} (${Math.round(share * 100)} %)`;
    root.append(datum('path', { d: slice(angle, share), class: `series-${index % 6}` }, title));
    if (share >= 0.06) {
      const middle = angle + share * Math.PI;
      root.append(
        svg(
          'text',
          { x: round(110 + Math.cos(middle) * 72), y: round(110 + Math.sin(middle) * 72), class: 'pie-share' },
          `${Math.round(share * 100)}%`,
        ),
      );
    }
    angle += share * 2 * Math.PI;
  });
  root.append(
    svg('text', { x: 110, y: 106, class: 'pie-total' }, number.format(total)),
    svg('text', { x: 110, y: 124, class: 'pie-total-label' }, 'total'),
  );
  return root;
}

// A ring segment; a full circle needs two arcs.
function slice(start, share) {
  const [cx, cy, outer, inner] = [110, 110, 100, 46];
  const end = start + Math.min(share, 0.99999) * 2 * Math.PI;
  const large = share > 0.5 ? 1 : 0;
  const at = (radius, angle) => `${round(cx + Math.cos(angle) * radius)} ${round(cy + Math.sin(angle) * radius)}`;
  const outside = `M${at(outer, start)}A${outer} ${outer} 0 ${large} 1 ${at(outer, end)}`;
  return `${outside}L${at(inner, end)}A${inner} ${inner} 0 ${large} 0 ${at(inner, start)}Z`;
}

function plot(kind, data, number) {
  const values = data.series.flatMap((one) => one.values).filter((value) => value !== null);
  const ticks = niceTicks(Math.min(0, ...values), Math.max(0, ...values));
  const labels = ticks.map((tick) => number.format(tick));
  const slanted = data.categories.some(
    (label) => label.length * 7 > (WIDTH - 80) / Math.max(1, data.categories.length),
  );
  const left = Math.max(...labels.map((label) => label.length)) * 7 + (data.yLabel ? 34 : 16);
  const box = { left, right: WIDTH - 12, top: 14, bottom: HEIGHT - (slanted ? 64 : 30) - (data.xLabel ? 18 : 0) };
  const low = ticks[0];
  const high = ticks.at(-1);
  const scale = {
    y: (value) => round(box.bottom - ((value - low) / (high - low || 1)) * (box.bottom - box.top)),
    step: (box.right - box.left) / Math.max(1, data.categories.length),
    x: (index) => round(box.left + (index + 0.5) * ((box.right - box.left) / Math.max(1, data.categories.length))),
  };
  const root = svg(
    'svg',
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: 'chart-plot' },
    axes(data, box, scale, ticks, labels, slanted),
  );
  if (kind === 'line' || kind === 'area')
    data.series.forEach((one, index) => root.append(...lineMarks(kind, one, index, data, scale, number)));
  else data.series.forEach((one, index) => root.append(...barMarks(one, index, data, scale, number)));
  return root;
}

function axes(data, box, scale, ticks, labels, slanted) {
  const grid = ticks.map((tick, index) => [
    svg('line', {
      x1: box.left,
      x2: box.right,
      y1: scale.y(tick),
      y2: scale.y(tick),
      class: tick === 0 ? 'axis' : 'grid',
    }),
    svg('text', { x: box.left - 8, y: scale.y(tick) + 4, class: 'tick tick-y' }, labels[index]),
  ]);
  const names = data.categories.map((label, index) => {
    const [x, y] = [scale.x(index), box.bottom + 18];
    return svg(
      'text',
      {
        x,
        y,
        class: slanted ? 'tick tick-slanted' : 'tick tick-x',
        transform: slanted ? `rotate(-32 ${x} ${y})` : null,
      },
      label,
    );
  });
  const middle = (box.top + box.bottom) / 2;
  const titles = [
    data.xLabel && svg('text', { x: (box.left + box.right) / 2, y: HEIGHT - 6, class: 'axis-title' }, data.xLabel),
    data.yLabel &&
      svg('text', { x: 14, y: middle, class: 'axis-title', transform: `rotate(-90 14 ${middle})` }, data.yLabel),
  ];
  return [grid, names, titles];
}

const titleOf = (data, series, index, number) =>
  `${series.name ? `${series.name}, ` : ''}${data.categories[index]}: ${number.format(series.values[index])}`;

function barMarks(series, place, data, scale, number) {
  const group = scale.step * 0.72;
  const width = Math.min(46, group / data.series.length);
  const start = (width * data.series.length) / 2;
  return series.values.flatMap((value, index) => {
    if (value === null) return [];
    const [zero, top] = [scale.y(0), scale.y(value)];
    const shape = {
      x: round(scale.x(index) - start + width * place + 1),
      y: Math.min(zero, top),
      width: round(Math.max(2, width - 2)),
      height: Math.max(1, round(Math.abs(zero - top))),
      rx: 2,
    };
    return [datum('rect', { ...shape, class: `series-${place % 6}` }, titleOf(data, series, index, number))];
  });
}

function lineMarks(kind, series, place, data, scale, number) {
  const points = series.values.flatMap((value, index) =>
    value === null ? [] : [[scale.x(index), scale.y(value), index]],
  );
  if (!points.length) return [];
  const path = points.map(([x, y], index) => `${index ? 'L' : 'M'}${x} ${y}`).join('');
  const marks = points.map(([x, y, index]) =>
    datum(
      'path',
      { d: marker(MARKERS[place % 6], x, y), class: `series-${place % 6} marker` },
      titleOf(data, series, index, number),
    ),
  );
  const stroke = svg('path', {
    d: path,
    class: `line line-${place % 6}`,
    'stroke-dasharray': kind === 'line' ? DASHES[place % 6] : null,
  });
  const ground =
    kind === 'area'
      ? [
          svg('path', {
            d: `${path}L${points.at(-1)[0]} ${scale.y(0)}L${points[0][0]} ${scale.y(0)}Z`,
            class: `area series-${place % 6}`,
          }),
        ]
      : [];
  return [...ground, stroke, ...marks];
}

function marker(shape, x, y) {
  const size = 4.5;
  if (shape === 'square') return `M${x - size} ${y - size}h${2 * size}v${2 * size}h${-2 * size}Z`;
  if (shape === 'diamond') return `M${x} ${y - 6}L${x + 6} ${y}L${x} ${y + 6}L${x - 6} ${y}Z`;
  if (shape === 'triangle') return `M${x} ${y - 6}L${x + 6} ${y + 5}L${x - 6} ${y + 5}Z`;
  return `M${x - size} ${y}a${size} ${size} 0 1 0 ${2 * size} 0a${size} ${size} 0 1 0 ${-2 * size} 0Z`;
}

/** Round steps from at or below `low` to at or above `high`, both included. */
export function niceTicks(low, high) {
  if (low === high) return [low, low + 1];
  const rough = (high - low) / 5;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((one) => one * magnitude).find((one) => one >= rough);
  const ticks = [];
  for (let tick = Math.floor(low / step); tick * step < high + step * 0.999; tick += 1)
    ticks.push(Number((tick * step).toPrecision(12)));
  return ticks;
}

function legend(data, kind, number) {
  const swatch = (index) =>
    svg(
      'svg',
      { class: 'legend-swatch', viewBox: '0 0 14 14', width: 14, height: 14, 'aria-hidden': 'true' },
      svg('path', {
        d: kind === 'line' || kind === 'area' ? marker(MARKERS[index % 6], 7, 7) : 'M1 1h12v12H1Z',
        class: `series-${index % 6}`,
      }),
    );
  const entries = data.pie
    ? data.categories.map((label, index) =>
        h(
          'li',
          null,
          swatch(index),
          h('span', { dir: 'auto' }, label),
          h('strong', null, number.format(data.series[0].values[index])),
        ),
      )
    : data.series.map((series, index) => h('li', null, swatch(index), h('span', { dir: 'auto' }, series.name)));
  return h('ul', { class: data.pie ? 'legend legend-pie' : 'legend' }, entries);
}

function hiddenTable(data, number) {
  const figure = (value) => (value === null ? '' : number.format(value));
  return h(
    'table',
    { class: 'sr-only' },
    h(
      'thead',
      null,
      h(
        'tr',
        null,
        h('th', null, ''),
        data.series.map((series) => h('th', { scope: 'col' }, series.name || 'Value')),
      ),
    ),
    h(
      'tbody',
      null,
      data.categories.map((label, index) =>
        h(
          'tr',
          null,
          h('th', { scope: 'row' }, label),
          data.series.map((series) => h('td', null, figure(series.values[index]))),
        ),
      ),
    ),
  );
}
