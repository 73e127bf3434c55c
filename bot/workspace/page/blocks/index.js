// The table of block types, and the one function that draws a list of them.

import { h } from '../dom.js';
import { chart } from '../charts.js';
import { plan, taskCard } from './agent.js';
import {
  actions,
  alert,
  container,
  context,
  contextActions,
  divider,
  header,
  input,
  markdownBlock,
  section,
} from './basic.js';
import { card, carousel } from './cards.js';
import { dataTable } from './data_table.js';
import { callBlock, fileBlock, imageBlock, videoBlock } from './media.js';
import { richText } from './rich_text.js';
import { table } from './table.js';

const BLOCKS = {
  section,
  header,
  divider,
  image: imageBlock,
  context,
  actions,
  input,
  rich_text: richText,
  markdown: markdownBlock,
  table,
  data_table: dataTable,
  data_visualization: chart,
  task_card: taskCard,
  plan,
  context_actions: contextActions,
  card,
  carousel,
  alert,
  container,
  file: fileBlock,
  video: videoBlock,
  call: callBlock,
};

/**
 * Draw blocks for a surface. `ctx` is what blocks need to know and do: `lookup` (the directory), `act({element,
 * block_id, action_id, value})` resolving to whether the app took it, `source` (where the blocks are), and for views
 * `form`, `errors` and `clearError`.
 */
export function drawBlocks(blocks, ctx) {
  const inner = ctx.draw ? ctx : { ...ctx, draw: drawBlocks };
  return (blocks ?? []).map((block) =>
    h(
      'div',
      { class: `block block-${kindOf(block)}`, dataset: { blockId: block?.block_id ?? '' } },
      drawOne(block, inner),
    ),
  );
}

const kindOf = (block) => (Object.hasOwn(BLOCKS, block?.type) ? block.type : 'unknown');

// One block that cannot be drawn must not take the message with it.
function drawOne(block, ctx) {
  if (!Object.hasOwn(BLOCKS, block?.type))
    return h('div', { class: 'note' }, `This page does not know blocks of type “${String(block?.type)}”.`);
  try {
    return BLOCKS[block.type](block, ctx);
  } catch (error) {
    console.error(`block ${block.type}:`, error);
    return h('div', { class: 'note' }, `This ${block.type} block could not be drawn.`);
  }
}
