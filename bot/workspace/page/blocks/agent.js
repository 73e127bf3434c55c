// task_card and plan: what an agent is doing, step by step.

import { h } from '../dom.js';
import { link } from '../entities.js';
import { icon } from '../icons.js';
import { inert, plain } from '../text.js';
import { richText } from './rich_text.js';

const WORDS = { pending: 'To do', in_progress: 'In progress', complete: 'Done', error: 'Failed' };

export function taskCard(block, ctx) {
  const status = Object.hasOwn(WORDS, block.status) ? block.status : 'pending';
  const text = (part, name) =>
    part && h('div', { class: name }, typeof part === 'string' ? inert(part) : richText(part, ctx));
  const detail = [text(block.details, 'task-details'), text(block.output, 'task-output')].filter(Boolean);
  const sources = (block.sources ?? []).map((source) =>
    h('span', { class: 'task-source' }, icon('link', 14), link(source.url, inert(source.text ?? source.url))),
  );
  const head = [
    statusMark(status),
    h(
      'span',
      { class: 'task-title', dir: 'auto' },
      typeof block.title === 'string' ? inert(block.title) : plain(block.title),
    ),
    h('span', { class: 'task-word' }, WORDS[status]),
  ];
  const body =
    detail.length || sources.length
      ? h('div', { class: 'task-body' }, detail, sources.length ? h('div', { class: 'task-sources' }, sources) : null)
      : null;
  if (!body) return h('div', { class: `task task-${status}` }, h('div', { class: 'task-head' }, head));
  return h('details', { class: `task task-${status}`, open: true }, h('summary', { class: 'task-head' }, head), body);
}

function statusMark(status) {
  const shape = { complete: 'check', error: 'close' }[status];
  return h('span', { class: `task-mark task-mark-${status}`, 'aria-hidden': 'true' }, shape ? icon(shape, 12) : null);
}

export function plan(block, ctx) {
  const tasks = block.tasks ?? [];
  const done = tasks.filter((task) => task.status === 'complete').length;
  const title = typeof block.title === 'string' ? inert(block.title) : plain(block.title);
  const progress = tasks.length ? h('span', { class: 'dim' }, `${done} of ${tasks.length} done`) : null;
  return h(
    'div',
    { class: 'plan', role: 'group', 'aria-label': title },
    h('div', { class: 'plan-head' }, h('span', { class: 'plan-title', dir: 'auto' }, title), progress),
    tasks.length
      ? h('progress', { class: 'plan-progress', max: tasks.length, value: done, 'aria-label': 'Progress' })
      : null,
    h(
      'div',
      { class: 'plan-tasks' },
      tasks.map((task) => taskCard(task, ctx)),
    ),
  );
}
