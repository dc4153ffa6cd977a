// Requests to the server. A failed one is an Error whose message can be shown.

const listeners = [];

// Call a function when the server stops answering (false) or answers again (true).
export function onServerChange(listener) {
  listeners.push(listener);
}

async function request(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    listeners.forEach((listener) => listener(false));
    throw new Error("The server does not answer.");
  }
  listeners.forEach((listener) => listener(true));
  if (!response.ok) {
    const content = await response.json().catch(() => ({}));
    const message = content.message ?? `The server answered ${response.status}.`;
    throw Object.assign(new Error(message), { status: response.status });
  }
  return response;
}

// Where the browser loads a picture or a sound from.
export const address = (path) => path;

export async function getJson(path, options) {
  return (await request(path, options)).json();
}

// Ask the server to change something.
export async function postJson(address, content) {
  const headers = { "content-type": "application/json" };
  return getJson(address, { method: "POST", headers, body: JSON.stringify(content) });
}

// An array of numbers; null while the server still computes it.
export async function getNumbers(path, ArrayType, options) {
  const response = await request(path, options);
  return response.status === 204 ? null : new ArrayType(await response.arrayBuffer());
}

// The message of a picture or a sound that could not be loaded.
export async function reasonOf(path) {
  try {
    await request(path);
  } catch (error) {
    return error.message;
  }
  return "The browser cannot show it.";
}
