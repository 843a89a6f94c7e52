/** The text of a copy of a response; `null` where it is too long, and then the response itself is still to be cancelled. */
export async function readBoundedText(copy: Response, bytesMax: number): Promise<string | null> {
  const reader = copy.body?.getReader();
  if (reader === undefined) return '';
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    size += value.byteLength;
    if (size > bytesMax) {
      // Not awaited: it ends only when the response that was copied is cancelled as well.
      reader.cancel().catch(() => undefined);
      return null;
    }
    text += decoder.decode(value, { stream: true });
  }
}
