// What stands in the inputs of one view or message, kept while the view is redrawn.

/** Values of one surface: block_id -> action_id -> plain value. */
export class Form {
  constructor() {
    this.values = new Map();
  }

  has(blockId, actionId) {
    return this.values.get(blockId)?.has(actionId) ?? false;
  }

  get(blockId, actionId) {
    return this.values.get(blockId)?.get(actionId);
  }

  set(blockId, actionId, value) {
    if (!this.values.has(blockId)) this.values.set(blockId, new Map());
    this.values.get(blockId).set(actionId, value);
  }

  /** Forget inputs that are no longer in the view. */
  keepOnly(present) {
    for (const [blockId, actions] of this.values) {
      for (const actionId of actions.keys()) if (!present.has(`${blockId}\n${actionId}`)) actions.delete(actionId);
      if (!actions.size) this.values.delete(blockId);
    }
  }

  /** As the server takes them; empty ones are left out. */
  toJSON() {
    const result = {};
    for (const [blockId, actions] of this.values) {
      const kept = [...actions].filter(([, value]) => !isEmpty(value));
      if (kept.length) result[blockId] = Object.fromEntries(kept);
    }
    return result;
  }
}

export const isEmpty = (value) =>
  value === null || value === undefined || value === '' || (Array.isArray(value) && !value.length);

/** Values an element starts with, in the plain shape in which they are sent; undefined when it has none. */
function initialValue(element) {
  const many =
    element.initial_options ?? element.initial_users ?? element.initial_channels ?? element.initial_conversations;
  if (many) return many.map((one) => one.value ?? one);
  if (element.initial_option) return element.initial_option.value;
  const single = [
    'initial_value',
    'initial_date',
    'initial_time',
    'initial_date_time',
    'initial_user',
    'initial_channel',
    'initial_conversation',
  ];
  const key = single.find((name) => element[name] !== undefined && element[name] !== null);
  if (key === undefined) return undefined;
  return typeof element[key] === 'object' ? richTextToPlain(element[key]) : element[key];
}

function richTextToPlain(value) {
  if (typeof value?.text === 'string') return value.text;
  return (value?.elements ?? []).map(richTextToPlain).join('');
}

/**
 * What one element uses to talk to its surface: its current value, and `report(value)` to change it, which tells the
 * app wherever Slack would (always outside input blocks, on request inside them).
 */
export function binding(element, block, ctx) {
  const { block_id: blockId } = block;
  const { action_id: actionId } = element;
  if (ctx.form && !ctx.form.has(blockId, actionId)) {
    const start = initialValue(element);
    if (start !== undefined) ctx.form.set(blockId, actionId, start);
  }
  const value = ctx.form ? ctx.form.get(blockId, actionId) : initialValue(element);
  const keep = (next) => {
    ctx.form?.set(blockId, actionId, next);
    ctx.clearError?.(blockId);
  };
  const tell = (next) => ctx.act({ element, block_id: blockId, action_id: actionId, value: next });
  const acts = block.type !== 'input' || block.dispatch_action === true;
  return {
    value,
    keep,
    tell,
    acts,
    report: (next) => {
      keep(next);
      return acts ? tell(next) : Promise.resolve(true);
    },
  };
}
