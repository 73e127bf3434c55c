// A small app on Slack's own framework for JavaScript, as it would be written for Slack itself.
// Nothing in it knows of the local workspace: the address comes from the environment.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { App } = require('@slack/bolt');

const app = new App({
  token: process.env.SLACK_BOT_TOKEN,
  appToken: process.env.SLACK_APP_TOKEN,
  socketMode: true,
  clientOptions: { slackApiUrl: process.env.SLACK_API_URL },
});

const plain = (text) => ({ type: 'plain_text', text });
const mrkdwn = (text) => ({ type: 'mrkdwn', text });
const section = (text, more = {}) => ({ type: 'section', text: mrkdwn(text), ...more });
const button = (action_id, text, value) => ({ type: 'button', action_id, text: plain(text), value });

// What the package's README shows, run as it stands there: it answers every message with its letters reversed.
const readme = fs.readFileSync(path.join(path.dirname(require.resolve('@slack/bolt/package.json')), 'README.md'), 'utf8');
const example = readme.split('```js\n').map((part) => part.split('```')[0]).find((code) => code.startsWith('// Reverse'));
new Function('app', example)(app);

app.command('/ping', async ({ ack, command }) => ack(`pong ${command.text}`));

app.command('/silent', async () => {});

app.command('/order', async ({ ack, command, client, respond }) => {
  await ack();
  const posted = await client.chat.postMessage({
    channel: command.channel_id,
    text: `Order ${command.text}?`,
    blocks: [
      section(`*${command.text}* for <@${command.user_id}>?`, { block_id: 'question' }),
      { type: 'actions', block_id: 'answer', elements: [button('confirm', 'Confirm', command.text), button('edit', 'Edit…', '1')] },
    ],
    metadata: { event_type: 'order_asked', event_payload: { item: command.text } },
  });
  await client.reactions.add({ channel: posted.channel, timestamp: posted.ts, name: 'eyes' });
  await respond({ text: 'Only you see this.', response_type: 'ephemeral' });
});

app.action('confirm', async ({ ack, body, action, client, say }) => {
  await ack();
  await client.chat.update({
    channel: body.channel.id,
    ts: body.message.ts,
    text: `Ordered ${action.value}.`,
    blocks: [section(`Ordered *${action.value}* by <@${body.user.id}>.`)],
  });
  await say({ text: 'On its way.', thread_ts: body.message.ts });
});

const orderView = (metadata, items) => ({
  type: 'modal',
  callback_id: 'order_view',
  private_metadata: metadata,
  title: plain('Your order'),
  submit: plain('Save'),
  close: plain('Cancel'),
  notify_on_close: true,
  blocks: [
    { type: 'input', block_id: 'item', label: plain('Item'), element: { type: 'plain_text_input', action_id: 'name' } },
    {
      type: 'input',
      block_id: 'size',
      optional: true,
      label: plain('Size'),
      element: { type: 'external_select', action_id: 'size', min_query_length: 0 },
    },
    ...items.map((item) => section(item)),
    { type: 'actions', block_id: 'more', elements: [button('add_row', 'Another', 'x'), button('details', 'Details', 'y')] },
  ],
});

app.action('edit', async ({ ack, body, client }) => {
  await ack();
  const metadata = JSON.stringify({ channel: body.channel.id, ts: body.message.ts });
  await client.views.open({ trigger_id: body.trigger_id, view: orderView(metadata, []) });
});

app.action('add_row', async ({ ack, body, client }) => {
  await ack();
  const rows = body.view.blocks.filter((block) => block.type === 'section').length;
  await client.views.update({
    view_id: body.view.id,
    hash: body.view.hash,
    view: orderView(body.view.private_metadata, Array.from({ length: rows + 1 }, (_, n) => `row ${n + 1}`)),
  });
});

app.action('details', async ({ ack, body, client }) => {
  await ack();
  await client.views.push({
    trigger_id: body.trigger_id,
    view: { type: 'modal', title: plain('Details'), blocks: [section('All there is to know.')] },
  });
});

app.options('size', async ({ ack, options }) => {
  const sizes = ['Small', 'Medium', 'Large'].filter((size) => size.toLowerCase().startsWith(options.value.toLowerCase()));
  await ack({ options: sizes.map((size) => ({ text: plain(size), value: size })) });
});

app.view('order_view', async ({ ack, view, body, client }) => {
  const name = view.state.values.item.name.value;
  if (name.length < 3) {
    await ack({ response_action: 'errors', errors: { item: 'At least three letters.' } });
    return;
  }
  await ack();
  const { channel, ts } = JSON.parse(view.private_metadata);
  const size = view.state.values.size.size.selected_option?.value ?? 'any size';
  await client.chat.update({ channel, ts, text: `Changed to ${name}, ${size}, by <@${body.user.id}>.`, blocks: [] });
});

