/**
 * `fetch`, once more when the connection broke: the server may have closed a kept one just when it was used again. Only for
 * requests that may be repeated (RFC 9110 §9.2.2), reads and those with an Idempotency-Key.
 */
export async function fetchAgain(url: string, init: RequestInit = {}): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    if ((error as { cause?: { code?: string } }).cause?.code !== 'UND_ERR_SOCKET') throw error;
    return fetch(url, init);
  }
}
