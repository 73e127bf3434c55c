// The page's only way out: the JSON calls under /human/ and their event stream.

/** A call that was refused; `code` is what the server said. */
export class CallError extends Error {
  constructor(code, status) {
    super(code);
    this.code = code;
    this.status = status;
  }
}

async function call(path, init) {
  let response;
  try {
    response = await fetch(path, { ...init, credentials: 'same-origin', cache: 'no-store' });
  } catch {
    throw new CallError('connection_lost', 0);
  }
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new CallError(String(body.error ?? response.statusText ?? response.status), response.status);
  return body;
}

/** GET /human/<name> with the given query; empty values are left out. */
export function get(name, query = {}) {
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== undefined && value !== null));
  return call(`/human/${name}?${search}`, { method: 'GET' });
}

/** POST /human/<name> with a JSON body. */
export function post(name, body) {
  return call(`/human/${name}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
}

/**
 * Follow the event stream. `onEvent` gets each change; `onState` gets 'open' (also after a reconnect: reload then,
 * since changes may have been missed) and 'lost'. EventSource reconnects by itself.
 */
export function follow(onEvent, onState) {
  const stream = new EventSource('/human/log');
  stream.onopen = () => onState('open');
  stream.onerror = () => onState('lost');
  stream.onmessage = (message) => {
    try {
      onEvent(JSON.parse(message.data));
    } catch {
      onEvent({});
    }
  };
  return () => stream.close();
}