app.view({ callback_id: 'order_view', type: 'view_closed' }, async ({ ack, body, client }) => {
  await ack();
  await client.chat.postMessage({ channel: body.user.id, text: 'Nothing changed.' });
});

app.event('app_home_opened', async ({ event, client }) => {
  if (event.tab !== 'home') return;
  await client.views.publish({
    user_id: event.user,
    view: {
      type: 'home',
      callback_id: 'home_view',
      blocks: [
        { type: 'header', text: plain('Orders') },
        section(`Welcome home, <@${event.user}>.`),
        { type: 'actions', elements: [button('refresh', 'Refresh', 'now')] },
      ],
    },
  });
});

app.action('refresh', async ({ ack, body, client }) => {
  await ack();
  await client.views.publish({ user_id: body.user.id, view: { type: 'home', blocks: [section('Refreshed.')] } });
});

app.event('app_mention', async ({ event, body, context, say }) => {
  const retry = context.retryNum ? `, retry ${context.retryNum} after ${context.retryReason}` : '';
  await say({ text: `Heard ${body.event_id}${retry}`, thread_ts: event.thread_ts ?? event.ts });
});

app.event('reaction_added', async ({ event, client }) => {
  await client.chat.postMessage({ channel: event.item.channel, thread_ts: event.item.ts, text: `Thanks for :${event.reaction}:` });
});

app.shortcut('remember', async ({ ack, shortcut, client }) => {
  await ack();
  await client.chat.postMessage({ channel: shortcut.user.id, text: `Remembered: ${shortcut.message.text}` });
});

app.command('/refused', async ({ ack, command, client, respond }) => {
  await ack();
  const problems = [];
  const attempts = [
    () => client.chat.postMessage({ channel: 'C0NOWHERE', text: 'x' }),
    () => client.chat.postMessage({ channel: command.channel_id, text: 'x', blocks: [{ type: 'section' }] }),
    () => client.views.open({ trigger_id: 'made.up', view: orderView('', []) }),
    () => client.chat.update({ channel: command.channel_id, ts: '1.000001', text: 'x' }),
    () => client.apiCall('no.such.method'),
  ];
  for (const attempt of attempts) {
    problems.push(await attempt().then(() => 'done', (error) => error.data?.error ?? String(error)));
  }
  await respond(problems.join(' '));
});

app.command('/stream', async ({ ack, command, client }) => {
  await ack();
  const { channel, ts } = await client.chat.postMessage({ channel: command.channel_id, text: 'Thinking…' });
  const stream = client.chatStream({
    channel,
    thread_ts: ts,
    recipient_user_id: command.user_id,
    recipient_team_id: command.team_id,
    buffer_size: 1,
  });
  for (const word of ['one ', 'two ', 'three']) await stream.append({ markdown_text: word });
  await stream.stop();
});

app.message('explain', async ({ setStatus, sayStream }) => {
  await setStatus({ status: 'is looking it up', loading_messages: ['Asking around', 'Reading it twice'] });
  const stream = sayStream();
  await stream.append({ markdown_text: 'It is **so**.' });
  const judge = (text, value) => ({ text: plain(text), value });
  const feedback = { type: 'feedback_buttons', action_id: 'feedback', positive_button: judge('Good', 'up'), negative_button: judge('Bad', 'down') };
  await stream.stop({ blocks: [{ type: 'context_actions', elements: [feedback] }] });
});

app.action('feedback', async ({ ack, action, body, client }) => {
  await ack();
  const { channel, message, user } = body;
  await client.chat.postEphemeral({ channel: channel.id, user: user.id, thread_ts: message.thread_ts, text: `Noted: ${action.value}` });
});

app.shortcut('poll', async ({ ack, shortcut, client }) => {
  await ack();
  const element = { type: 'conversations_select', action_id: 'where', response_url_enabled: true };
  const blocks = [{ type: 'input', block_id: 'place', label: plain('Where?'), element }];
  const view = { type: 'modal', callback_id: 'poll_view', title: plain('A poll'), submit: plain('Ask'), blocks };
  await client.views.open({ trigger_id: shortcut.trigger_id, view });
});

app.view('poll_view', async ({ ack, respond }) => {
  await ack({ response_action: 'clear' });
  await respond({ text: 'Tea or coffee?', response_type: 'in_channel' });
});

app.command('/file', async ({ ack, command, client }) => {
  await ack();
  await client.filesUploadV2({ channel_id: command.channel_id, filename: 'orders.txt', content: 'one\ntwo\n', initial_comment: 'The orders' });
});

app.start().then(() => process.stdout.write('running\n'));
