// Requests to the service: JSON both ways, the session's token with each, and an error's own sentence when it fails.

const token = document.querySelector('meta[name="csrf-token"]')?.content ?? "";

export const SESSION_ENDED = 401;

export class RequestFailed extends Error {
  constructor(message, status) {
    super(message);
    this.status = status; // 0: the service can't be reached
  }
}

/** `leaving`: the page is being closed, and nobody waits for the answer. */
export async function request(method, path, body = null, leaving = false) {
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers: { "X-CSRF-Token": token, ...(body ? { "Content-Type": "application/json" } : {}) },
      body: body ? JSON.stringify(body) : null,
      keepalive: leaving,
    });
  } catch {
    throw new RequestFailed("the service can't be reached", 0);
  }
  if (answer.ok) return answer.status === 204 ? null : answer.json();
  if (answer.status === SESSION_ENDED) throw new RequestFailed("your session has ended", SESSION_ENDED);
  const problem = await answer.json().catch(() => ({}));
  throw new RequestFailed(problem.detail ?? `the service answered ${answer.status}`, answer.status);
}
